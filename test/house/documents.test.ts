/** A document that can be false must be able to fail: links, codes, commands, examples, dependencies, versions. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { packageSources, repoRoot, repositoryFiles, textOf } from './repository.ts';

const execute = promisify(execFile);
const documents = repositoryFiles().filter((file) => file.endsWith('.md'));

describe('documents', () => {
  test('every relative link leads to a file, and to a heading in it', () => {
    const dead = documents.flatMap((file) =>
      linksOf(textOf(file))
        .filter((link) => !/^[a-z]+:/.test(link))
        .filter((link) => !leadsSomewhere(file, link))
        .map((link) => `${file}: ${link}`),
    );
    assert.deepEqual(dead, []);
  });

  test('every block of TypeScript stands word for word in a file of examples/', () => {
    const examples = repositoryFiles('examples')
      .filter((file) => file.endsWith('.ts'))
      .map((file) => withoutIndent(textOf(file)));
    const strays = documents.flatMap((file) =>
      blocksOf(textOf(file), 'ts')
        .filter((block) => !examples.some((text) => text.includes(withoutIndent(block).trim())))
        .map((block) => `${file}: ${block.split('\n')[0]}`),
    );
    assert.deepEqual(strays, []);
  });

  test('the changelog has the version of every package at its head', () => {
    const [, newest] = /^## (\d+\.\d+\.\d+)/m.exec(textOf('CHANGELOG.md')) ?? [];
    const manifests = repositoryFiles().filter((file) => path.basename(file) === 'package.json');
    for (const file of manifests) {
      assert.equal((JSON.parse(textOf(file)) as { version: string }).version, newest, file);
    }
  });

  test('every dependency has its one line of reason, and no other has one', () => {
    const declared = new Set<string>();
    for (const file of repositoryFiles().filter((one) => path.basename(one) === 'package.json')) {
      const manifest = JSON.parse(textOf(file)) as Record<string, Record<string, string>>;
      for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies']) {
        for (const [name, version] of Object.entries(manifest[kind] ?? {})) {
          assert.match(version, /^\d+\.\d+\.\d+$/, `${file}: ${name} must have an exact version`);
          if (!name.startsWith('@postern/')) declared.add(name);
        }
      }
    }
    const rows = [...textOf('ARCHITECTURE.md').matchAll(/^\| `([^`]+)` \|/gm)].map(
      ([, name]) => name,
    );
    assert.deepEqual(rows.toSorted(), [...declared].toSorted());
  });

  test('every record of a decision is linked from ARCHITECTURE.md by its title', () => {
    const listed = [...textOf('ARCHITECTURE.md').matchAll(/^- \[(.+)\]\((docs\/adr\/.+)\)$/gm)];
    assert.deepEqual(
      listed.map(([, title, file]) => `${file} ${title}`),
      repositoryFiles('docs/adr')
        .toSorted()
        .map((file) => `${file} ${textOf(file).split('\n')[0]?.replace('# ', '')}`),
    );
  });

  test('docs/errors.md lists the codes of every family, and no other', () => {
    const families = {
      TrustError: 'packages/trust/src/errors.ts',
      TransportError: 'packages/trust/src/errors.ts',
      FormatError: 'packages/trust/src/errors.ts',
      StoreError: 'packages/trust/src/errors.ts',
      ServerError: 'packages/connector/src/errors.ts',
      SoapFormatError: 'packages/soap/src/errors.ts',
    };
    for (const [family, file] of Object.entries(families)) {
      const [, union = ''] = new RegExp(`type ${family}Code =([^;]+);`).exec(textOf(file)) ?? [];
      const codes = [...union.matchAll(/'(ERR_[A-Z_]+)'/g)].map(([, code]) => code);
      assert.ok(codes.length > 0, `no codes found for ${family}`);
      const [, section = ''] =
        new RegExp(`\\n## ${family}\\n([\\s\\S]*?)(?=\\n## |$)`).exec(textOf('docs/errors.md')) ??
        [];
      assert.deepEqual(codesOf(section), codes.toSorted(), family);
    }
  });

  test('docs/errors.md lists every code that stands in a source, and no other', () => {
    const used = new Set(
      packageSources('src').flatMap((file) =>
        [...textOf(file).matchAll(/'(ERR_[A-Z_]+)'/g)].map(([, code = '']) => code),
      ),
    );
    // OpenSSL's own codes, and their beginnings, which are only compared with.
    const ours = [...used].filter((code) => !/^ERR_(OSSL|SSL_)/.test(code));
    assert.deepEqual([...new Set(codesOf(textOf('docs/errors.md')))], ours.toSorted());
  });

  test('docs/errors.md lists the exit codes of the command line', () => {
    const [, table = ''] = /EXIT = \{([^}]+)\}/.exec(textOf('packages/cli/src/failure.ts')) ?? [];
    const codes = [...table.matchAll(/: (\d+),/g)].map(([, code]) => code);
    const [, section = ''] = textOf('docs/errors.md').split('## Exit codes');
    const rows = [...section.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => code);
    assert.deepEqual(rows, codes);
  });

  test('every npm script that a document names exists', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    const unknown = documents.flatMap((file) =>
      [...textOf(file).matchAll(/\bnpm run ([a-z:]+)/g)]
        .filter(([, name = '']) => !(name in scripts))
        .map(([text]) => `${file}: ${text}`),
    );
    assert.deepEqual(unknown, []);
  });

  test('every command that a document shows is in the help, with its options', async () => {
    const commands = documents.flatMap((file) =>
      commandsOf(textOf(file)).map((words) => ({ file, words })),
    );
    assert.ok(commands.length > 0);
    const helps = new Map<string, Promise<string>>();
    const wrong: string[] = [];
    for (const { file, words } of commands) {
      const known: string[] = [];
      for (const word of words.filter((one) => !one.startsWith('-'))) {
        if (!hasSubcommand(await helpOf(helps, known), word)) break;
        known.push(word);
      }
      const help = await helpOf(helps, known);
      const isUnknown = known.length === 0 && words[0] !== undefined && !words[0].startsWith('-');
      const options = words.filter((one) => one.startsWith('--')).map((one) => one.split('=')[0]);
      const missing = options.filter((option = '') => !help.includes(option));
      if (isUnknown || missing.length > 0) wrong.push(`${file}: postern ${words.join(' ')}`);
    }
    assert.deepEqual(wrong, []);
  });
});

/** The codes that begin a row. */
function codesOf(text: string): string[] {
  return [...text.matchAll(/^\| `(ERR_[A-Z_]+)` \|/gm)].map(([, code = '']) => code).toSorted();
}

function linksOf(text: string): string[] {
  const prose = text.replaceAll(/```[\s\S]*?```/g, '').replaceAll(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
}

function leadsSomewhere(file: string, link: string): boolean {
  const [target = '', heading] = link.split('#');
  const reached = target === '' ? file : path.posix.join(path.posix.dirname(file), target);
  if (!existsSync(path.join(repoRoot, reached))) return false;
  return heading === undefined || headingsOf(textOf(reached)).includes(heading);
}

/** Anchors as GitHub makes them: lower case, punctuation dropped, spaces as hyphens. */
function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-'),
  );
}

function blocksOf(text: string, language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm');
  return [...text.matchAll(fence)].map(([, block = '']) => block);
}

function withoutIndent(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .join('\n');
}

/** What is typed after `postern` in code blocks and in `code`, without values in capitals or dots. */
function commandsOf(text: string): string[][] {
  const typed = [
    ...blocksOf(text, 'sh').flatMap((block) => block.split('\n')),
    ...blocksOf(text, 'console')
      .flatMap((block) => block.split('\n'))
      .filter((line) => line.startsWith('$ ')),
    ...[...text.replaceAll(/```[\s\S]*?```/g, '').matchAll(/`([^`\n]+)`/g)].map(
      ([, code = '']) => code,
    ),
  ];
  return typed
    .map((line) => /^(?:\$ )?(?:npx )?postern (.+)$/.exec(line.trim())?.[1])
    .filter((rest) => rest !== undefined)
    .map((rest) => rest.replace(/\s+#.*$/, '').split(/\s+/));
}

function helpOf(helps: Map<string, Promise<string>>, words: readonly string[]): Promise<string> {
  const key = words.join(' ');
  let help = helps.get(key);
  if (help === undefined) {
    const program = path.join(repoRoot, 'packages', 'cli', 'bin', 'postern.js');
    help = execute(process.execPath, [program, ...words, '--help']).then(({ stdout }) => stdout);
    helps.set(key, help);
  }
  return help;
}

function hasSubcommand(help: string, word: string): boolean {
  return new RegExp(`^ {2}${word.replaceAll(/[^\w-]/g, '')}(\\s|\\||$)`, 'm').test(help);
}

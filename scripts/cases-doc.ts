/** Writes docs/cases.md from the cases of `@postern/badcerts`; `--check` fails where the page is stale. */

import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type BadCertCase, cases } from '@postern/badcerts';
import divergences from '../packages/badcerts/src/divergences.json' with { type: 'json' };

const PAGE = new URL('../docs/cases.md', import.meta.url);

const INTRODUCTION = `# The cases

Made by \`node scripts/cases-doc.ts\`; do not edit. One fault, one case: a chain that is correct by
default and wrong in one way. Each is judged by \`diagnose\`, by the gate over a real socket, and by the
\`openssl\` program. Problems are written \`kind@position\`; position 0 is the leaf, \`connection\` the
connection as a whole or a trust anchor that was not sent. The number is the error that
\`openssl verify -purpose sslserver -auth_level 2\` names first.
`;

function row(one: BadCertCase): string {
  const problems = one.expected.map((key) => `\`${key}\``).join(' ') || 'none';
  const remarks = one.remarks.map((kind) => `\`${kind}\``).join(' ');
  const doc = one.onPaper === undefined ? one.doc : `${one.doc} On paper only: ${one.onPaper}.`;
  const cells = [`\`${one.id}\``, doc, problems, remarks, String(one.openssl)];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function family(name: string): string {
  const own = cases.filter(({ id }) => id.startsWith(`${name}::`));
  const head = ['| case | what is wrong | problems | remarks | openssl |', '|---|---|---|---|---|'];
  return [`## ${name}`, '', ...head, ...own.map(row), ''].join('\n');
}

function page(): string {
  const families = [...new Set(cases.map(({ id }) => id.slice(0, id.indexOf('::'))))];
  const differing = divergences.map(
    ({ id, ours, openssl, reason }) => `| \`${id}\` | ${ours} | ${openssl} | ${reason} |`,
  );
  const head = [
    '## Where openssl and we differ',
    '',
    '| case | we | openssl | reason |',
    '|---|---|---|---|',
  ];
  return [INTRODUCTION, ...families.map(family), [...head, ...differing, ''].join('\n')].join('\n');
}

const wanted = page();
if (process.argv.includes('--check')) {
  const found = await readFile(PAGE, 'utf8').catch(() => '');
  if (found !== wanted) {
    process.stderr.write('docs/cases.md is stale; run: node scripts/cases-doc.ts\n');
    process.exitCode = 1;
  }
} else {
  await writeFile(PAGE, wanted);
  process.stdout.write(`${fileURLToPath(PAGE)}: ${cases.length} cases\n`);
}

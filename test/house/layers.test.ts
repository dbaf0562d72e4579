/** Who may import whom, and which file alone may do what is dangerous: as data, because npm does not enforce it. */

import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { codeLines, importsOf, packageSources, repositoryFiles, textOf } from './repository.ts';

/** For each room the rooms that its sources may import. Tests may import any room, badcerts among them. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  trust: [],
  soap: [],
  badcerts: ['trust'],
  connector: ['soap', 'trust'],
  server: ['soap', 'trust'],
  cli: ['connector', 'desk', 'server', 'trust'],
  // Types alone: see below.
  desk: ['connector', 'trust'],
};

/** Decisions that must be possible on paper: nothing here may reach the outside. */
const PURE = [
  'packages/trust/src/causes.ts',
  'packages/trust/src/cures.ts',
  'packages/trust/src/compare.ts',
  'packages/trust/src/decide.ts',
  'packages/trust/src/diagnose.ts',
  'packages/trust/src/problem.ts',
  'packages/trust/src/question.ts',
  ...repositoryFiles('packages/soap/src').filter((file) => file.endsWith('.ts')),
];
const PURE_MAY_IMPORT = new Set(['node:buffer', 'node:crypto', 'node:net']);

/** What only the named files may write. A name in vain fails too, so that the table stays as short as the truth. */
const ONLY_IN: readonly { what: string; pattern: RegExp; files: readonly string[] }[] = [
  {
    what: 'open a TLS client socket',
    pattern: /\btls\.connect\(|\bnew TLSSocket\(|\bhttp2\.connect\(/,
    files: ['packages/trust/src/gate.ts'],
  },
  {
    what: 'open a plain client socket',
    pattern: /\bnet\.(connect|createConnection)\(|\bnew (net\.)?Socket\(/,
    files: ['packages/trust/src/danger.ts'],
  },
  {
    what: 'name rejectUnauthorized',
    pattern: /\brejectUnauthorized\b/,
    files: ['packages/trust/src/gate.ts'],
  },
  {
    what: 'use the global fetch, WebSocket or EventSource',
    pattern:
      /(?:\bawait|\breturn|\bvoid|[=(,[?:]|=>)\s*fetch\(|globalThis\.fetch|\bnew (WebSocket|EventSource|XMLHttpRequest)\(/,
    // The page, to its own daemon.
    files: ['packages/desk/src/client.ts'],
  },
  {
    what: 'import by name what must be seen at the call',
    pattern:
      /^import \{[^}]*\b(connect|createConnection|TLSSocket)\b[^}]*\} from 'node:(tls|net|http2)'/,
    files: [],
  },
  {
    what: "change the process's default roots",
    pattern: /\bsetDefaultCACertificates\(/,
    files: [],
  },
  {
    what: 'read the time',
    pattern: /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/,
    files: [
      'packages/trust/src/clock.ts',
      // What is only shown, or waits for another process, at the outermost edge.
      'packages/cli/src/background.ts',
      'packages/cli/src/daemon.ts',
      'packages/cli/src/server-host.ts',
      'packages/cli/src/terminal/ask.ts',
      'packages/cli/src/terminal/live-view.ts',
      'packages/desk/src/clock.ts',
    ],
  },
  {
    what: 'set a timer',
    pattern: /(?<![.\w])set(Timeout|Interval)\(/,
    files: [
      'packages/trust/src/clock.ts',
      // The same.
      'packages/cli/src/background.ts',
      'packages/cli/src/terminal/live-view.ts',
      'packages/desk/src/clock.ts',
    ],
  },
  {
    what: 'make markup from text',
    pattern: /\bdangerouslySetInnerHTML\b|\b(inner|outer)HTML\b|\binsertAdjacentHTML\b|\bsrcdoc\b/i,
    files: [],
  },
  {
    what: 'read the environment',
    pattern: /\bprocess\.env\b/,
    // The second one hands it on, without what would change trust, to a child process.
    files: ['packages/cli/src/home.ts', 'packages/trust/src/system-roots.ts'],
  },
  { what: 'use weak randomness', pattern: /\bMath\.random\(/, files: [] },
  { what: 'run text as code', pattern: /\beval\(|\bnew Function\(/, files: [] },
];

/** Which files alone may import what can dial or listen, as more than a type. */
const VALUES_OF: Readonly<Record<string, readonly string[]>> = {
  'node:http': [
    'packages/cli/src/control-host.ts',
    'packages/cli/src/control.ts',
    // Listens, on 127.0.0.1, for the desk.
    'packages/connector/src/host/desk/server.ts',
    'packages/connector/src/http.ts',
    'packages/server/src/server.ts',
    'packages/trust/src/danger.ts',
    // Over the socket that danger.ts opens for it: what a question is about, without credentials.
    'packages/trust/src/plain-get.ts',
  ],
  'node:https': ['packages/server/src/server.ts', 'packages/trust/src/adapters/agent.ts'],
  'node:http2': [],
  'node:tls': [
    'packages/trust/src/contexts.ts',
    'packages/trust/src/gate.ts',
    // For the list of Mozilla's roots.
    'packages/trust/src/local-roots.ts',
  ],
  'node:dgram': [],
  'node:child_process': [
    'packages/cli/src/background.ts',
    'packages/cli/src/open-browser.ts',
    'packages/trust/src/system-roots.ts',
  ],
};

describe('layers', () => {
  const sources = packageSources('src');

  test('every room stands in the table of who may import whom', () => {
    const rooms = new Set(sources.map(roomOf));
    assert.deepEqual([...rooms].sort(), Object.keys(MAY_IMPORT).sort());
  });

  test('a room imports only the rooms that the table allows, and by their names', () => {
    const wrong = sources.flatMap((file) => {
      const room = roomOf(file);
      return importsOf(textOf(file)).flatMap(({ specifier }) => {
        const target = roomNamedBy(specifier);
        const leaves =
          specifier.startsWith('.') &&
          !path.posix.join(path.posix.dirname(file), specifier).startsWith(`packages/${room}/src/`);
        const forbidden = target !== null && !MAY_IMPORT[room]?.includes(target);
        return leaves || forbidden ? [`${file} imports ${specifier}`] : [];
      });
    });
    assert.deepEqual(wrong, []);
  });

  test('a room declares the packages that it imports, and imports those that it declares', () => {
    const wrong = Object.keys(MAY_IMPORT).flatMap((room) => {
      const manifest = JSON.parse(textOf(`packages/${room}/package.json`)) as {
        dependencies?: Record<string, string>;
      };
      const declared = Object.keys(manifest.dependencies ?? {});
      const imported = new Set(
        sources
          .filter((file) => roomOf(file) === room)
          .flatMap((file) => importsOf(textOf(file)))
          // The page takes only types of other rooms, and is built without them.
          .filter(({ typeOnly }) => room !== 'desk' || !typeOnly)
          .map(({ specifier }) => packageNameOf(specifier))
          .filter((name) => name !== null),
      );
      return [
        ...[...imported]
          .filter((name) => !declared.includes(name))
          .map((name) => `${room} imports ${name} without declaring it`),
        ...declared
          .filter((name) => !imported.has(name))
          .map((name) => `${room} declares ${name} without importing it`),
      ];
    });
    assert.deepEqual(wrong, []);
  });

  test('the desk takes only types of other rooms, from what the connector tells', () => {
    const wrong = sources
      .filter((file) => file.startsWith('packages/desk/'))
      .flatMap((file) =>
        importsOf(textOf(file))
          .filter(({ specifier }) => specifier.startsWith('@postern/'))
          .filter(({ specifier, typeOnly }) => !typeOnly || specifier !== '@postern/connector/api')
          .map(({ specifier }) => `${file} imports ${specifier}`),
      );
    assert.deepEqual(wrong, []);
  });

  test('the test kit is imported by tests, benches and examples of attacks alone', () => {
    const wrong = repositoryFiles()
      .filter((file) => file.endsWith('.ts') && !/\/test\/|^test\/|^bench\/|^scripts\//.test(file))
      .filter((file) => !file.startsWith('packages/badcerts/'))
      .filter((file) =>
        importsOf(textOf(file)).some(({ specifier }) => specifier.startsWith('@postern/badcerts')),
      );
    assert.deepEqual(wrong, []);
  });

  test('what decides is pure: it imports nothing that reaches files, sockets or the clock', () => {
    const wrong = PURE.flatMap((file) =>
      importsOf(textOf(file))
        .filter(({ specifier, typeOnly }) => specifier.startsWith('node:') && !typeOnly)
        .filter(({ specifier }) => !PURE_MAY_IMPORT.has(specifier))
        .map(({ specifier }) => `${file} imports ${specifier}`),
    );
    assert.deepEqual(wrong, []);
  });

  for (const { what, pattern, files } of ONLY_IN) {
    const where = files.length === 0 ? 'no file' : files.join(' and ');
    test(`${where} may ${what}`, () => {
      const found = sources
        .filter((file) => !file.startsWith('packages/badcerts/'))
        .filter((file) => codeLines(textOf(file)).some((line) => pattern.test(line)));
      assert.deepEqual(found.sort(), [...files].sort());
    });
  }

  for (const [module, files] of Object.entries(VALUES_OF)) {
    test(`${files.length === 0 ? 'no file' : files.join(' and ')} may import ${module}`, () => {
      const found = sources
        .filter((file) => !file.startsWith('packages/badcerts/'))
        .filter((file) =>
          importsOf(textOf(file)).some(
            ({ specifier, typeOnly }) => specifier === module && !typeOnly,
          ),
        );
      assert.deepEqual(found.sort(), [...files].sort());
    });
  }

  test('the rules see through comments but not past code', () => {
    const text = ['/** tls.connect( */', '// tls.connect(', 'const a = 1; // tls.connect('].join(
      '\n',
    );
    assert.equal(codeLines(text).join('').includes('tls.connect('), false);
    assert.equal(
      codeLines('const socket = tls.connect({').join(''),
      'const socket = tls.connect({',
    );
  });
});

function roomOf(file: string): string {
  return file.split('/')[1] ?? '';
}

function roomNamedBy(specifier: string): string | null {
  if (specifier === 'postern' || specifier.startsWith('postern/')) return 'cli';
  const [scope, name] = specifier.split('/');
  return scope === '@postern' ? (name ?? null) : null;
}

/** `@scope/name/path` -> `@scope/name`; null for files and for what Node brings. */
function packageNameOf(specifier: string): string | null {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return null;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

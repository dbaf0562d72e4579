/**
 * Every sentence of the article that states behaviour names the test that shows it, or the issue that
 * owes it, in docs/article-map.md. The article's text is not here: each sentence has a short key.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkClaims, testNames } from './claims.ts';
import { textOf } from './repository.ts';

const MAP = 'docs/article-map.md';

/** The sentences, section by section, in the article's order. */
const SENTENCES: Readonly<Record<string, readonly string[]>> = {
  'Overview of connections': [
    'connection-mail',
    'connection-folders',
    'connection-gal',
    'connection-changes',
    'connection-signatures',
    'connection-senders',
    'connection-preferences',
    'connection-upgrade',
    'server-name',
    'secure-checkbox',
    'unticked-by-default',
    'unticked-means-http',
    'http-in-the-clear',
    'substituted-server',
    'tick-means-https',
  ],
  'What HTTPS is': [
    'certificate-at-the-start',
    'examined-and-decided',
    'origin-and-integrity',
    'untrusted-warns',
    'trusted-encrypts',
    'signed-by-a-root',
    'root-in-the-system-store',
  ],
  'Enabling it': [
    'three-conditions',
    'commercial-certificate',
    'self-signed-certificate',
    'commercial-root-is-there',
    'root-by-hand',
    'root-on-the-server',
    'root-as-der',
    'root-imported',
    'roots-to-many',
    'https-by-default',
    'mode-shown',
    'mode-set',
    'tick-then-connect',
    'problem-shows-dialog',
  ],
  'Older profiles': [
    'old-profile-works',
    'allow-invalid-ignored',
    'such-users-are-asked',
    'always-removed',
    'old-interval-ignored',
  ],
  'The Certificate Trust Dialog': [
    'any-problem',
    'any-connection',
    'never-when-configured',
    'names-the-connection',
    'view-certificate',
    'three-tabs',
    'issuer-not-found',
    'connect-despite',
    'not-recommended',
    'period-list',
    'authorize-connections',
    'same-certificate-is-trusted',
    'reason-expired',
    'reason-name',
    'reason-wrong-root',
    'reason-interception',
  ],
  'The Connection Settings tab': [
    'status-shown',
    'status-secure',
    'status-view-certificate',
    'stop-trusting',
    'stop-trusting-offline',
  ],
  'What changed': [
    'allow-invalid-removed',
    'strict-and-informative',
    'fingerprint-recorded',
    'different-certificate-warns',
    'different-certificate-shown',
  ],
};

interface Row {
  section: string;
  key: string;
  shownBy: string;
}

describe('the article map', () => {
  const rows = readMap(textOf(MAP));

  test('has a row for every sentence, in the order of the article, and no other', () => {
    assert.deepEqual(
      rows.map(({ section, key }) => `${section}: ${key}`),
      Object.entries(SENTENCES).flatMap(([section, keys]) =>
        keys.map((key) => `${section}: ${key}`),
      ),
    );
  });

  for (const { key, shownBy } of rows) {
    test(`${key} is shown by a test that exists, or owed`, () => checkClaims(shownBy, MAP));
  }
});

describe('the threat model', () => {
  const rows = [...textOf('SECURITY.md').matchAll(/^\| (\d+) \| ([^|]+) \| (.+) \|$/gm)];

  test('has every row, each once', () => {
    assert.deepEqual(
      rows.map(([, number]) => Number(number)),
      Array.from({ length: 22 }, (_, index) => index + 1),
    );
  });

  for (const [, number, , shownBy = ''] of rows) {
    test(`row ${number} is shown by a test that exists, or owed`, () =>
      checkClaims(shownBy, 'SECURITY.md'));
  }
});

test('a name in a source is found alone, after its group, and with an ellipsis for what is filled in', () => {
  const filledIn = ['for $', '{kind}'].join('');
  const source = `describe('a gate', () => {\n  staged(\n    'opens once',\n  test(\`${filledIn}\`, async`;
  assert.deepEqual(
    [...testNames(source)].filter((name) => name.startsWith('a gate ')),
    ['a gate a gate', 'a gate opens once', 'a gate for …'],
  );
});

function readMap(text: string): Row[] {
  let section = '';
  const rows: Row[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('## ')) section = line.slice(3);
    const [, key, , shownBy] = /^\| ([a-z-]+) \| ([^|]+) \| (.+) \|$/.exec(line) ?? [];
    if (key !== undefined && shownBy !== undefined && key !== 'sentence') {
      rows.push({ section, key, shownBy });
    }
  }
  return rows;
}

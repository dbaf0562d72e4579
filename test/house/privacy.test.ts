/** Nothing of one machine, one network or one person is in the repository. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { repositoryFiles, textOf } from './repository.ts';

// Written in pieces, so that this file does not find itself.
const FORBIDDEN: readonly { what: string; pattern: RegExp }[] = [
  {
    what: "a path of somebody's machine",
    pattern: new RegExp('(?<![\\w.~-])/(root|work|Users|home/[a-z]+)' + '/[\\w.-]'),
  },
  {
    what: 'a private key',
    pattern: new RegExp('-----BEGIN ([A-Z]+ )?PRIVATE' + ' KEY-----\\s*\\n[A-Za-z0-9+/=]{20}'),
  },
  {
    what: 'a package registry by name',
    pattern: new RegExp('registry\\.' + '(npmjs|yarnpkg)|npm' + '\\.pkg\\.|/artifactory' + '/'),
  },
  { what: 'the address of a tarball', pattern: new RegExp('"resolved"' + ': "https?:') },
  {
    what: 'an access token',
    pattern: new RegExp('\\b(ghp|gho|npm|xox[bp])' + '_[A-Za-z0-9]{20}|AKIA' + '[A-Z0-9]{16}'),
  },
];

for (const { what, pattern } of FORBIDDEN) {
  test(`no file holds ${what}`, () => {
    const found = repositoryFiles().filter((file) => pattern.test(textOf(file)));
    assert.deepEqual(found, []);
  });
}

test('the patterns find what they are for', () => {
  const samples = [
    ['/ho', 'me/anna/mail'],
    ['-----BEGIN PRIV', `ATE KEY-----\n${'A'.repeat(64)}`],
    ['https://regis', 'try.npmjs.org/x'],
    ['"resol', 'ved": "https://example.test/x.tgz"'],
    ['gh', `p_${'a'.repeat(36)}`],
  ].map((parts) => parts.join(''));
  assert.deepEqual(
    samples.map((sample, index) => FORBIDDEN[index]?.pattern.test(sample)),
    samples.map(() => true),
  );
});

test('text files end with a newline and hold no carriage return', () => {
  const checked = repositoryFiles().filter((file) => /\.(ts|js|json|md)$/.test(file));
  assert.deepEqual(
    checked.filter((file) => !textOf(file).endsWith('\n') || textOf(file).includes('\r')),
    [],
  );
});

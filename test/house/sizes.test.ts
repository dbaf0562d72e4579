/** A file past 500 lines is a sign that two ideas share a room. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packageSources, repositoryFiles, textOf } from './repository.ts';

/** Lines, from the code bases taken as models (their ninetieth percentile is about 350). */
const LONGEST = 500;

/** Folder names that say nothing about what is inside. */
const EMPTY_NAMES = ['core', 'common', 'utils', 'util', 'helpers', 'services', 'types', 'manager'];

test(`no source file is longer than ${LONGEST} lines`, () => {
  const long = packageSources('src')
    .map((file) => ({ file, lines: textOf(file).split('\n').length - 1 }))
    .filter(({ lines }) => lines > LONGEST);
  assert.deepEqual(long, []);
});

test('every folder is named for what is in it', () => {
  const wrong = repositoryFiles('packages').filter((file) =>
    file.split('/').some((name) => EMPTY_NAMES.includes(name)),
  );
  assert.deepEqual(wrong, []);
});

test('only an index.ts does nothing but re-export', () => {
  const wrong = packageSources('src')
    .filter((file) => !file.endsWith('/index.ts'))
    .filter((file) => {
      const code = textOf(file)
        .replaceAll(/\/\*[\s\S]*?\*\//g, '')
        .replaceAll(/^\s*\/\/.*$/gm, '')
        .replaceAll(/^export (type )?(\*|\{[^}]*\}) from '[^']+';$/gm, '');
      return code.trim() === '';
    });
  assert.deepEqual(wrong, []);
});

test('file names are kebab-case', () => {
  const wrong = [...packageSources('src'), ...packageSources('test')].filter(
    (file) => !/^[a-z0-9-]+(\.[a-z0-9-]+)*\.tsx?$/.test(file.split('/').at(-1) ?? ''),
  );
  assert.deepEqual(wrong, []);
});

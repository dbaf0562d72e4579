/**
 * Claims in documents that name the test which shows them: `[file](path): name of the test`, or
 * `owed (issue N)`; several are set apart by `<br>`.
 */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { repoRoot, textOf } from './repository.ts';

/** Issues that may still owe something. */
const OWING_ISSUES = new Set(['3', '4', '5', '6', '7']);

/** Throws AssertionError unless every claim of this cell, in this document, is owed or shown by a test that exists. */
export function checkClaims(cell: string, document: string): void {
  for (const claim of cell.split('<br>')) checkClaim(claim.trim(), document);
}

function checkClaim(claim: string, document: string): void {
  const [, issue] = /^owed \(issue (\d+)\)/.exec(claim) ?? [];
  if (issue !== undefined) {
    assert.ok(OWING_ISSUES.has(issue), `issue ${issue} cannot owe anything any more`);
    return;
  }
  const [, link = '', name = ''] = /^\[[^\]]+\]\(([^)]+)\): (.+)$/.exec(claim) ?? [];
  assert.ok(link !== '', `cannot read "${claim}"`);
  const file = path.posix.join(path.posix.dirname(document), link);
  assert.match(file, /\.test\.ts$/);
  assert.ok(existsSync(path.join(repoRoot, file)), `${file} does not exist`);
  assert.ok(testNames(textOf(file)).has(name), `${file} has no test "${name}"`);
}

/**
 * Names of the tests in a source, alone and after their `describe`: the first argument of any call, and the
 * `name` of a table. What a template fills in is an ellipsis.
 */
export function testNames(source: string): Set<string> {
  const names = new Set<string>();
  let group = '';
  const pattern = /\b(\w+)(?:\(|: )\s*(['"`])((?:\\.|(?!\2)[^\n])*)\2(?=,)/g;
  for (const [, called = '', quote, written = ''] of source.matchAll(pattern)) {
    const plain = written.replaceAll(/\\(.)/g, '$1');
    const name = quote === '`' ? plain.replaceAll(/\$\{[^}]*\}/g, '…') : plain;
    if (called === 'describe') group = name;
    names.add(name).add(`${group} ${name}`);
  }
  return names;
}

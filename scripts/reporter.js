/**
 * What `npm test` prints: one line per file, every failure in full, every skip with its reason, and at the
 * end `N passed, N failed, N skipped`. For `node --test --test-reporter`.
 */

import { relative } from 'node:path';
import { inspect } from 'node:util';

/** @param {AsyncIterable<{type: string, data: any}>} events */
export default async function* report(events) {
  const skipped = [];
  const failures = [];
  for await (const { type, data } of events) {
    if (type === 'test:stderr' || type === 'test:stdout') {
      yield data.message;
    } else if (type === 'test:pass') {
      if (data.skip !== undefined && data.skip !== false) skipped.push(data);
    } else if (type === 'test:fail') {
      // A suite fails because a test in it does; that one is reported.
      if (data.details?.error?.failureType !== 'subtestsFailed') {
        failures.push(data);
        yield failure(data);
      }
    } else if (type === 'test:summary') {
      const { counts } = data;
      const bad = counts.failed + counts.cancelled;
      if (data.file !== undefined) {
        const mark = bad > 0 ? 'FAILED' : 'ok    ';
        yield `${mark} ${fileName(data.file)}  ${tally(counts)}  ${(data.duration_ms / 1000).toFixed(1)} s\n`;
        continue;
      }
      if (skipped.length > 0) yield `\nskipped:\n${skipped.map(line).join('')}`;
      if (failures.length > 0) yield `\nfailed:\n${failures.map(line).join('')}`;
      yield `\n${counts.passed} passed, ${bad} failed, ${counts.skipped} skipped (${(data.duration_ms / 1000).toFixed(1)} s)\n`;
    }
  }
}

function tally({ passed, failed, cancelled, skipped }) {
  const parts = [`${passed} passed`];
  if (failed + cancelled > 0) parts.push(`${failed + cancelled} failed`);
  if (skipped > 0) parts.push(`${skipped} skipped`);
  return parts.join(', ');
}

function line({ file, name, skip }) {
  const reason = typeof skip === 'string' && skip !== '' ? ` (${skip})` : '';
  return `  ${fileName(file)}: ${name}${reason}\n`;
}

function failure({ file, name, line: at, details }) {
  const error = details?.error;
  const shown = error?.cause ?? error;
  const text = shown instanceof Error ? stackOf(shown) : inspect(shown, { depth: 4 });
  const indented = text.replace(/^/gm, '    ');
  return `\nFAILED ${fileName(file)}${at ? `:${at}` : ''}: ${name}\n${indented}\n\n`;
}

/** The stack without the runner's own frames, and the causes below it. */
function stackOf(error) {
  const own = String(error.stack ?? error)
    .split('\n')
    .filter((text) => !/^\s+at .*\(?node:internal\//.test(text))
    .join('\n');
  return error.cause instanceof Error ? `${own}\ncaused by ${stackOf(error.cause)}` : own;
}

function fileName(file) {
  return file === undefined ? '' : relative(process.cwd(), file);
}

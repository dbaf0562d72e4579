import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const repository = join(import.meta.dirname, '..', '..');

test('docs/cli.md says what the cases are', async () => {
  const script = join('scripts', 'cli-doc.ts');
  const run = promisify(execFile)(process.execPath, [script, '--check'], { cwd: repository });
  assert.deepEqual(await run, { stdout: '', stderr: '' });
});

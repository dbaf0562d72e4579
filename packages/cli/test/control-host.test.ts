import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { controlAddress } from '../src/control.ts';
import { takeControl } from '../src/control-host.ts';

test('a process that is told to stop while it starts does not listen without the lock', async (t) => {
  const root = mkdtempSync(path.join(os.tmpdir(), 'postern-control-'));
  t.after(() => rmSync(root, { recursive: true }));
  const run = path.join(root, 'run');
  const greeting = { schema: 1, pid: 1, version: '0', startedAt: '' } as const;
  const control = takeControl({ run, greeting, stop: async () => {} });
  await control.shutDown();
  const next = takeControl({ run, greeting, stop: async () => {} });
  await control.listen(() => {});
  assert.equal(existsSync(controlAddress(run).path), false);
  await next.shutDown();
});

/** A profile of an older connector, taken over as people do it, towards a server that nobody vouches for. */

import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { goodPlan, makeChain, serveChain } from '@postern/badcerts';
import { makeHome } from '../../packages/cli/test/run-postern.ts';

test('whoever had allowed invalid certificates is asked now, and nothing is sent before', async () => {
  const home = await makeHome();
  const server = await serveChain(await makeChain(goodPlan('legacy', 'localhost')));
  try {
    const old = [
      'Windows Registry Editor Version 5.00',
      '',
      '[HKEY_CURRENT_USER\\Software\\Zimbra\\Profiles\\Old]',
      '"ServerName"="localhost"',
      `"Port"="${server.port}"`,
      '"Email"="anna@example.test"',
      '"UseSSL"=dword:00000001',
      '"AllowInvalidCertificates"=dword:00000001',
      '"TrustInterval"="Always"',
      '',
    ].join('\r\n');
    await fs.writeFile(path.join(home.folder, 'old.reg'), old);

    const imported = await home.run(['profile', 'import', 'old.reg']);
    assert.equal(imported.exitCode, 0, imported.stderr);
    assert.match(imported.stdout, /Allow Invalid Certificates was ticked/);
    const password = { stdin: `${crypto.randomUUID()}\n` };
    const synced = await home.run(['sync', '--password-stdin'], password);
    assert.equal(synced.exitCode, 4, synced.stderr);
    assert.match(synced.stderr, /Postern could not verify localhost:\d+\./);
    const { stdout } = await home.run(['status', '--json']);
    const { questions } = JSON.parse(stdout) as { questions: { because: string }[] };
    assert.deepEqual(
      questions.map(({ because }) => because),
      ['first'],
    );
    assert.ok(server.counters.connections > 0);
    assert.equal(server.counters.applicationBytes, 0);
  } finally {
    await home.remove();
    await server.close();
  }
});

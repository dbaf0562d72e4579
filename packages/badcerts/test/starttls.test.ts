/** The kit's servers that begin in plain text, judged by `openssl s_client -starttls`. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { caseById, SERVER_NAME, serveStartTls } from '@postern/badcerts';
import { STARTTLS_PROTOCOLS } from '@postern/trust';
import { requireOrSkip } from '../../../test/require.ts';

const execute = promisify(execFile);

async function hasOpenssl(): Promise<boolean> {
  return execute('openssl', ['version']).then(
    () => true,
    () => false,
  );
}

for (const protocol of STARTTLS_PROTOCOLS) {
  test(`openssl s_client comes to TLS by ${protocol}, and not where it is refused`, async (t) => {
    if (!requireOrSkip(t, await hasOpenssl(), 'openssl', 'apt-get install openssl')) return;
    const chain = await caseById('chain::good').make();
    const subjects: (string | null)[] = [];
    for (const fault of ['none', 'refuses'] as const) {
      const server = await serveStartTls(protocol, chain, { fault });
      t.after(() => server.close());
      const args = ['s_client', '-starttls', protocol, '-connect', `127.0.0.1:${server.port}`];
      if (protocol.startsWith('xmpp')) args.push('-xmpphost', SERVER_NAME);
      const running = execute('openssl', args, { timeout: 20_000 });
      running.child.stdin?.end();
      const output = await running.then(
        ({ stdout }) => stdout,
        (error: { stdout?: string }) => error.stdout ?? '',
      );
      subjects.push(/^subject=(.*)$/m.exec(output)?.[1]?.replaceAll(' ', '') ?? null);
    }
    assert.deepEqual(subjects, [`CN=${SERVER_NAME}`, null]);
  });
}

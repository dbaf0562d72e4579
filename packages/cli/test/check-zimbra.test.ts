/** `postern check --zimbra` against servers on Zimbra's own ports, and every protocol against a server that others wrote. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import net, { type AddressInfo, type Server } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import tls from 'node:tls';
import { caseById, type MadeChain, pem, SERVER_NAME } from '@postern/badcerts';
import { requireOrSkip } from '../../../test/require.ts';
import type { CheckReport } from '../src/check/report.ts';
import { assertKeepsToSchema } from './check-schema.ts';
import { makeHome, type PosternHome } from './run-postern.ts';

let home: PosternHome;
before(async () => {
  home = await makeHome();
});
after(() => home.remove());

/** An address of this machine that nothing else uses, so that Zimbra's ports are free on it. */
const ADDRESS = '127.0.71.43';

async function present(chain: MadeChain, port: number): Promise<Server> {
  const server = tls.createServer({
    key: chain.key.export({ type: 'pkcs8', format: 'pem' }),
    cert: chain.presented.map(pem).join(''),
  });
  server.on('secureConnection', (socket) => socket.on('error', () => socket.destroy()));
  server.listen(port, ADDRESS);
  await once(server, 'listening');
  return server;
}

test('a certificate that several ports show is told once, and closed ports are no finding', async (t) => {
  // Only Linux answers on every address of 127.0.0.0/8 without being told to.
  const isLinux = process.platform === 'linux';
  if (!requireOrSkip(t, isLinux, 'Linux', 'run it on Linux')) return;
  const [good, expired] = [
    await caseById('chain::good').make(),
    await caseById('dates::expired').make(),
  ];
  const roots = path.join(home.folder, 'roots.pem');
  await writeFile(roots, [...good.anchors, ...expired.anchors].map(pem).join(''));
  const args = ['check', '--zimbra', ADDRESS, '--roots', roots, '--name', SERVER_NAME];

  const servers = [await present(good, 8443)];
  t.after(() => {
    for (const server of servers) server.close();
  });
  const fine = await home.run(args);
  assert.equal(fine.exitCode, 0, fine.stdout);
  assert.match(fine.stdout, /127\.0\.71\.43:8443 +SECURE/);
  assert.equal(fine.stdout.match(/ closed /g)?.length, 7);

  servers.push(await present(expired, 7071));
  await new Promise<void>((resolve) => servers.shift()?.close(() => resolve()));
  servers.push(await present(expired, 8443));
  const { stdout, exitCode } = await home.run(args);
  assert.equal(exitCode, 1);
  assert.match(stdout, /127\.0\.71\.43:7071 +NOT SECURE +.*The certificate has expired\./);
  assert.match(stdout, /127\.0\.71\.43:8443 +NOT SECURE +.*The certificate has expired\./);
  assert.match(stdout, /127\.0\.71\.43:7025 \(lmtp\) +closed/);
  assert.match(stdout, /\n\nPorts 7071, 8443\n {2}x Dates {4}The certificate has expired\./);
  assert.equal(stdout.match(/x Dates/g)?.length, 1);

  const nagios = await home.run([...args, '--nagios']);
  assert.match(nagios.stdout, /^POSTERN CRITICAL - 2 of 2 not OK: 127\.0\.71\.43:(7071|8443) The/);
  assert.equal(nagios.exitCode, 2);
});

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test('Dovecot is looked at over STARTTLS, and sees a whole handshake', async (t) => {
  const program = '/usr/sbin/dovecot';
  const install = 'apt-get install dovecot-imapd dovecot-pop3d (as root)';
  const isThere = existsSync(program) && existsSync('/usr/lib/dovecot/pop3-login');
  if (!requireOrSkip(t, isThere && process.getuid?.() === 0, 'dovecot', install)) return;
  const folder = await mkdtemp(path.join(os.tmpdir(), 'postern-dovecot-'));
  const chain = await caseById('chain::good').make();
  const ports = { imap: await freePort(), pop3: await freePort() };
  const write = (name: string, text: string): Promise<void> =>
    writeFile(path.join(folder, name), text, { mode: 0o600 });
  await write('cert.pem', chain.presented.map(pem).join(''));
  await write('key.pem', chain.key.export({ type: 'pkcs8', format: 'pem' }).toString());
  await write('roots.pem', chain.anchors.map(pem).join(''));
  const listener = (name: string, port: number): string =>
    `inet_listener ${name} {\n port = ${port}\n}\n`;
  await write(
    'dovecot.conf',
    `protocols = imap pop3
base_dir = ${folder}/run
state_dir = ${folder}/run
log_path = ${folder}/log
listen = 127.0.0.1
ssl = required
ssl_cert = <${folder}/cert.pem
ssl_key = <${folder}/key.pem
passdb {\n driver = static\n args = nopassword\n}
userdb {\n driver = static\n args = uid=65534 gid=65534 home=${folder}/home\n}
service imap-login {\n${listener('imap', ports.imap)}${listener('imaps', 0)}}
service pop3-login {\n${listener('pop3', ports.pop3)}${listener('pop3s', 0)}}
`,
  );
  const child = spawn(program, ['-F', '-c', path.join(folder, 'dovecot.conf')], {
    stdio: 'ignore',
  });
  t.after(async () => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  });
  for (const [protocol, port] of Object.entries(ports)) {
    const run = await untilAnswered([
      'check',
      `127.0.0.1:${port}`,
      ...['--starttls', protocol, '--name', SERVER_NAME, '--timeout', '5', '--json'],
      ...['--roots', path.join(folder, 'roots.pem')],
    ]);
    const report: CheckReport = JSON.parse(run.stdout);
    assertKeepsToSchema(report);
    assert.deepEqual([report.verdict, report.startTls], ['secure', protocol]);
  }
  // What it writes of a handshake that was broken off.
  assert.doesNotMatch(await readFile(path.join(folder, 'log'), 'utf8'), /TLS handshaking/);
});

/** Runs it again while nothing listens yet: each run takes long enough not to be a busy wait. */
async function untilAnswered(args: readonly string[]): Promise<{ stdout: string }> {
  for (let left = 10; ; left--) {
    const run = await home.run(args);
    if (run.exitCode !== 3 || left === 0) return run;
  }
}

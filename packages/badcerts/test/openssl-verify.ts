/** The `openssl` program as an outside opinion on a case. */

import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { type BadCertCase, pem } from '@postern/badcerts';

/** What the program says of a case first: see `BadCertCase.openssl`. Files go to `directory`. */
export async function opensslVerify(
  one: BadCertCase,
  directory: string,
): Promise<BadCertCase['openssl']> {
  const { presented, anchors, lists } = await one.make();
  const stem = join(directory, one.id.replaceAll(/[^a-z0-9.+-]/g, '_').slice(0, 100));
  const [leaf, ...untrusted] = presented;
  const files = {
    leaf: `${stem}.leaf`,
    untrusted: `${stem}.untrusted`,
    anchors: `${stem}.anchors`,
    lists: `${stem}.lists`,
  };
  await writeFile(files.leaf, leaf === undefined ? '' : pem(leaf));
  await writeFile(files.untrusted, untrusted.map(pem).join(''));
  await writeFile(files.anchors, anchors.map(pem).join(''));
  await writeFile(files.lists, (lists ?? []).map(listPem).join(''));
  const name = isIP(one.serverName) === 0 ? '-verify_hostname' : '-verify_ip';
  const args = [
    ...['verify', '-purpose', 'sslserver', '-auth_level', '2', name, one.serverName],
    ...['-attime', String(one.at.getTime() / 1000)],
    ...[
      '-no-CApath',
      '-no-CAstore',
      ...(anchors.length > 0 ? ['-CAfile', files.anchors] : ['-no-CAfile']),
    ],
    ...(untrusted.length > 0 ? ['-untrusted', files.untrusted] : []),
    ...(lists === null ? [] : ['-crl_check_all', '-CRLfile', files.lists]),
    files.leaf,
  ];
  const { output, exitCode } = await run(args);
  if (exitCode === 0) return 'ok';
  const first = /^error (\d+) at /m.exec(output)?.[1];
  return first === undefined ? 'unreadable' : Number(first);
}

function listPem(der: Uint8Array): string {
  return pem(der).replaceAll('CERTIFICATE', 'X509 CRL');
}

/** Whether there is an `openssl` program. */
export async function hasOpenssl(): Promise<boolean> {
  return (await run(['version'])).exitCode === 0;
}

function run(args: readonly string[]): Promise<{ output: string; exitCode: number }> {
  const { SSL_CERT_FILE: _file, SSL_CERT_DIR: _dir, ...env } = process.env;
  return new Promise((resolve) => {
    execFile('openssl', args, { env }, (error, stdout, stderr) => {
      resolve({ output: stdout + stderr, exitCode: error === null ? 0 : 1 });
    });
  });
}

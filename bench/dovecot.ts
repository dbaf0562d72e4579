/**
 * What people would use instead: mbsync against Dovecot over TLS, both from Debian, both in a temporary folder,
 * on a port of this machine alone. mbsync keeps its durable default (`FSync yes`).
 */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import fs from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { goodPlan, makeChain } from '@postern/badcerts';
import { toPem } from '@postern/trust';
import { MissingProgram } from './figure.ts';
import { messageText } from './mail.ts';

const execute = promisify(execFile);

const SERVER_NAME = 'localhost';
const USER = 'anna';

/** Dovecot refuses mail access to root (its FAQ, "root logins"); `nobody` is everywhere. */
const NOBODY = 65534;

/** A Dovecot with one full mailbox. */
export interface MailboxServer {
  /** One first sync by mbsync into a new Maildir; resolves with its wall time in ms. */
  syncOnceMs(): Promise<number>;
  /**
   * Watches by IMAP IDLE and runs mbsync at each notice, as goimapnotify does; keeps one Maildir in step.
   * Only for one watcher at a time.
   */
  watch(): Promise<Watcher>;
  stop(): Promise<void>;
}

/** A mailbox that is kept in step. */
export interface Watcher {
  /** Delivers one more message; resolves with the ms from its delivery to its file in the local Maildir. */
  deliveryMs(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts Dovecot over `count` generated messages. Throws {@link MissingProgram}. */
export async function startDovecot(folder: string, count: number): Promise<MailboxServer> {
  const dovecot = find('dovecot', 'apt-get install dovecot-imapd');
  const mbsync = find('mbsync', 'apt-get install isync');
  const owner = os.userInfo().uid === 0 ? NOBODY : os.userInfo().uid;
  const port = await freePort();
  const password = crypto.randomUUID();
  await fs.mkdir(folder, { recursive: true });
  const { presented, key, anchors } = await makeChain(goodPlan('dovecot', SERVER_NAME));
  await Promise.all([
    fs.writeFile(path.join(folder, 'cert.pem'), presented.map(toPem).join('')),
    fs.writeFile(path.join(folder, 'key.pem'), key.export({ type: 'pkcs8', format: 'pem' }), {
      mode: 0o600,
    }),
    fs.writeFile(path.join(folder, 'root.pem'), anchors.map(toPem).join('')),
  ]);
  await fillMaildir(path.join(folder, 'server'), count, owner);
  const configuration = path.join(folder, 'dovecot.conf');
  await fs.writeFile(configuration, dovecotConfiguration(folder, port, password, owner));
  const child = spawn(dovecot, ['-F', '-c', configuration], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  // Whatever ends this process ends Dovecot too.
  const end = () => child.kill('SIGTERM');
  process.once('exit', end);
  await listening(child, port, path.join(folder, 'dovecot.log'));

  let round = 0;
  let messages = count;
  /** A new local Maildir, and a function that runs mbsync on it. */
  async function newLocal(): Promise<{ local: string; sync: () => Promise<void> }> {
    round += 1;
    const local = path.join(folder, `local-${round}`);
    await fs.mkdir(local);
    const file = path.join(folder, `mbsyncrc-${round}`);
    await fs.writeFile(file, mbsyncConfiguration(folder, local, port, password), { mode: 0o600 });
    const env = { ...process.env, HOME: local };
    const sync = async (): Promise<void> => {
      await execute(mbsync, ['--config', file, '--quiet', '--all'], { env });
      const [arrived, read] = await Promise.all([
        fs.readdir(path.join(local, 'INBOX', 'new')),
        fs.readdir(path.join(local, 'INBOX', 'cur')),
      ]);
      const brought = arrived.length + read.length;
      if (brought !== messages)
        throw new Error(`mbsync brought ${brought} of ${messages} messages`);
    };
    return { local, sync };
  }

  return {
    async syncOnceMs() {
      const { local, sync } = await newLocal();
      const started = performance.now();
      await sync();
      const tookMs = performance.now() - started;
      await fs.rm(local, { recursive: true, force: true });
      return tookMs;
    },
    async watch() {
      const { local, sync } = await newLocal();
      await sync();
      const idle = await startIdle(port, password, path.join(folder, 'root.pem'));
      return {
        async deliveryMs() {
          const arrived = idle.nextArrival();
          const maildir = path.join(folder, 'server', 'Maildir');
          const name = `${1_800_000_000 + messages}.M${messages}.bench`;
          const written = path.join(maildir, 'tmp', name);
          await fs.writeFile(written, messageText(messages));
          if (owner !== os.userInfo().uid) await fs.chown(written, owner, owner);
          await fs.rename(written, path.join(maildir, 'new', name));
          const started = performance.now();
          messages += 1;
          await arrived;
          await sync();
          return performance.now() - started;
        },
        async stop() {
          idle.stop();
          await fs.rm(local, { recursive: true, force: true });
        },
      };
    },
    async stop() {
      process.off('exit', end);
      end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

/** A client that does nothing but wait for mail (RFC 2177). */
async function startIdle(
  port: number,
  password: string,
  rootFile: string,
): Promise<{ nextArrival(): Promise<void>; stop(): void }> {
  const ca = await fs.readFile(rootFile);
  const socket = tls.connect({ host: '127.0.0.1', servername: SERVER_NAME, port, ca });
  const lines = readline.createInterface({ input: socket });
  const answerTo = (start: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const onLine = (line: string): void => {
        if (!line.startsWith(start)) return;
        lines.off('line', onLine);
        resolve();
      };
      lines.on('line', onLine);
      socket.once('error', reject);
    });
  const command = async (text: string, start: string): Promise<void> => {
    const answered = answerTo(start);
    socket.write(`${text}\r\n`);
    await answered;
  };
  await answerTo('* OK');
  await command(`a LOGIN ${USER} ${password}`, 'a OK');
  await command('b SELECT INBOX', 'b OK');
  await command('c IDLE', '+');
  return {
    nextArrival: () =>
      new Promise((resolve) => {
        const onLine = (line: string): void => {
          if (!/^\* \d+ EXISTS/.test(line)) return;
          lines.off('line', onLine);
          resolve();
        };
        lines.on('line', onLine);
      }),
    stop: () => socket.destroy(),
  };
}

function find(program: string, howToInstall: string): string {
  // Daemons live in sbin, which is not on everybody's PATH.
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/sbin'];
  const found = folders
    .map((folder) => path.join(folder, program))
    .find((file) => existsSync(file));
  if (found === undefined) throw new MissingProgram(program, howToInstall);
  return found;
}

async function fillMaildir(home: string, count: number, owner: number): Promise<void> {
  const maildir = path.join(home, 'Maildir');
  for (const name of ['cur', 'new', 'tmp']) {
    await fs.mkdir(path.join(maildir, name), { recursive: true });
  }
  for (let index = 0; index < count; index += 1) {
    const name = `${1_700_000_000 + index}.M${index}.bench:2,`;
    await fs.writeFile(path.join(maildir, 'cur', name), messageText(index));
  }
  if (owner === os.userInfo().uid) return;
  await execute('chown', ['-R', String(owner), home]);
  // Its indexes and uidlist are made beside the mail.
  await fs.chmod(path.dirname(home), 0o755);
}

function dovecotConfiguration(
  folder: string,
  port: number,
  password: string,
  owner: number,
): string {
  const isRoot = os.userInfo().uid === 0;
  const self = isRoot ? 'root' : os.userInfo().username;
  const service = isRoot ? 'nobody' : self;
  const group = isRoot ? 'nogroup' : String(os.userInfo().gid);
  return `
protocols = imap
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/dovecot.log
listen = 127.0.0.1
ssl = required
ssl_cert = <${folder}/cert.pem
ssl_key = <${folder}/key.pem
default_internal_user = ${service}
default_internal_group = ${group}
default_login_user = ${service}
first_valid_uid = 1
mail_location = maildir:${folder}/server/Maildir
service imap-login {
  chroot =
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    port = ${port}
    ssl = yes
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
passdb {
  driver = static
  args = password=${password}
}
userdb {
  driver = static
  args = uid=${owner} gid=${isRoot ? NOBODY : os.userInfo().gid} home=${folder}/server allow_all_users=yes
}
`;
}

function mbsyncConfiguration(
  folder: string,
  local: string,
  port: number,
  password: string,
): string {
  return `
FSync yes

IMAPAccount bench
Host ${SERVER_NAME}
Port ${port}
User ${USER}
Pass ${password}
SSLType IMAPS
CertificateFile ${folder}/root.pem

IMAPStore far
Account bench

MaildirStore near
Path ${local}/
Inbox ${local}/INBOX

Channel bench
Far :far:
Near :near:
Patterns INBOX
Create Near
Sync Pull
SyncState *
`;
}

async function freePort(): Promise<number> {
  const probe = net.createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Waits until the port answers; throws with Dovecot's own words if it ends before. */
async function listening(child: ChildProcess, port: number, log: string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) {
      const words = await fs.readFile(log, 'utf8').catch(() => '');
      throw new Error(`dovecot ended with exit code ${child.exitCode}: ${words}`);
    }
    const socket = net.connect({ host: '127.0.0.1', port });
    const answered = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

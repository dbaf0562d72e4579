/**
 * The main job of `npm start`: a server on this machine with its own new CA, a sample mailbox, and
 * a profile `demo` on it. Says at each step what it is doing.
 */

import { existsSync, rmSync } from 'node:fs';
import { createSampleMailbox, listAccounts, setPassword } from '@postern/server';
import { stopRunning } from './background.ts';
import type { ConnectorClient } from './connector-client.ts';
import { DEMO_PROFILE, isDemoHome, markDemoHome } from './demo-home.ts';
import { UsageError } from './failure.ts';
import type { Home } from './home.ts';
import type { Output } from './output.ts';
import { endpointText } from './printable.ts';
import { ensureServer, serverRun } from './server-process.ts';
import { progressText } from './terminal/connections-text.ts';
import { counted } from './terminal/words.ts';

/** In every certificate that the server makes, whatever the computer is called. */
const DEMO_SERVER_NAME = 'localhost';

/** Removes the demo's server, mailbox and trust; nothing else. Throws UsageError for a server home that the demo did not make. */
export async function removeDemo(
  home: Home,
  client: ConnectorClient,
  output: Output,
): Promise<void> {
  if (existsSync(home.server) && !isDemoHome(home)) {
    throw new UsageError(`"${home.server}" was not made by start --demo and is not removed`);
  }
  output.note('Removing the sample mailbox and its server.');
  const profile = (await client.profiles()).profiles.find(({ name }) => name === DEMO_PROFILE);
  if (profile !== undefined) {
    await client.stopTrusting({ host: profile.serverName, port: profile.port });
    await client.removeProfile(DEMO_PROFILE);
  }
  await stopRunning(serverRun(home.server));
  rmSync(home.server, { recursive: true, force: true });
}

/** Starts the server with its sample mailbox, and makes the profile with a password that is known to the daemon's memory alone. */
export async function prepareDemo(
  home: Home,
  client: ConnectorClient,
  output: Output,
): Promise<void> {
  const isNew = !existsSync(home.server);
  output.note(
    isNew
      ? `Starting the server of this machine in ${home.server}, with a new CA of its own.`
      : 'Starting the server of this machine.',
  );
  if (isNew) markDemoHome(home);
  const { report } = await ensureServer(home);
  const port = report.ports.https;
  if (port === null) {
    throw new UsageError(`the server in "${home.server}" has zimbraMailMode "${report.mode}"`, [
      'the demo needs one that answers over HTTPS: zimbraMailMode "https", "both", "mixed" or "redirect"',
    ]);
  }

  const email = `anna@${report.hostName}`;
  const password = await ensureAccount(home.server, email, output);
  await ensureProfile(client, email, port);
  await client.setPassword(DEMO_PROFILE, password);
  const at = endpointText({ host: DEMO_SERVER_NAME, port });
  output.note(
    `The server answers at ${at}. Its administrator reads its fingerprint with: npx postern server fingerprint`,
  );
}

/** The account, with a new random password each time: the connector never stores one, and this server is ours. */
async function ensureAccount(server: string, email: string, output: Output): Promise<string> {
  if ((await listAccounts({ home: server })).includes(email)) {
    return (await setPassword({ home: server, account: email })).password;
  }
  output.note(`Filling a sample mailbox for ${email}.`);
  const { password, messages, galEntries } = await createSampleMailbox({
    home: server,
    name: email,
    onProgress: showProgress,
  });
  output.note(
    `The sample mailbox holds ${counted(messages, 'message')} and ${counted(galEntries, 'address', 'addresses')}.`,
  );
  return password;
}

/** One line that is drawn again in place; nothing where stderr is no terminal. */
function showProgress({ done, total }: { done: number; total: number }): void {
  if (process.stderr.isTTY !== true) return;
  const end = done === total ? '\n' : '';
  process.stderr.write(
    `\r${progressText({ unit: 'messages', done, total, bytes: 0 }, null)}\u001b[K${end}`,
  );
}

async function ensureProfile(client: ConnectorClient, email: string, port: number): Promise<void> {
  const wanted = { email, serverName: DEMO_SERVER_NAME, port, useSecureConnection: true };
  const profile = (await client.profiles()).profiles.find(({ name }) => name === DEMO_PROFILE);
  const isSameAccount = profile?.email === email && profile.serverName === DEMO_SERVER_NAME;
  // The computer may have got another name since: then the account is another one.
  if (profile !== undefined && !isSameAccount) await client.removeProfile(DEMO_PROFILE);
  if (profile === undefined || !isSameAccount) {
    await client.createProfile({ name: DEMO_PROFILE, ...wanted });
  } else if (profile.port !== port) {
    await client.changeProfile(DEMO_PROFILE, { port });
  }
}

/** The server of this project in a process of its own, with one full mailbox. Speaks to its parent only. */

import fs from 'node:fs/promises';
import { addMailMessages, createAccount, createServer, homePaths } from '@postern/server';
import { messageText } from './mail.ts';

/** What the parent sends first: a home to make. */
export interface ServerOrder {
  type: 'make';
  home: string;
  account: string;
  password: string;
  /** Generated messages in its inbox. */
  count: number;
}

/** What the parent sends afterwards: one more message. */
export interface DeliveryOrder {
  type: 'deliver';
  index: number;
}

/** What the parent is told. Instants are ms since 1970 with fractions, comparable between processes of one machine. */
export type ServerReport =
  | { type: 'ready'; port: number; root: string }
  | { type: 'committed'; at: number };

let made: { home: string; account: string } | null = null;
let queue = Promise.resolve();

process.on('message', (order: DeliveryOrder | ServerOrder) => {
  queue = queue
    .then(() => (order.type === 'make' ? make(order) : deliver(order)))
    .catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
      process.exit(1);
    });
});

async function make({ home, account, password, count }: ServerOrder): Promise<void> {
  await createAccount({ home, name: account, password });
  await addMailMessages({ home, account, messages: generated(count) });
  const server = createServer({
    home,
    hostName: 'localhost',
    ports: { https: 0, http: 0, admin: 0 },
  });
  await server.start();
  const port = server.addresses?.https?.port;
  if (port === undefined) throw new Error('the server has no HTTPS port');
  made = { home, account };
  report({
    type: 'ready',
    port,
    root: await fs.readFile(homePaths(home).authorityCertificate, 'utf8'),
  });
  process.once('disconnect', () => void server.stop().then(() => process.exit()));
}

async function deliver({ index }: DeliveryOrder): Promise<void> {
  if (made === null) throw new Error('no mailbox yet');
  const messages = [{ bytes: Buffer.from(messageText(index)), flags: 'u' }];
  // Told of after the commit, before the store is closed again.
  const onProgress = () =>
    report({ type: 'committed', at: performance.timeOrigin + performance.now() });
  await addMailMessages({ ...made, messages, onProgress });
}

function* generated(count: number): Generator<{ bytes: Uint8Array }> {
  for (let index = 0; index < count; index += 1) yield { bytes: Buffer.from(messageText(index)) };
}

function report(what: ServerReport): void {
  process.send?.(what);
}

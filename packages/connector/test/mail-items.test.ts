import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';
import { goodPlan, makeChain, pem, serveChain } from '@postern/badcerts';
import {
  authResponse,
  type Element,
  encodeResponse,
  type Folder,
  faultElement,
  getInfoResponse,
  SoapFault,
  syncResponse,
} from '@postern/soap';
import { createManualClock, type ManualClock } from '../../../test/manual-clock.ts';
import { SERVER_NAME, type Stage, stage, until } from './stage.ts';
import { afterwards } from './temporary.ts';

const AT = new Date('2026-11-23T08:00:00Z');

const folder = (id: number, name: string, about: Partial<Folder>): Folder => ({
  kind: 'folder',
  id,
  name,
  parentId: id === 1 ? null : 1,
  path: `/${name}`,
  view: null,
  unread: null,
  count: null,
  sizeBytes: null,
  changeToken: null,
  revision: null,
  items: {},
  folders: [],
  ...about,
});

/** Three messages, a contact and an appointment. */
const TREE = folder(1, '', {
  folders: [
    folder(2, 'Inbox', { items: { m: [300, 301, 302] } }),
    folder(7, 'Contacts', { items: { cn: [400] } }),
    folder(10, 'Calendar', { items: { appt: [500] } }),
  ],
});

function soapAnswer(name: string): Element {
  if (name === 'AuthRequest') {
    return authResponse({ authToken: 't', lifetimeMs: 1, refer: null, csrfToken: null });
  }
  if (name === 'GetInfoRequest') {
    return getInfoResponse({
      version: '1',
      id: 'a',
      name: 'anna',
      lifetimeMs: 1,
      usedBytes: null,
      maxUploadBytes: null,
      soapUrl: null,
      publicUrl: null,
      attributes: [['zimbraMtaMaxMessageSize', '1000']],
      preferences: [],
      signatures: [],
    });
  }
  if (name === 'SyncRequest') {
    return syncResponse({
      token: '9',
      more: false,
      modifiedAt: null,
      sizeBytes: null,
      tree: TREE,
      folders: [],
      tags: [],
      items: [],
      deletedIds: [],
      deletedByKind: {},
    });
  }
  return faultElement(new SoapFault('service.UNKNOWN_DOCUMENT', 'unknown'));
}

/** A mailbox whose items are answered by `content`. */
async function mailbox(
  t: TestContext,
  content: (id: number, response: ServerResponse) => void,
): Promise<Stage & { clock: ManualClock }> {
  const respond = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? '', 'https://x');
    if (url.pathname === '/service/home/~/') {
      content(Number(url.searchParams.get('id')), response);
      return;
    }
    request.resume();
    const body = soapAnswer(url.pathname.split('/').at(-1) ?? '');
    if (body.name === 'Fault') response.writeHead(500);
    response.end(encodeResponse({ session: null, changeToken: null }, body));
  };
  const chain = await makeChain(goodPlan('mail-items', SERVER_NAME));
  const server = await serveChain(chain, respond);
  afterwards(t, () => server.close());
  const clock = createManualClock(AT);
  const staged = await stage(t, { port: server.port, roots: [pem(chain.parts.root.der)], clock });
  return { ...staged, clock };
}

const mailOf = ({ engine }: Stage) =>
  engine.report().connections.find(({ purpose }) => purpose === 'mail');

test('a server that is overrun is asked again, more slowly, and nothing is lost', async (t) => {
  let refusals = 0;
  const staged = await mailbox(t, (id, response) => {
    if (refusals < 7) {
      refusals += 1;
      response.writeHead(503).end();
    } else response.end(`Subject: ${id}\r\n\r\n`);
  });
  const running = staged.engine.start('background');
  let isOver = false;
  void running.then(() => {
    isOver = true;
  });
  while (!isOver) await staged.clock.advance(1000);
  assert.equal(staged.engine.report().workOffline, null);
  const { messages, items, pending } = await staged.engine.store.standing();
  assert.deepEqual({ messages, items, pending }, { messages: 3, items: 5, pending: 0 });
});

test('progress says what is counted, how far it is, and when the run began', async (t) => {
  const staged = await mailbox(t, (id, response) => response.end(`Subject: ${id}\r\n\r\n`));
  const seen: unknown[] = [];
  staged.engine.subscribe(() => {
    const progress = mailOf(staged)?.progress ?? null;
    if (progress !== null) seen.push(progress);
  });
  await staged.engine.start('background');
  const bytes = 5 * 'Subject: 300\r\n\r\n'.length;
  const all = { unit: 'messages', done: 5, total: 5, bytes, startedAt: AT.toISOString() };
  assert.deepEqual(seen.at(-1), all);
  assert.equal(mailOf(staged)?.progress, null);
});

test('every kind of item is kept, with content or without, and one that is gone is not waited for', async (t) => {
  const staged = await mailbox(t, (id, response) => {
    if (id === 301) response.writeHead(404).end();
    else if (id === 400) response.writeHead(500).end();
    else {
      response.writeHead(200, { 'X-Zimbra-Flags': 'uf', 'X-Zimbra-FolderId': '5' });
      response.end(`Subject: ${id}\r\n\r\n`);
    }
  });
  await staged.engine.start('background');
  const { store } = staged.engine;
  const { messages, items, pending } = await store.standing();
  assert.deepEqual({ messages, items, pending }, { messages: 2, items: 4, pending: 0 });
  const contact = await store.item(400);
  assert.deepEqual([contact?.kind, contact?.raw], ['cn', null]);
  const appointment = await store.item(500);
  assert.deepEqual(
    [appointment?.kind, Buffer.from(appointment?.raw ?? []).toString()],
    ['appt', 'Subject: 500\r\n\r\n'],
  );
  const moved = (await store.item(300))?.summary;
  assert.deepEqual([moved?.folderId, moved?.flagged, moved?.unread], [5, true, true]);
});

test('a message beyond twice the server’s own limit is left, said, and the others come', async (t) => {
  const staged = await mailbox(t, (id, response) => {
    response.end(id === 302 ? Buffer.alloc(2001, 'x') : `Subject: ${id}\r\n\r\n`);
  });
  await staged.engine.start('background');
  await until(staged.engine, () => mailOf(staged)?.activity === 'failed');
  assert.equal(mailOf(staged)?.error?.code, 'ERR_ANSWER_LIMIT');
  assert.match(mailOf(staged)?.error?.message ?? '', /at most 2000 allowed$/);
  const { messages, pending } = await staged.engine.store.standing();
  assert.deepEqual({ messages, pending }, { messages: 2, pending: 1 });
});

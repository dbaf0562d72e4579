import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';
import { goodPlan, makeChain, pem, serveChain } from '@postern/badcerts';
import {
  authResponse,
  createWaitSetResponse,
  decodeRequest,
  type Element,
  encodeResponse,
  faultElement,
  getInfoResponse,
  noOpResponse,
  readWaitSetRequest,
  SoapFault,
  syncResponse,
  waitSetResponse,
} from '@postern/soap';
import { SERVER_NAME, type Stage, stage, until } from './stage.ts';
import { afterwards } from './temporary.ts';

const unknown = (): Element => faultElement(new SoapFault('service.UNKNOWN_DOCUMENT', 'unknown'));

/** Answers a request by its name; null keeps it waiting. */
type Answers = (name: string, request: Element) => Element | null;

interface Script extends Stage {
  /** Names of requests in their order. */
  names: string[];
}

/** A server whose answers are made up, apart from login, account and an empty mailbox. */
async function scripted(
  t: TestContext,
  answers: Answers,
  changeToken: () => number = () => 1,
): Promise<Script> {
  const names: string[] = [];
  async function respond(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
    if (incoming.method !== 'POST') {
      response.writeHead(404).end();
      return;
    }
    const { body: request, context } = decodeRequest(Buffer.concat(chunks));
    names.push(request.name);
    const body = answers(request.name, request);
    if (body === null) return;
    if (body.name === 'Fault') response.writeHead(500);
    const session = context.session === undefined || context.session === null ? null : '7';
    response.end(encodeResponse({ session, changeToken: changeToken() }, body));
  }
  const chain = await makeChain(goodPlan('changes', SERVER_NAME));
  const server = await serveChain(chain, (incoming, response) => {
    respond(incoming, response).catch(() => response.destroy());
  });
  afterwards(t, () => server.close());
  const staged = await stage(t, { port: server.port, roots: [pem(chain.parts.root.der)] });
  return { ...staged, names };
}

function usualAnswer(name: string): Element | null {
  switch (name) {
    case 'AuthRequest':
      return authResponse({ authToken: 't', lifetimeMs: 1, refer: null, csrfToken: null });
    case 'GetInfoRequest':
      return getInfoResponse({
        version: '1',
        id: 'account-1',
        name: 'anna',
        lifetimeMs: 1,
        usedBytes: null,
        maxUploadBytes: null,
        soapUrl: null,
        publicUrl: null,
        attributes: [],
        preferences: [],
        signatures: [],
      });
    case 'SyncRequest':
      return syncResponse({
        token: '1',
        more: false,
        modifiedAt: null,
        sizeBytes: null,
        tree: null,
        folders: [],
        tags: [],
        items: [],
        deletedIds: [],
        deletedByKind: {},
      });
    case 'WaitSetRequest':
    case 'NoOpRequest':
      return null;
    default:
      return unknown();
  }
}

const count = (names: readonly string[], name: string): number =>
  names.filter((one) => one === name).length;

const made = (waitSet: string): Element =>
  createWaitSetResponse({ waitSet, sequence: '1', errors: [] });

test('a change that the wait set tells of begins a sync at once, and the wait goes on', async (t) => {
  let waits = 0;
  const { engine, names } = await scripted(t, (name, request) => {
    if (name === 'CreateWaitSetRequest') return made('set-1');
    if (name !== 'WaitSetRequest') return usualAnswer(name);
    waits += 1;
    const { sequence, block } = readWaitSetRequest(request);
    assert.equal(block, true);
    // The first wait tells of a change, the second one, with the next sequence, waits.
    return sequence === '1'
      ? waitSetResponse('set-1', {
          sequence: '2',
          canceled: false,
          changedAccounts: ['account-1'],
          errors: [],
        })
      : null;
  });
  void engine.start('background');
  await until(
    engine,
    () => count(names, 'SyncRequest') >= 2 && count(names, 'WaitSetRequest') === 2,
  );
  assert.ok(waits >= 2);
  assert.equal(count(names, 'CreateWaitSetRequest'), 1);
});

test('a wait set that the server forgot is made anew', async (t) => {
  let sets = 0;
  const { engine, names } = await scripted(t, (name, request) => {
    if (name === 'CreateWaitSetRequest') {
      sets = count(names, 'CreateWaitSetRequest');
      return made(`set-${sets}`);
    }
    if (name !== 'WaitSetRequest') return usualAnswer(name);
    return readWaitSetRequest(request).waitSet === 'set-1'
      ? faultElement(new SoapFault('admin.NO_SUCH_WAITSET', 'gone'))
      : null;
  });
  void engine.start('background');
  await until(engine, () => count(names, 'CreateWaitSetRequest') === 2);
  await until(engine, () =>
    engine.report().connections.some(({ activity }) => activity === 'watching'),
  );
});

test('a server without wait sets is watched by a NoOp that waits in a session', async (t) => {
  let token = 1;
  const { engine, names } = await scripted(
    t,
    (name) => {
      if (name === 'NoOpRequest') {
        // The first opens the session, the second tells of a change, the third waits.
        if (count(names, name) === 2) token = 2;
        return count(names, name) < 3 ? noOpResponse() : null;
      }
      return usualAnswer(name);
    },
    () => token,
  );
  void engine.start('background');
  await until(engine, () => count(names, 'NoOpRequest') === 3 && count(names, 'SyncRequest') >= 2);
  const changes = engine.report().connections.find(({ purpose }) => purpose === 'changes');
  assert.equal(changes?.activity, 'watching');
  assert.equal(count(names, 'CreateWaitSetRequest'), 1);
});

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { goodPlan, makeChain, pem, serveChain } from '@postern/badcerts';
import {
  authResponse,
  decodeRequest,
  encodeResponse,
  faultElement,
  readSyncGalRequest,
  SoapFault,
  type SyncGalResult,
  syncGalResponse,
} from '@postern/soap';
import { SERVER_NAME, type Stage, stage } from './stage.ts';
import { afterwards } from './temporary.ts';

/** A server whose address list comes in pages, by the token that was asked with. */
async function addressList(
  t: TestContext,
  pages: Readonly<Record<string, Partial<SyncGalResult>>>,
): Promise<Stage & { asked: (string | null)[] }> {
  const asked: (string | null)[] = [];
  const chain = await makeChain(goodPlan('gal', SERVER_NAME));
  const server = await serveChain(chain, async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
    const answer = (): ReturnType<typeof authResponse> => {
      if (incoming.url === '/service/soap/AuthRequest') {
        return authResponse({ authToken: 't', lifetimeMs: 1, refer: null, csrfToken: null });
      }
      if (incoming.url !== '/service/soap/SyncGalRequest') {
        response.writeHead(500);
        return faultElement(new SoapFault('service.UNKNOWN_DOCUMENT', 'unknown'));
      }
      const { token } = readSyncGalRequest(decodeRequest(Buffer.concat(chunks)).body);
      asked.push(token);
      const page = pages[token ?? 'all'] ?? {};
      return syncGalResponse({
        token: 'end',
        more: false,
        fullSyncRecommended: false,
        entries: [],
        deletedIds: [],
        ...page,
      });
    };
    response.end(encodeResponse({ session: null, changeToken: null }, answer()));
  });
  afterwards(t, () => server.close());
  const staged = await stage(t, { port: server.port, roots: [pem(chain.parts.root.der)] });
  return { ...staged, asked };
}

const entry = (id: string, fullName: string): SyncGalResult['entries'][number] => ({
  id,
  fields: [
    ['email', `${id}@example.test`],
    ['fullName', fullName],
  ],
});

const namesIn = async ({ engine }: Stage): Promise<string[]> =>
  (await engine.store.searchGal('', 10)).map(({ name }) => name);

test('an address list comes page by page and then by what changed', async (t) => {
  const staged = await addressList(t, {
    all: { token: 'p2', more: true, entries: [entry('a', 'Anna')] },
    p2: { token: 'end', entries: [entry('b', 'Bob')] },
    end: { token: 'end2', entries: [entry('c', 'Carl')], deletedIds: ['a'] },
  });
  await staged.engine.start('background');
  assert.deepEqual(await namesIn(staged), ['Anna', 'Bob']);
  await staged.engine.sendReceive();
  assert.deepEqual(await namesIn(staged), ['Bob', 'Carl']);
  assert.deepEqual(staged.asked, [null, 'p2', 'end']);
});

test('a server that would rather begin anew gets a whole list, in place of the old one', async (t) => {
  const staged = await addressList(t, {
    all: { token: 'old', entries: [entry('a', 'Anna')] },
    old: { token: 'x', fullSyncRecommended: true },
  });
  await staged.engine.start('background');
  await staged.engine.sendReceive();
  assert.deepEqual(staged.asked, [null, 'old', null]);
  assert.deepEqual(await namesIn(staged), ['Anna']);
});

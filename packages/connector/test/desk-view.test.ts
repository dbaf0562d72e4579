/** Mail in a frame: an address that opens one document once, with headers of its own. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '../../../test/manual-clock.ts';
import { createViewTickets } from '../src/host/desk/view-tickets.ts';
import { deskStage } from './desk-stage.ts';

const AT = new Date('2026-11-23T08:00:00Z');
const FRAME = { headers: { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe' } };

const PICTURES = [
  { pictures: false, sources: 'img-src data:' },
  { pictures: true, sources: 'img-src data: https: http:' },
] as const;

for (const { pictures, sources } of PICTURES) {
  test(`a document with pictures ${pictures ? '' : 'not '}asked for may load "${sources}" and nothing else`, async (t) => {
    const { ask, tickets } = await deskStage(t);
    const html = '<p>Grüße</p>';
    const { status, headers, body } = await ask('GET', tickets.add({ html, pictures }), FRAME);
    assert.equal(status, 200);
    assert.equal(Buffer.from(body, 'latin1').toString(), html);
    assert.equal(
      headers['content-security-policy'],
      `sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; ${sources}; frame-ancestors 'self'; base-uri 'none'; form-action 'none'`,
    );
    for (const [name, value] of [
      ['content-type', 'text/html; charset=utf-8'],
      ['cross-origin-embedder-policy', 'credentialless'],
      ['cross-origin-resource-policy', 'same-origin'],
      ['x-frame-options', 'SAMEORIGIN'],
      ['referrer-policy', 'no-referrer'],
      ['x-content-type-options', 'nosniff'],
      ['cache-control', 'no-store'],
    ] as const) {
      assert.equal(headers[name], value, name);
    }
  });
}

test('an address is good once, for its frame alone; whoever else asks does not spend it', async (t) => {
  const { ask, tickets, authority } = await deskStage(t);
  const at = tickets.add({ html: 'x', pictures: false });
  const others = [
    { headers: { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' } },
    { headers: { 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty' } },
    { headers: { ...FRAME.headers, 'Sec-Fetch-Site': 'cross-site' } },
    { headers: { ...FRAME.headers, Host: `localhost:${authority.split(':')[1]}` } },
  ];
  for (const other of others) assert.ok([403, 421].includes((await ask('GET', at, other)).status));
  assert.equal((await ask('POST', at, { body: {} })).status, 405);
  assert.equal((await ask('GET', `${at}x`, FRAME)).status, 404);
  assert.equal((await ask('GET', at, FRAME)).status, 200);
  assert.equal((await ask('GET', at, FRAME)).status, 404);
});

test('an address is good for 30 seconds, and the newest sixteen wait', async () => {
  const clock = createManualClock(AT);
  const tickets = createViewTickets(clock);
  const takes = (address: string | undefined): boolean =>
    tickets.take((address ?? '').replace('/mail/', '')) !== null;
  const document = { html: 'x', pictures: false };
  const [soon, late] = [tickets.add(document), tickets.add(document)];
  assert.match(soon, /^\/mail\/[\w-]{43}$/);
  await clock.advance(29_999);
  assert.equal(takes(soon), true);
  await clock.advance(1);
  assert.equal(takes(late), false);
  const many = Array.from({ length: 17 }, () => tickets.add(document));
  assert.deepEqual(
    many.map(takes),
    many.map((_, index) => index > 0),
  );
  // The computer slept: no timer has run.
  const asleep = tickets.add(document);
  clock.setWallClock(new Date(clock.now().getTime() + 30_000));
  assert.equal(takes(asleep), false);
  const last = tickets.add(document);
  tickets.close();
  assert.equal(takes(last), false);
  assert.equal(clock.pending, 0);
});

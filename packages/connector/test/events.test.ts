import assert from 'node:assert/strict';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createManualClock } from '../../../test/manual-clock.ts';
import { createEventStreams } from '../src/host/events.ts';
import { afterwards } from './temporary.ts';

const AT = new Date('2026-11-23T08:00:00Z');

test('a front end that does not read is let go before it fills the memory', async (t) => {
  const startedAt = AT.toISOString();
  const status = {
    schema: 1,
    version: '0.1.0',
    startedAt,
    profiles: [],
    unreadable: [],
    questions: [],
  } as const;
  const streams = createEventStreams(() => ({ ...status }), createManualClock(AT));
  const attached = Promise.withResolvers<void>();
  let waiting: http.ServerResponse | null = null;
  let hasEnded = false;
  const server = http.createServer((_request, response) => {
    waiting = response;
    streams.open(response, () => {
      hasEnded = true;
    });
    attached.resolve();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterwards(t, () => server.close());
  const front = net.connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
  front.on('error', () => {});
  afterwards(t, () => front.destroy());
  front.write('GET /api/events HTTP/1.1\r\nHost: postern\r\n\r\n');
  await attached.promise;
  const text = 'x'.repeat(64 * 1024);
  let most = 0;
  for (let sent = 0; sent < 1000 && !hasEnded; sent++) {
    streams.send({ type: 'notice', profile: null, text });
    most = Math.max(most, (waiting as http.ServerResponse | null)?.writableLength ?? 0);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(hasEnded, true);
  assert.ok(most < 8 * 1024 * 1024, `${most} bytes waited`);
});

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import tls from 'node:tls';
import * as soap from '@postern/soap';
import { homePaths } from '../src/index.ts';
import { type Fixture, startFixture } from './fixture.ts';

const REFUSED: readonly { name: string; body: Buffer | string; code: string; reason: RegExp }[] = [
  { name: 'nothing', body: '', code: 'service.PARSE_ERROR', reason: /^request is not JSON$/ },
  {
    name: 'garbage',
    body: Buffer.from([0, 1, 2, 255, 254]),
    code: 'service.PARSE_ERROR',
    reason: /^request is not UTF-8$/,
  },
  {
    name: 'half a request',
    body: '{"Body":{"NoOpRequest"',
    code: 'service.PARSE_ERROR',
    reason: /^request is not JSON$/,
  },
  {
    name: 'a hundred thousand levels',
    body: '{"a":'.repeat(100_000),
    code: 'service.PARSE_ERROR',
    reason: /^deeper than 64 levels$/,
  },
  {
    name: 'a million values',
    body: `{"a":[${'1,'.repeat(1_100_000)}1]}`,
    code: 'service.PARSE_ERROR',
    reason: /^more than 1000000 values$/,
  },
  {
    name: 'XML',
    body: '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    code: 'service.PARSE_ERROR',
    reason: /^request is not JSON$/,
  },
  {
    name: 'no body',
    body: '{"Header":{}}',
    code: 'service.INVALID_REQUEST',
    reason: /has no element "Body"/,
  },
  {
    name: 'two bodies',
    body: '{"Body":{"A":{},"B":{}}}',
    code: 'service.INVALID_REQUEST',
    reason: /holds 2 elements/,
  },
  {
    name: 'an unknown request',
    body: '{"Body":{"EvilRequest":{}}}',
    code: 'service.UNKNOWN_DOCUMENT',
    reason: /EvilRequest/,
  },
  {
    name: 'a method of every object',
    body: '{"Body":{"constructor":{}}}',
    code: 'service.UNKNOWN_DOCUMENT',
    reason: /constructor/,
  },
  {
    name: 'no token',
    body: '{"Body":{"SyncRequest":{}}}',
    code: 'service.AUTH_REQUIRED',
    reason: /^no valid authtoken present$/,
  },
  {
    name: 'a token that is a list of objects',
    body: '{"Header":{"context":{"authToken":[{"_content":"x"},{"a":1}]}},"Body":{"SyncRequest":{}}}',
    code: 'service.AUTH_REQUIRED',
    reason: /token/,
  },
  {
    name: 'a log-in without a password',
    body: '{"Body":{"AuthRequest":{"account":{"by":"name","_content":"anna@example.test"}}}}',
    code: 'service.INVALID_REQUEST',
    reason: /must specify password/,
  },
  {
    name: 'a log-in with a password of a megabyte',
    body: `{"Body":{"AuthRequest":{"account":{"by":"name","_content":"anna@example.test"},"password":"${'x'.repeat(1_000_000)}"}}}`,
    code: 'account.AUTH_FAILED',
    reason: /anna/,
  },
];

async function isAlive(fixture: Fixture): Promise<boolean> {
  return (await fixture.sync()).tree !== null;
}

test('a hostile request is a fault, and the server goes on', async (t) => {
  const fixture = await startFixture(t);
  for (const { name, body, code, reason } of REFUSED) {
    await t.test(name, async () => {
      const answer = await fixture.call('/service/soap', { body });
      assert.equal(answer.status, 500);
      assert.throws(
        () => soap.decodeResponse(answer.body),
        (error) => {
          assert.ok(error instanceof soap.SoapFault);
          assert.equal(error.code, code);
          assert.match(error.reason, reason);
          return true;
        },
      );
    });
  }
  assert.ok(await isAlive(fixture));
});

/** Sends a head, and then zeros for as long as the server takes them; resolves with its answer. */
async function pour(
  fixture: Fixture,
  head: string,
  bytes: number,
): Promise<{ answer: string; sent: number }> {
  const ca = await readFile(homePaths(fixture.home).authorityCertificate);
  const socket = tls.connect({ host: '127.0.0.1', port: fixture.port('https'), ca });
  let answer = '';
  let sent = 0;
  const piece = Buffer.alloc(256 * 1024, 0x20);
  return new Promise((resolve) => {
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    // The server may close while we still send: that is its right, and no failure of the test.
    socket.on('error', () => undefined);
    socket.once('close', () => resolve({ answer, sent }));
    const pump = (): void => {
      while (sent < bytes && !socket.destroyed) {
        sent += piece.length;
        if (!socket.write(piece)) return void socket.once('drain', pump);
      }
    };
    socket.once('secureConnect', () => {
      socket.write(head);
      pump();
    });
  });
}

const HUNDRED_MB = 100 * 1024 * 1024;

const FLOODS: readonly {
  name: string;
  head: (fixture: Fixture) => string;
  status: number;
  text: RegExp;
}[] = [
  {
    name: 'a SOAP request of 100 MB',
    head: () => `POST /service/soap HTTP/1.1\r\nHost: x\r\nContent-Length: ${HUNDRED_MB}\r\n\r\n`,
    status: 500,
    text: /request is larger than 15360000 bytes/,
  },
  {
    name: 'an upload of 100 MB',
    head: (fixture) =>
      `POST /service/upload?fmt=raw HTTP/1.1\r\nHost: x\r\nCookie: ZM_AUTH_TOKEN=${fixture.token}\r\nContent-Length: ${HUNDRED_MB}\r\n\r\n`,
    status: 200,
    text: /413,'null'/,
  },
];

test('100 MB are refused unread', async (t) => {
  const fixture = await startFixture(t);
  for (const { name, head, status, text } of FLOODS) {
    await t.test(name, async () => {
      const before = process.memoryUsage().arrayBuffers;
      const { answer } = await pour(fixture, head(fixture), HUNDRED_MB);
      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
      assert.match(answer, text);
      assert.match(answer, /\r\nConnection: close\r\n/);
      assert.ok(process.memoryUsage().arrayBuffers - before < 50 * 1024 * 1024);
    });
  }
  assert.ok(await isAlive(fixture));
});

test('a body without a length is refused as soon as it is too long', async (t) => {
  const fixture = await startFixture(t);
  const body = Buffer.alloc(16_000_000, 0x20);
  const answer = await fixture.call('/service/soap', {
    body,
    headers: { 'transfer-encoding': 'chunked' },
  });
  assert.match(answer.body.toString(), /request is larger than 15360000 bytes/);
});

const PATHS: readonly { target: string; method: string; status: number }[] = [
  { target: '/', method: 'GET', status: 404 },
  { target: '/service/soap', method: 'GET', status: 405 },
  { target: '/service/soapX', method: 'POST', status: 404 },
  { target: '/service/admin/soap', method: 'POST', status: 404 },
  { target: '/service/home/~/?id=1', method: 'DELETE', status: 405 },
  { target: '/service/home/~/?id=1&zauthtoken=forged', method: 'GET', status: 401 },
  { target: '/../../etc/passwd', method: 'GET', status: 404 },
];

test('other paths and methods are refused', async (t) => {
  const fixture = await startFixture(t);
  for (const { target, method, status } of PATHS) {
    await t.test(`${method} ${target}`, async () =>
      assert.equal((await fixture.call(target, { method })).status, status),
    );
  }
});

test('the admin port speaks no plain HTTP', async (t) => {
  const fixture = await startFixture(t, { mode: 'http' });
  const { default: http } = await import('node:http');
  const outcome = await new Promise((resolve) => {
    http
      .get({ host: '127.0.0.1', port: fixture.port('admin'), path: '/' }, () => resolve('answered'))
      .once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  });
  assert.equal(outcome, 'ECONNRESET');
  const overHttp = await fixture.call('/service/soap', { listener: 'http', body: '{}' });
  assert.equal(overHttp.status, 500);
});

test('a batch in a batch and a batch too long are refused, a fault in one leaves the others', async (t) => {
  const fixture = await startFixture(t);
  const many = soap.batchRequest(Array.from({ length: 101 }, () => soap.noOpRequest()));
  await assert.rejects(fixture.soap(many), { code: 'service.INVALID_REQUEST' });
  const mixed = [
    soap.getPrefsRequest(),
    soap.batchRequest([]),
    soap.getFolderRequest({ id: 999 }),
    soap.noOpRequest(),
  ];
  const { body } = await fixture.soap(soap.batchRequest(mixed));
  const answers = soap.readBatchResponse(body, mixed.length);
  assert.deepEqual(
    answers.map((one) => (one instanceof soap.SoapFault ? one.code : one?.name)),
    ['GetPrefsResponse', 'service.INVALID_REQUEST', 'mail.NO_SUCH_FOLDER', 'NoOpResponse'],
  );
  const stopped = await fixture.soap(
    soap.batchRequest([soap.getFolderRequest({ id: 999 }), soap.noOpRequest()], 'stop'),
  );
  assert.equal(soap.readBatchResponse(stopped.body, 2)[1], null);
});

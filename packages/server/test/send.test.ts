import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as soap from '@postern/soap';
import { createAccount } from '../src/index.ts';
import { type Fixture, faultOf, PASSWORD, startFixture } from './fixture.ts';

const BOB = 'bob@example.test';
const { inbox, junk, sent } = soap.FOLDER;

function letter(to: string, more = ''): string {
  return `From: Anna <anna@example.test>\r\nTo: ${to}\r\n${more}Subject: hello\r\nMessage-ID: <1@example.test>\r\n\r\nhello Bob\r\n`;
}

async function withBob(fixture: Fixture): Promise<void> {
  await createAccount({ home: fixture.home, name: BOB, password: PASSWORD });
}

async function send(
  fixture: Fixture,
  text: string,
  more: Partial<soap.Sending> = {},
): Promise<number | null> {
  const request = soap.sendMsgRequest({ aid: await fixture.upload(text), sendUid: null, ...more });
  return soap.readSendMsgResponse((await fixture.soap(request)).body).savedId;
}

function idsIn(result: soap.SyncResult, folderId: number): readonly number[] {
  return result.tree?.folders.find((one) => one.id === folderId)?.items.m ?? [];
}

test('a message goes to the recipient’s Inbox, and as it was to Sent', async (t) => {
  const fixture = await startFixture(t);
  await withBob(fixture);
  const text = letter(`Bob <${BOB}>`);
  const savedId = await send(fixture, text);
  assert.deepEqual(idsIn(await fixture.sync(), sent), [savedId]);
  assert.equal((await fixture.content(savedId ?? 0)).toString(), text);
  await fixture.logIn(BOB);
  const [id = 0] = idsIn(await fixture.sync(), inbox);
  const received = (await fixture.content(id)).toString();
  assert.match(
    received,
    /^Return-Path: <anna@example\.test>\r\nReceived: by mail\.example\.test with HTTP \(Postern\); [^\r]+\r\n/,
  );
  assert.ok(received.endsWith(text));
});

test('the same suid sends once, also when both arrive together', async (t) => {
  const fixture = await startFixture(t);
  await withBob(fixture);
  const text = letter(BOB);
  const both = await Promise.all([
    send(fixture, text, { sendUid: 's1' }),
    send(fixture, text, { sendUid: 's1' }),
  ]);
  const third = await send(fixture, text, { sendUid: 's1' });
  assert.deepEqual(new Set([...both, third]).size, 1);
  assert.equal(idsIn(await fixture.sync(), sent).length, 1);
  await fixture.logIn(BOB);
  assert.equal(idsIn(await fixture.sync(), inbox).length, 1);
});

test('an address that is not here stops the whole message', async (t) => {
  const fixture = await startFixture(t);
  await withBob(fixture);
  const sending = send(fixture, letter(`${BOB}, stranger@elsewhere.test`), { sendUid: 's1' });
  assert.deepEqual(await faultOf(sending), {
    code: 'mail.SEND_ABORTED_ADDRESS_FAILURE',
    reason: 'invalid address: stranger@elsewhere.test',
  });
  assert.deepEqual(idsIn(await fixture.sync(), sent), []);
  assert.notEqual(await send(fixture, letter(BOB), { sendUid: 's1' }), null);
});

test('nobody sees who was in Bcc, and all get the message', async (t) => {
  const fixture = await startFixture(t);
  await withBob(fixture);
  await send(
    fixture,
    letter('anna@example.test', `Bcc: ${BOB},\r\n other <anna@example.test>\r\n`),
  );
  await fixture.logIn(BOB);
  const [id = 0] = idsIn(await fixture.sync(), inbox);
  const received = (await fixture.content(id)).toString();
  assert.doesNotMatch(received, /bcc|other/i);
  assert.match(received, /\r\nSubject: hello\r\n/);
});

test('a blocked sender’s mail goes to Junk', async (t) => {
  const fixture = await startFixture(t);
  await withBob(fixture);
  await fixture.logIn(BOB);
  const blocked: soap.SenderListChange = { kind: 'replace', addresses: ['example.test'] };
  await fixture.soap(soap.modifyWhiteBlackListRequest({ allowed: null, blocked }));
  await fixture.logIn();
  await send(fixture, letter(BOB));
  await fixture.logIn(BOB);
  assert.equal(idsIn(await fixture.sync(), junk).length, 1);
});

test('one cannot send as somebody else', async (t) => {
  const fixture = await startFixture(t);
  await withBob(fixture);
  const forged = letter(BOB).replace('anna@example.test', BOB);
  assert.deepEqual(await faultOf(send(fixture, forged)), {
    code: 'service.PERM_DENIED',
    reason: `permission denied: cannot send as ${BOB}`,
  });
});

test('an answer marks the message that it answers', async (t) => {
  const fixture = await startFixture(t);
  await withBob(fixture);
  const id = (await send(fixture, letter(BOB))) ?? 0;
  await send(fixture, letter(BOB), { answers: { id, kind: 'w' } });
  const { body } = await fixture.soap(soap.getMsgRequest(id));
  assert.equal(soap.readGetMsgResponse(body).item.flags, 'ws');
});

test('noSave keeps no copy', async (t) => {
  const fixture = await startFixture(t);
  await withBob(fixture);
  assert.equal(await send(fixture, letter(BOB), { noSave: true, sendUid: 'n' }), null);
  assert.equal(await send(fixture, letter(BOB), { noSave: true, sendUid: 'n' }), null);
  assert.deepEqual(idsIn(await fixture.sync(), sent), []);
  await fixture.logIn(BOB);
  assert.equal(idsIn(await fixture.sync(), inbox).length, 1);
});

test('a message described in the request is composed', async (t) => {
  const fixture = await startFixture(t);
  await withBob(fixture);
  const text =
    '{"Body":{"SendMsgRequest":{"_jsns":"urn:zimbraMail","m":{"e":[{"t":"t","a":"bob@example.test","p":"Bob"}],' +
    '"su":"Grüße\\r\\nBcc: eve@x.test","mp":[{"ct":"text/plain","content":"Schöne Grüße"}]}}}}';
  const answer = await fixture.call('/service/soap', { body: text, headers: fixture.cookie });
  assert.equal(answer.status, 200);
  await fixture.logIn(BOB);
  const [id = 0] = idsIn(await fixture.sync(), inbox);
  const received = (await fixture.content(id)).toString();
  assert.match(received, /\r\nTo: Bob <bob@example\.test>\r\nSubject: =\?UTF-8\?B\?/);
  assert.doesNotMatch(received, /^Bcc/im);
  assert.ok(received.includes(Buffer.from('Schöne Grüße').toString('base64')));
});

test('an upload is another account’s to use never', async (t) => {
  const fixture = await startFixture(t);
  await withBob(fixture);
  const aid = await fixture.upload(letter(BOB));
  await fixture.logIn(BOB);
  const request = soap.sendMsgRequest({ aid, sendUid: null });
  assert.equal((await faultOf(fixture.soap(request))).code, 'mail.NO_SUCH_UPLOAD');
});

const UPLOADS: readonly {
  name: string;
  target: string;
  body: string;
  type: string;
  status: number;
  names?: (string | null)[];
}[] = [
  {
    name: 'a plain body',
    target: 'fmt=raw,extended',
    body: 'x',
    type: 'text/plain',
    status: 200,
    names: ['note.txt'],
  },
  { name: 'nothing', target: 'fmt=raw', body: '', type: 'text/plain', status: 204 },
  {
    name: 'a form with two files',
    target: 'fmt=raw,extended',
    body: '--B\r\nContent-Disposition: form-data; name="requestId"\r\n\r\nr1\r\n--B\r\nContent-Disposition: form-data; name="a"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nA\r\n--B\r\nContent-Disposition: form-data; name="b"; filename*=UTF-8\'\'%C3%BC.txt\r\n\r\nB\r\n--B--\r\n',
    type: 'multipart/form-data; boundary=B',
    status: 200,
    names: ['a.txt', 'ü.txt'],
  },
  {
    name: 'a form with a bad requestId',
    target: 'fmt=raw',
    body: '--B\r\nContent-Disposition: form-data; name="requestId"\r\n\r\n\'<x>\r\n--B\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\nA\r\n--B--\r\n',
    type: 'multipart/form-data; boundary=B',
    status: 400,
  },
];

test('uploads answer HTTP 200 with their own status inside', async (t) => {
  const fixture = await startFixture(t);
  for (const { name, target, body, type, status, names } of UPLOADS) {
    await t.test(name, async () => {
      const headers = {
        ...fixture.cookie,
        'content-type': type,
        'content-disposition': 'attachment; filename="note.txt"',
      };
      const answer = await fixture.call(`/service/upload?${target}`, { body, headers });
      const result = soap.readUploadResponse(answer.body.toString());
      assert.deepEqual({ http: answer.status, status: result.status }, { http: 200, status });
      if (names !== undefined)
        assert.deepEqual(
          result.uploads.map((one) => one.fileName),
          names,
        );
    });
  }
  const stranger = await fixture.call('/service/upload?fmt=raw', { body: 'x' });
  assert.equal(stranger.body.toString().trim(), "401,'null'");
});

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import {
  createWaitSetRequest,
  destroyWaitSetRequest,
  noOpRequest,
  readCreateWaitSetResponse,
  readNoOpResponse,
  readWaitSetResponse,
  type WaitResult,
  waitSetRequest,
} from '@postern/soap';
import { addMessage } from '../src/index.ts';
import { type Fixture, faultOf, startFixture } from './fixture.ts';

const MESSAGE = Buffer.from('From: a@example.test\r\nSubject: hello\r\n\r\nhello\r\n');

async function createSet(fixture: Fixture, token: string | null = null): Promise<string> {
  const { body } = await fixture.soap(createWaitSetRequest([{ id: fixture.accountId, token }]));
  return readCreateWaitSetResponse(body).waitSet;
}

async function wait(
  fixture: Fixture,
  waitSet: string,
  sequence: string,
  block = true,
): Promise<WaitResult> {
  const request = waitSetRequest({ waitSet, sequence, block, timeoutMs: 300_000 });
  return readWaitSetResponse((await fixture.soap(request)).body);
}

test('a commit wakes a blocked wait', async (t) => {
  const fixture = await startFixture(t);
  const waitSet = await createSet(fixture);
  const waiting = wait(fixture, waitSet, '0');
  await fixture.soap(noOpRequest());
  await addMessage({ home: fixture.home, account: 'anna@example.test', message: MESSAGE });
  assert.deepEqual(await waiting, {
    sequence: '1',
    canceled: false,
    changedAccounts: [fixture.accountId],
    errors: [],
  });
});

test('a commit of another process wakes a blocked wait', async (t) => {
  const fixture = await startFixture(t);
  const waitSet = await createSet(fixture);
  const waiting = wait(fixture, waitSet, '0');
  const program = `
    const { addMessage } = await import(${JSON.stringify(import.meta.resolve('../src/index.ts'))});
    const message = Buffer.from('Subject: from outside\\r\\n\\r\\nhello');
    await addMessage({ home: ${JSON.stringify(fixture.home)}, account: 'anna@example.test', message });`;
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  assert.deepEqual((await waiting).changedAccounts, [fixture.accountId]);
  const { tree } = await fixture.sync();
  assert.equal(tree?.folders.find((one) => one.name === 'Inbox')?.count, 1);
});

test('a change before the wait is told at once', async (t) => {
  const fixture = await startFixture(t);
  const { token } = await fixture.sync();
  await addMessage({ home: fixture.home, account: 'anna@example.test', message: MESSAGE });
  const waitSet = await createSet(fixture, token);
  assert.deepEqual((await wait(fixture, waitSet, '0')).changedAccounts, [fixture.accountId]);
});

test('a change is told again until the client shows that it heard', async (t) => {
  const fixture = await startFixture(t);
  const waitSet = await createSet(fixture);
  await addMessage({ home: fixture.home, account: 'anna@example.test', message: MESSAGE });
  const first = await wait(fixture, waitSet, '0');
  const again = await wait(fixture, waitSet, '0');
  assert.deepEqual([first.sequence, again.sequence], ['1', '2']);
  assert.deepEqual(again.changedAccounts, [fixture.accountId]);
  assert.deepEqual((await wait(fixture, waitSet, '2', false)).changedAccounts, []);
});

test('a second wait on a set cancels the first', async (t) => {
  const fixture = await startFixture(t);
  const waitSet = await createSet(fixture);
  const first = wait(fixture, waitSet, '0');
  await fixture.soap(noOpRequest());
  const second = wait(fixture, waitSet, '0');
  assert.deepEqual(await first, {
    sequence: null,
    canceled: true,
    changedAccounts: [],
    errors: [],
  });
  await addMessage({ home: fixture.home, account: 'anna@example.test', message: MESSAGE });
  assert.deepEqual((await second).changedAccounts, [fixture.accountId]);
});

test('a set that is destroyed, or never was, is a fault', async (t) => {
  const fixture = await startFixture(t);
  const waitSet = await createSet(fixture);
  await fixture.soap(destroyWaitSetRequest(waitSet));
  assert.deepEqual(await faultOf(wait(fixture, waitSet, '0')), {
    code: 'admin.NO_SUCH_WAITSET',
    reason: `no such wait set id: ${waitSet}`,
  });
});

test('the sixth set of an account takes the place of the oldest', async (t) => {
  const fixture = await startFixture(t);
  const sets: string[] = [];
  for (let n = 0; n < 7; n++) sets.push(await createSet(fixture));
  const [oldest = ''] = sets;
  assert.equal((await faultOf(wait(fixture, oldest, '0'))).code, 'admin.NO_SUCH_WAITSET');
  assert.deepEqual((await wait(fixture, sets.at(-1) ?? '', '0', false)).changedAccounts, []);
});

test('another account cannot be watched', async (t) => {
  const fixture = await startFixture(t);
  const { body } = await fixture.soap(createWaitSetRequest([{ id: 'someone-else', token: null }]));
  assert.deepEqual(readCreateWaitSetResponse(body).errors, [
    { id: 'someone-else', kind: 'PERM_DENIED' },
  ]);
});

test('NoOp waits in a session, and needs one', async (t) => {
  const fixture = await startFixture(t);
  assert.deepEqual(await faultOf(fixture.soap(noOpRequest({ timeoutMs: 60_000 }))), {
    code: 'service.INVALID_REQUEST',
    reason: 'invalid request: Cannot execute a NoOpRequest with wait="1" without a session.',
  });
  const opened = await fixture.soap(noOpRequest({ timeoutMs: 60_000 }), { session: '' });
  const { session } = opened.context;
  assert.equal(typeof session, 'string');
  const waiting = fixture.soap(noOpRequest({ timeoutMs: 60_000 }), { session });
  await fixture.soap(noOpRequest());
  await addMessage({ home: fixture.home, account: 'anna@example.test', message: MESSAGE });
  assert.equal(readNoOpResponse((await waiting).body).displaced, false);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_EVIDENCE, type TrustQuestion } from '@postern/trust';
import { createFrontAsker } from '../src/asker.ts';

const QUESTION: TrustQuestion = {
  id: 'q',
  endpoint: { host: 'mail.example.test', port: 443 },
  purpose: 'mail',
  because: 'first',
  initiatedBy: 'person',
  openedAt: new Date('2026-11-23T08:00:00Z'),
  diagnosis: null,
  leafSha256: null,
  expected: null,
  choices: [],
  waiting: ['mail'],
  evidence: NO_EVIDENCE,
};

test('without a front end nobody can be asked', async () => {
  const { asker } = createFrontAsker();
  assert.equal(await asker.ask(QUESTION, new AbortController().signal), null);
});

test('with a front end the question waits until it is closed elsewhere', async () => {
  const front = createFrontAsker();
  front.attach();
  const closed = new AbortController();
  const asked = front.asker.ask(QUESTION, closed.signal);
  closed.abort();
  assert.equal(await asked, null);
});

test('the last front end that leaves takes the asking with it, the first does not', async () => {
  const front = createFrontAsker();
  const leaveFirst = front.attach();
  const leaveLast = front.attach();
  const told: string[] = [];
  const asked = front.asker
    .ask(QUESTION, new AbortController().signal)
    .then(() => told.push('nobody'));
  leaveFirst();
  leaveFirst();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([front.attached, told], [1, []]);
  leaveLast();
  await asked;
  assert.deepEqual([front.attached, told], [0, ['nobody']]);
});

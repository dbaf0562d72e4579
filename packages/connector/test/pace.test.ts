import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '../../../test/manual-clock.ts';
import { createPace } from '../src/pace.ts';

const AT = new Date('2026-11-23T08:00:00Z');
const never = new AbortController().signal;

test('a server that answers is asked without any pause', async () => {
  const clock = createManualClock(AT);
  const pace = createPace(clock);
  for (let nth = 0; nth < 3; nth++) await pace.turn(never);
  assert.equal(clock.pending, 0);
});

test('after a refusal nothing is asked for a second, then 25 a second', async () => {
  const clock = createManualClock(AT);
  const pace = createPace(clock);
  const turns = [await pace.turn(never), await pace.turn(never)];
  for (const turn of turns) assert.equal(pace.refused(turn), true);
  let asked = 0;
  for (let nth = 0; nth < 26; nth++) void pace.turn(never).then(() => (asked += 1));
  await clock.advance(999);
  assert.equal(asked, 0);
  await clock.advance(1);
  assert.equal(asked, 1);
  await clock.advance(1000);
  assert.equal(asked, 26);
});

test('a server that refuses seven times in a row is given up, one that answers in between is not', async () => {
  const clock = createManualClock(AT);
  const given: boolean[] = [];
  for (const answersInBetween of [false, true]) {
    const pace = createPace(clock);
    let goesOn = true;
    for (let nth = 0; nth < 7; nth++) {
      const turn = pace.turn(never);
      await clock.advance(60_000);
      goesOn = pace.refused(await turn);
      if (answersInBetween) pace.answered();
    }
    given.push(goesOn);
  }
  assert.deepEqual(given, [false, true]);
});

test('a turn that is waited for ends with Work Offline', async () => {
  const clock = createManualClock(AT);
  const pace = createPace(clock);
  pace.refused(await pace.turn(never));
  const abort = new AbortController();
  const turn = pace.turn(abort.signal);
  abort.abort(new Error('work offline'));
  await assert.rejects(turn, { message: 'work offline' });
  assert.equal(clock.pending, 0);
});

/** Asks the sample question on its terminal and prints what was answered: the program that ask.test.ts types into. */

import { processOutput } from '../src/output.ts';
import { askOnTerminal } from '../src/terminal/ask.ts';
import { readPassword } from '../src/terminal/password.ts';
import { CAUSE, question } from './sample-question.ts';

const output = processOutput();
if (process.argv[2] === 'password') {
  const password = await readPassword({ prompt: 'Password: ', fromStdin: false });
  output.line(`length ${password.length}`);
} else {
  const rejectsFirst = process.argv[2] === 'reject';
  let given = 0;
  const taken = await askOnTerminal(
    {
      report: question(),
      over: new AbortController().signal,
      watch(newer) {
        if (process.argv[2] !== 'explain') return () => {};
        const tell = (): void => newer(question({ causes: [CAUSE] }));
        process.on('SIGUSR2', tell);
        output.line(`pid ${process.pid}.`);
        return () => process.off('SIGUSR2', tell);
      },
    },
    async (answer) => {
      given += 1;
      output.line(`answer ${JSON.stringify(answer)}`);
      if (answer.kind === 'workOffline') return { kind: 'refused' };
      if (rejectsFirst && given === 1) return { kind: 'rejected', why: 'fingerprint-differs' };
      return { kind: 'granted', until: '2026-11-24T08:00:00.000Z' };
    },
    output,
  );
  output.line(`taken ${taken?.kind}`);
}

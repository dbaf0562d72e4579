/**
 * Keeps facts in the history named in argv and tells its parent what happens: each fact that is known
 * to be written, or the failure. With `once` it records one fact, asks for nothing and waits.
 */

import { systemClock } from '@postern/trust';
import { openHistory } from '../src/history/history.ts';
import { EVERYTHING, fact } from './history-facts.ts';

const [file = '', mode = ''] = process.argv.slice(2);
const history = openHistory(file, { clock: systemClock });
history.onFailure(({ code }) => process.send?.(code));
// Keeps this process alive until it is killed.
process.on('message', () => {});
if (mode === 'once') {
  history.record(fact({ kind: 'granted', text: 'You authorized connections.' }));
} else {
  const { total } = await history.page(EVERYTHING).catch(() => ({ total: 0 }));
  for (let nth = total; history.failure === null; nth++) {
    history.record(fact({ purpose: `p${nth}` }));
    const page = await history.page(EVERYTHING);
    process.send?.(page.total);
  }
}

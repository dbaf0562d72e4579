/** Writes docs/public-cases.md from the public certificate suites, which stand beside the project, not in it. */

import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  accepts,
  hasCases,
  judgeCases,
  pageOf,
  readDivergences,
} from '../packages/trust/test/public-cases/judge.ts';

const PAGE = new URL('../docs/public-cases.md', import.meta.url);

if (!hasCases()) {
  process.stderr.write('the public certificate cases are missing: ../shared/data/x509/public\n');
  process.exitCode = 1;
} else {
  const judged = await judgeCases();
  const divergences = readDivergences();
  const known = new Set(divergences.map(({ key }) => key));
  for (const one of judged) {
    const isAsExpected = accepts(one) === (one.given.expected === 'SUCCESS');
    if (isAsExpected === known.has(one.key)) {
      const what = isAsExpected ? 'is as expected and has a reason' : 'differs and has no reason';
      process.stderr.write(`${one.key} ${what}\n`);
      process.exitCode = 1;
    }
  }
  await writeFile(PAGE, pageOf(judged, divergences));
  process.stdout.write(`${fileURLToPath(PAGE)}: ${judged.length} cases\n`);
}

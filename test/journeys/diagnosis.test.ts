/** What docs/diagnosis.md shows is typed again: every command there prints what stands there. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { caseById, pem } from '@postern/badcerts';
import { PROBLEM_KINDS } from '@postern/trust';
import { MAX_LIST_BYTES } from '../../packages/trust/src/crl.ts';
import { MAX_PRESENTED } from '../../packages/trust/src/diagnose.ts';
import { MAX_CONSTRAINT_COMPARISONS } from '../../packages/trust/src/name-constraints.ts';
import { MAX_SIGNATURE_CHECKS } from '../../packages/trust/src/path.ts';
import { MAX_CERTIFICATE_BYTES } from '../../packages/trust/src/read-certificate.ts';

const repoRoot = path.resolve(import.meta.dirname, '..', '..');
const postern = path.join(repoRoot, 'packages', 'cli', 'bin', 'postern.js');

/** The files that the page names: chains, and the roots of cases. */
const CHAINS: Readonly<Record<string, string>> = {
  'mailbox.pem': 'zimbra::root-installed',
  'server.pem': 'chain::intermediate-missing',
  'three.pem': 'combined::chain-root-not-trusted+name-mismatch+dates-expired',
};
const ROOTS: Readonly<Record<string, string>> = {
  'company-root.pem': 'chain::good',
  'root.pem': 'chain::intermediate-missing',
  'zimbra-root.pem': 'zimbra::root-installed',
};

const page = await fs.readFile(path.join(repoRoot, 'docs', 'diagnosis.md'), 'utf8');
const transcripts = [...page.matchAll(/```console\n\$ postern (.*)\n([\s\S]*?)```/g)].map(
  ([, command = '', printed = '']) => ({ command, printed }),
);

describe('the transcripts of the diagnosis', () => {
  let folder = '';

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'postern-diagnosis-'));
    for (const [name, id] of Object.entries(CHAINS)) {
      await write(name, (await caseById(id).make()).presented);
    }
    for (const [name, id] of Object.entries(ROOTS)) {
      await write(name, (await caseById(id).make()).anchors);
    }
  });
  after(() => fs.rm(folder, { recursive: true }));

  async function write(name: string, ders: readonly Uint8Array[]): Promise<void> {
    await fs.writeFile(path.join(folder, name), ders.map(pem).join(''));
  }

  function type(command: string): Promise<string> {
    const env = {
      ...process.env,
      POSTERN_HOME: path.join(folder, 'home'),
      NO_COLOR: '1',
      TZ: 'UTC',
    };
    return new Promise((resolve) => {
      const words = [postern, ...command.split(' ')];
      // It exits with 1 where there are findings.
      execFile(process.execPath, words, { env, cwd: folder }, (_error, stdout) => resolve(stdout));
    });
  }

  test('there are four', () => assert.equal(transcripts.length, 4));

  for (const { command, printed } of transcripts) {
    test(`postern ${command}`, async () => {
      assert.equal(withoutFingerprints(await type(command)), withoutFingerprints(printed));
    });
  }
});

test('its numbers are those of the program and of the table of public cases', async () => {
  const says = (text: string): void => assert.ok(page.includes(text), text);
  says(`There are ${PROBLEM_KINDS.length} kinds`);
  says(`At most ${MAX_PRESENTED} certificates of ${MAX_CERTIFICATE_BYTES / 1024} KiB`);
  says(`${MAX_SIGNATURE_CHECKS} signatures checked`);
  says(`${MAX_CONSTRAINT_COMPARISONS.toLocaleString('en')} names compared`);
  says(`${MAX_LIST_BYTES / 2 ** 20} MiB read`);
  const table = await fs.readFile(path.join(repoRoot, 'docs', 'public-cases.md'), 'utf8');
  const [, tooLax] = /^\| x509-limbo \| \d+ \| \d+ \| (\d+) \|/m.exec(table) ?? [];
  says(`breaches of form alone, ${tooLax} cases`);
  const [, all] = /^\| all \| (\d+) \|/m.exec(table) ?? [];
  says(`six other verifiers, ${all} cases`);
});

/** Keys are made anew in every run. */
function withoutFingerprints(text: string): string {
  return text.replace(/([0-9A-F]{2}:){15,31}[0-9A-F]{2}/g, 'FINGERPRINT');
}

/** Where the differential tests have their chains from: random ones, the test kit's and public ones, damaged. */

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type BadCertCase, cases } from '@postern/badcerts';
import { parseCertificate, parsePem } from '../../src/certificate.ts';
import type { Batch, Source } from './compare.ts';
import { damage, type Signed, withOurKeys } from './damage.ts';
import type { Random } from './random.ts';
import { randomBatch } from './random-chains.ts';

const PUBLIC = path.join(import.meta.dirname, '../../../../../shared/data/x509/public/cases.jsonl');

/** Largest chain that is damaged, in bytes: what is there to be slow is another test's. */
const MAX_CHAIN_BYTES = 20_000;

/** Leaves for one process: they are cheap, the process is not. */
const LEAVES = 16;

/** A chain as it was made, every certificate with the key that signs it. */
interface Whole {
  about: string;
  serverName: string;
  at: Date;
  leaf: Signed;
  pool: readonly Signed[];
  anchors: readonly Signed[];
}

/** Chains that are random from the start. */
export const randomChains: Source = (random) => randomBatch(random, LEAVES);

/** Chains of the test kit with other keys, damaged. */
export async function damagedKitChains(): Promise<Source> {
  const judged = cases.filter(({ id }) => !id.startsWith('limits::'));
  const wholes: Whole[] = [];
  for (const one of judged) wholes.push(...(await kitChain(one)));
  return (random) => damaged(random.pick(wholes), random);
}

async function kitChain(one: BadCertCase): Promise<Whole[]> {
  const { presented, anchors } = await one.make();
  return wholeOf(one.id, one.serverName, one.at, presented, anchors);
}

/** Whether the public cases are on this machine. */
export function hasPublicChains(): boolean {
  return existsSync(PUBLIC);
}

/** Chains of the public suites with other keys, damaged. */
export function damagedPublicChains(): Source {
  const wholes = readFileSync(PUBLIC, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => publicChain(JSON.parse(line)));
  return (random) => damaged(random.pick(wholes), random);
}

interface PublicCase {
  id: string;
  trusted: string[];
  intermediates: string[];
  leaf: string;
  time: string | null;
  name: { value: string } | null;
}

function publicChain({ id, trusted, intermediates, leaf, time, name }: PublicCase): Whole[] {
  const ders = (pems: readonly string[]): Uint8Array[] => pems.flatMap((pem) => parsePem(pem, id));
  const presented = ders([leaf, ...intermediates]);
  const [first = new Uint8Array()] = presented;
  const { subjectAltNames, notBefore } = parseCertificate(first);
  const own = subjectAltNames.find(({ type, value }) => type === 'dns' && !value.includes('*'));
  const serverName = name?.value ?? own?.value;
  if (serverName === undefined) return [];
  const at = time === null ? new Date(notBefore.getTime() + 1000) : new Date(time);
  return wholeOf(id, serverName, at, presented, ders(trusted));
}

function wholeOf(
  about: string,
  serverName: string,
  at: Date,
  presented: readonly Uint8Array[],
  anchors: readonly Uint8Array[],
): Whole[] {
  const all = [...presented, ...anchors];
  if (all.reduce((sum, { length }) => sum + length, 0) > MAX_CHAIN_BYTES) return [];
  const [leaf, ...others] = withOurKeys(all) ?? [];
  if (leaf === undefined) return [];
  const pool = others.slice(0, presented.length - 1);
  return [{ about, serverName, at, leaf, pool, anchors: others.slice(presented.length - 1) }];
}

/** Many damaged leaves, or one damaged issuer. */
function damaged(whole: Whole, random: Random): Batch {
  const { about, serverName, at, leaf, pool, anchors } = whole;
  const ders = (signed: readonly Signed[]): Uint8Array[] => signed.map(({ der }) => der);
  const undamaged: Batch = {
    ...{ about, serverName, at, leaves: [leaf.der] },
    ...{ pool: ders(pool), anchors: ders(anchors) },
  };
  const batch = { ...undamaged, undamaged };
  const kind = pool.length + anchors.length === 0 ? 0 : random.below(3);
  if (kind === 0) {
    const leaves = Array.from({ length: LEAVES }, () => damage(leaf, random));
    return { ...batch, about: `${about}, leaf damaged`, leaves };
  }
  const hit = random.below(pool.length + anchors.length);
  const changed = [...pool, ...anchors].map((one, index) =>
    index === hit ? damage(one, random) : one.der,
  );
  return {
    ...batch,
    about: `${about}, issuer ${hit} damaged`,
    pool: changed.slice(0, pool.length),
    anchors: changed.slice(pool.length),
  };
}

/** A chain of three, lists for it, and what is said of them: for the tests of revocation. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseCertificate } from '../src/certificate.ts';
import { parseCrl, type RevocationList } from '../src/crl.ts';
import { diagnose } from '../src/diagnose.ts';
import { DEFAULT_POLICY, type Policy } from '../src/policy.ts';
import { describeEvidence, problemKey } from '../src/problem.ts';
import {
  authorityKeyId,
  caExtensions,
  extension,
  keyUsage,
  leafExtensions,
  type Made,
  makeCertificate,
  subjectKeyId,
  tlv,
} from './make-certificate.ts';
import { type ListRecipe, makeCrl, REASON, REVOKED_AT } from './make-crl.ts';

export const HOST = 'mail.example.test';
/** Monday 23 November 2026, 08:00 UTC. */
export const AT = new Date('2026-11-23T08:00:00Z');
export const DAY_MS = 86_400_000;

export const SERIAL = Buffer.of(0x5a, 0x01);
export const OTHER_SERIAL = Buffer.of(0x5a, 0x02);
export const ISSUING_SERIAL = Buffer.of(0x4b, 0x01);

export const root = makeCertificate({ subject: 'Root', extensions: caExtensions() });
export const issuing = makeCertificate({
  subject: 'Issuing',
  issuer: root,
  serial: ISSUING_SERIAL,
  extensions: caExtensions(),
});

export function leafWith(...points: Uint8Array[]): Made {
  return makeCertificate({
    subject: HOST,
    issuer: issuing,
    serial: SERIAL,
    extensions: (made) => [...leafExtensions(HOST)(made), ...points],
  });
}

export const leaf = leafWith();

/** A certificate of the same name as the issuer that signs lists and nothing else. */
export function listSigner(
  subject: string,
  issuer: Made,
  serial: Uint8Array,
  ...more: Uint8Array[]
): Made {
  return makeCertificate({
    subject,
    issuer,
    serial,
    extensions: ({ key, issuerKey }) => [
      keyUsage(6),
      subjectKeyId(key),
      authorityKeyId(issuerKey),
      ...more,
    ],
  });
}

export interface Situation {
  chain?: Made[];
  /** Lists by name; the root's good one is there unless `noRootList`. */
  lists?: Record<string, ListRecipe>;
  noRootList?: boolean;
  mode?: Policy['revocation'];
  at?: Date;
  anchors?: Made[];
}

export const policyOf = (mode: Policy['revocation']): Policy => ({
  ...DEFAULT_POLICY,
  revocation: mode,
});

export function inputOf({ chain = [leaf, issuing], anchors = [root], ...rest }: Situation) {
  const { lists = {}, noRootList = false, mode = 'required' } = rest;
  const all = noRootList ? lists : { root: { issuer: root }, ...lists };
  return {
    presented: chain.map(({ der }) => der),
    serverName: HOST,
    anchors: anchors.map(({ der }) => ({
      certificate: parseCertificate(der),
      origin: { kind: 'system' as const, source: 'test' },
    })),
    policy: policyOf(mode),
    revocationLists: Object.entries(all).map(([name, recipe]) => parseCrl(makeCrl(recipe), name)),
  };
}

/** Each problem as its key and the evidence. */
export function problemsOf(situation: Situation): string[] {
  const moment = { at: situation.at ?? AT, protocol: null, openssl: null };
  const { problems } = diagnose({ ...inputOf(situation), ...moment });
  return problems.map((problem) => `${problemKey(problem)} ${describeEvidence(problem)}`);
}

export const REVOKED = `revoked@0 revoked ${REVOKED_AT.toISOString()}, reason: keyCompromise`;
export const revoked = [{ serial: SERIAL, reason: REASON.keyCompromise }];
export const held = [{ serial: SERIAL, reason: REASON.certificateHold }];
export const HELD = `revoked@0 revoked ${REVOKED_AT.toISOString()}, reason: certificateHold`;
export const unknown = (reason: string): string => `revocation-unknown@0 ${reason}`;
export const listed = (reason: string, name = 'issuing'): string =>
  unknown(`revocation list "${name}": ${reason}`);
export const cannotBeUsed = (reason: string): string =>
  unknown(`revocation list "issuing" cannot be used: ${reason}`);
export const NOT_COVERED = listed('it does not cover this certificate');
export const PARTLY = 'lists cover only some of the reasons for revocation';

export const unknownExtension = extension('1.2.3.4', true, tlv(0x04, Buffer.of(1)));

export interface Row extends Situation {
  name: string;
  expected: string[];
}

export function table(title: string, rows: readonly Row[]): void {
  describe(title, () => {
    for (const { name, expected, ...situation } of rows) {
      test(name, () => assert.deepEqual(problemsOf(situation), expected));
    }
  });
}

/** What is said of the chain at {@link AT} with these lists, all of them needed. */
export function diagnosisWith(lists: readonly RevocationList[], chain = [leaf, issuing]) {
  const moment = { at: AT, protocol: null, openssl: null };
  return diagnose({ ...inputOf({ chain }), revocationLists: lists, ...moment });
}

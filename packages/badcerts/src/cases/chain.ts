/** Chains: whether a path leads from the leaf to a trust anchor, and whether each signature on it is true. */

import type { BadCertCase } from '../case.ts';
import {
  all,
  around,
  authorityPlan,
  type ChainPlan,
  intermediate,
  intermediateExtensions,
  issuerUrl,
  leaf,
  leafExtensions,
  root,
  rootExtensions,
  sendsPath,
  sendsRootToo,
  serverPlan,
} from '../chain.ts';
import { caseOf, type Fault, SERVER_NAME } from '../fault.ts';
import { keyPair } from '../keys.ts';
import { makeCertificate } from '../make.ts';

/** The server sends its root and the client does not trust it: what every private CA looks like at first. */
export const rootNotTrusted: Fault = {
  id: 'chain::root-not-trusted',
  doc: 'The path ends at a root that was sent but is no anchor (RFC 5280 6.1.1 d).',
  change: around({ present: sendsRootToo, anchors: () => [] }),
  expected: ['root-not-trusted@2'],
  openssl: 19,
};

/** The issuer of the last certificate was neither sent nor installed. */
export const issuerNotFound: Fault = {
  id: 'chain::issuer-not-found',
  doc: 'The root was neither sent nor installed. Article: "The issuer of this certificate could not be found".',
  change: around({ anchors: () => [] }),
  expected: ['issuer-not-found@1'],
  openssl: 20,
};

/** The intermediate may not issue, by its own word. */
export const notACa: Fault = {
  id: 'chain::intermediate-not-a-ca',
  doc: 'The intermediate says CA:FALSE, so that anybody with a server certificate could issue (RFC 5280 6.1.4 k).',
  change: intermediateExtensions({ basicConstraints: { ca: false, critical: true } }),
  expected: ['not-a-ca@1'],
  openssl: 79,
  limboId: 'rfc5280::intermediate-ca-without-ca-bit',
};

/** The root allows no intermediate below it. */
export const rootPathTooLong: Fault = {
  id: 'chain::root-path-length-exceeded',
  doc: 'The root allows no CA below it, and there is one (RFC 5280 6.1.4 l).',
  change: all(
    around({ present: sendsRootToo }),
    rootExtensions({ basicConstraints: { ca: true, pathLength: 0, critical: true } }),
  ),
  expected: ['path-too-long@2'],
  openssl: 25,
};

/** The leaf's signature was not made by its issuer's key. */
export const badSignature: Fault = {
  id: 'chain::bad-signature',
  doc: 'One bit of the signature of the leaf is wrong (RFC 5280 6.1.3 a 1).',
  change: leaf({ breakOuter: flipLastBit }),
  expected: ['bad-signature@0'],
  openssl: 7,
};

const FAULTS: readonly Fault[] = [
  { id: 'chain::good', doc: 'A correct chain of leaf and intermediate under an installed root.' },
  {
    id: 'chain::good-root-sent',
    doc: 'The server sends the installed root too, which it may (RFC 8446 4.4.2).',
    change: around({ present: sendsRootToo }),
  },
  {
    id: 'chain::good-without-intermediate',
    doc: 'The root issued the leaf itself.',
    change: (plan) => ({ ...plan, intermediates: [] }),
  },
  {
    id: 'chain::good-two-intermediates',
    doc: 'Two intermediates, sent in order.',
    change: withSecondIntermediate,
  },
  {
    id: 'chain::good-wrong-order',
    doc: 'Two intermediates, sent in the wrong order, which a client should take (RFC 8446 4.4.2).',
    remarks: ['chain-out-of-order'],
    change: all(
      withSecondIntermediate,
      around({ present: ({ leaf, intermediates }) => [leaf, ...intermediates].map(derOf) }),
    ),
  },
  {
    id: 'chain::good-unneeded-certificate',
    doc: 'A certificate that belongs to another chain was sent along and is not needed.',
    remarks: ['certificate-not-used'],
    change: (plan) => ({
      ...plan,
      present: async (made) => {
        const stranger = await makeCertificate(authorityPlan(plan.label, 'Stranger', '4c01'), null);
        return [...sendsPath(made), stranger.der];
      },
    }),
  },
  {
    id: 'chain::good-cross-signed',
    doc: 'The intermediate was issued by two roots; both were sent, and one leads to the anchor.',
    remarks: ['certificate-not-used'],
    change: (plan) => ({
      ...plan,
      present: async (made) => [...sendsPath(made), await crossSigned(plan)],
    }),
  },
  {
    id: 'chain::cross-signed-dead-end-first',
    doc: 'The same, sent in the other order: OpenSSL takes the first issuer it sees and does not turn back.',
    remarks: ['certificate-not-used'],
    change: (plan) => ({
      ...plan,
      present: async (made) => {
        const [first = made.leaf.der, ...rest] = sendsPath(made);
        return [first, await crossSigned(plan), ...rest];
      },
    }),
    expected: ['refused-by-openssl@connection'],
    openssl: 20,
  },
  {
    id: 'chain::good-self-issued-rollover',
    doc: 'A self-issued certificate does not count for a path length of zero (RFC 5280 6.1.4 l).',
    change: (plan) => {
      const [issuing = plan.leaf] = plan.intermediates;
      const limited = { ca: true, pathLength: 0, critical: true };
      const extensions = { ...issuing.extensions, basicConstraints: limited };
      const next = { ...issuing, key: keyPair('p256', `${plan.label} next`), serialNumber: '4b02' };
      return { ...plan, intermediates: [{ ...issuing, extensions }, next] };
    },
  },
  rootNotTrusted,
  issuerNotFound,
  notACa,
  rootPathTooLong,
  badSignature,
  {
    id: 'chain::root-of-the-same-name',
    doc: 'A root with the right name and another key is installed. Article: "The wrong root CA certificate has been installed".',
    change: (plan) => ({
      ...plan,
      present: sendsRootToo,
      anchors: async () => [(await makeCertificate(namesake(plan.label), null)).der],
    }),
    expected: ['root-not-trusted@2'],
    openssl: 19,
  },
  {
    id: 'chain::root-of-the-same-name-not-sent',
    doc: 'A root with the right name and another key is installed, and the server does not send its own.',
    change: (plan) => ({
      ...plan,
      anchors: async () => [(await makeCertificate(namesake(plan.label), null)).der],
    }),
    expected: ['issuer-not-found@1'],
    openssl: 20,
  },
  {
    id: 'chain::self-signed',
    doc: 'The server signed its certificate with its own key, and nobody else vouches for it.',
    change: (plan) => ({ ...plan, ...selfSigned(plan.label), anchors: () => [] }),
    expected: ['self-signed@0'],
    openssl: 18,
  },
  {
    id: 'chain::good-self-signed-installed',
    doc: 'The system store itself has the self-signed certificate of the server, as an administrator may put it there.',
    change: (plan) => ({ ...plan, ...selfSigned(plan.label) }),
  },
  {
    id: 'chain::intermediate-missing',
    doc: 'The server forgot the intermediate, of which the leaf says where it is to be had (RFC 5280 4.2.2.1).',
    change: all(
      leafExtensions({ more: [issuerUrl('http://ca.example.test/intermediate.der')] }),
      around({ present: ({ leaf }) => [leaf.der] }),
    ),
    expected: ['incomplete-chain@0'],
    openssl: 20,
  },
  {
    id: 'chain::intermediate-missing-unknown-where',
    doc: 'The server forgot the intermediate, and the leaf does not say where it is to be had.',
    change: around({ present: ({ leaf }) => [leaf.der] }),
    expected: ['issuer-not-found@0'],
    openssl: 20,
  },
  {
    id: 'chain::other-intermediate-sent',
    doc: 'The server sent an intermediate of another chain instead of its own.',
    remarks: ['certificate-not-used'],
    change: (plan) => ({
      ...plan,
      present: async (made) => {
        const other = authorityPlan(plan.label, 'Other Intermediate', '4b09');
        return [made.leaf.der, (await makeCertificate(other, made.root)).der];
      },
    }),
    expected: ['issuer-not-found@0'],
    openssl: 20,
  },
  {
    id: 'chain::bad-signature-of-intermediate',
    doc: 'One bit of the signature of the intermediate is wrong (RFC 5280 6.1.3 a 1).',
    change: intermediate({ breakOuter: flipLastBit }),
    expected: ['bad-signature@1'],
    openssl: 7,
  },
  {
    id: 'chain::forged-leaf',
    doc: 'The leaf names the true intermediate, which is sent along, but another key signed it.',
    change: (plan) => ({
      ...plan,
      present: async (made) => {
        const [issuing = plan.leaf] = plan.intermediates;
        const { privateKey } = keyPair('p256', `${plan.label} forger`);
        const forger = { ...issuing, key: { ...issuing.key, privateKey } };
        const forged = await makeCertificate(plan.leaf, { plan: forger, der: new Uint8Array() });
        return [forged.der, ...sendsPath(made).slice(1)];
      },
    }),
    expected: ['bad-signature@0'],
    openssl: 7,
  },
  {
    id: 'chain::intermediate-without-basic-constraints',
    doc: 'The intermediate has no basic constraints, without which no version 3 certificate is a CA (RFC 5280 6.1.4 k).',
    change: intermediateExtensions({ basicConstraints: null }),
    expected: ['not-a-ca@1'],
    openssl: 79,
  },
  {
    id: 'chain::intermediate-of-version-1',
    doc: 'The intermediate is of version 1 and cannot say that it is a CA (RFC 5280 6.1.4 k).',
    remarks: ['version-1-issuer'],
    change: intermediate({ edit: (fields) => ({ ...fields, version: null, extensions: null }) }),
    expected: ['not-a-ca@1'],
    openssl: 79,
  },
  {
    id: 'chain::server-certificate-as-issuer',
    doc: 'The key of a true server certificate issued a certificate for another name (CVE-2002-0862).',
    change: (plan) => ({
      ...plan,
      intermediates: [...plan.intermediates, strangerServer(plan.label)],
    }),
    expected: ['not-a-ca@1'],
    openssl: 79,
  },
  {
    id: 'chain::ca-may-not-sign-certificates',
    doc: 'The key usage of the intermediate lacks keyCertSign (RFC 5280 6.1.4 n).',
    change: intermediateExtensions({ keyUsage: { usages: ['cRLSign'], critical: true } }),
    expected: ['not-a-ca@1'],
    openssl: 79,
  },
  {
    id: 'chain::path-too-long',
    doc: 'An intermediate allows no CA below it, and there is one (RFC 5280 6.1.4 l).',
    change: (plan) => {
      const second = withSecondIntermediate(plan);
      const [upper = plan.leaf, lower = plan.leaf] = second.intermediates;
      const limited = { ca: true, pathLength: 0, critical: true };
      const extensions = { ...upper.extensions, basicConstraints: limited };
      return { ...plan, intermediates: [{ ...upper, extensions }, lower] };
    },
    expected: ['path-too-long@2'],
    openssl: 25,
  },
  {
    id: 'chain::circle',
    doc: 'Two CAs issued each other: looking for an anchor must come to an end.',
    change: (plan) => ({
      ...plan,
      present: async ({ leaf, intermediates }) => {
        const [issuing = leaf] = intermediates;
        const back = await makeCertificate(authorityPlan(plan.label, 'Root', '4a09'), issuing);
        return [leaf.der, issuing.der, back.der];
      },
      anchors: () => [],
    }),
    expected: ['issuer-not-found@2'],
    openssl: 20,
  },
  {
    id: 'chain::good-without-key-identifiers',
    doc: 'No certificate carries key identifiers; names alone lead to the issuer.',
    remarks: [
      'no-authority-key-identifier',
      'no-authority-key-identifier',
      'no-subject-key-identifier',
      'no-subject-key-identifier',
    ],
    change: all(
      leafExtensions({ authorityKeyId: null, subjectKeyId: false }),
      intermediateExtensions({ authorityKeyId: null, subjectKeyId: false }),
      rootExtensions({ subjectKeyId: false }),
    ),
  },
  {
    id: 'chain::authority-key-identifier-of-another-key',
    doc: 'The authority key identifier of the leaf names another key than the issuer has, so that OpenSSL finds no issuer.',
    remarks: ['key-identifier-mismatch'],
    change: leafExtensions({ authorityKeyId: 'other-key' }),
    expected: ['issuer-not-found@0'],
    openssl: 20,
  },
  {
    id: 'chain::root-of-another-issuer',
    doc: 'The authority key identifier of the installed root names another key than its own, so that to OpenSSL it is no root.',
    change: rootExtensions({ authorityKeyId: 'other-key' }),
    expected: ['issuer-not-found@connection'],
    remarks: ['key-identifier-mismatch'],
    openssl: 2,
  },
  {
    id: 'chain::leaf-as-anchor',
    doc: 'The server certificate itself is installed as a root, and it was issued by another: trusting it as it is takes an override.',
    change: around({ anchors: ({ leaf }) => [leaf.der] }),
    expected: ['issuer-not-found@1'],
    openssl: 20,
  },
  {
    id: 'chain::intermediate-as-anchor',
    doc: 'Only the intermediate is installed: OpenSSL takes no anchor that somebody else issued.',
    change: around({ anchors: ({ intermediates }) => intermediates.map(derOf) }),
    expected: ['refused-by-openssl@connection'],
    openssl: 2,
  },
  {
    id: 'chain::good-older-root-sent',
    doc: 'An older certificate of the installed root was sent: the same name and key, another serial number.',
    remarks: ['certificate-not-used'],
    change: (plan) => ({
      ...plan,
      present: async (made) => {
        const older = await makeCertificate({ ...plan.root, serialNumber: '4a00' }, null);
        return [...sendsPath(made), older.der];
      },
    }),
  },
  {
    id: 'chain::root-signature-broken',
    doc: 'The installed root carries a broken signature of its own, which nobody need check (RFC 5280 6.1).',
    change: root({ breakOuter: flipLastBit }),
  },
];

function flipLastBit(outer: { algorithm: Uint8Array; signature: Uint8Array }): typeof outer {
  const signature = Uint8Array.from(outer.signature);
  signature[signature.length - 1] = (signature.at(-1) ?? 0) ^ 1;
  return { ...outer, signature };
}

function withSecondIntermediate(plan: ChainPlan): ChainPlan {
  const second = authorityPlan(plan.label, 'Second Intermediate', '4b02');
  return { ...plan, intermediates: [...plan.intermediates, second] };
}

/** A root with the name of the true one, another key, and no claim about which key. */
function namesake(label: string) {
  const plan = authorityPlan(label, 'Root', '4a01');
  const extensions = { ...plan.extensions, authorityKeyId: null };
  return { ...plan, key: keyPair('p256', `${label} namesake`), extensions };
}

/** A leaf in the root's place: issued by nobody else, and presented alone. */
function selfSigned(label: string) {
  const plan = serverPlan(label, SERVER_NAME);
  const own = { ...plan, extensions: { ...plan.extensions, authorityKeyId: null } };
  const sendsRoot = ({ root }: { root: { der: Uint8Array } }): Uint8Array[] => [root.der];
  return { root: own, intermediates: [], present: sendsRoot };
}

function strangerServer(label: string) {
  const plan = serverPlan(label, 'other.example.test');
  return { ...plan, key: keyPair('p256', `${label} stranger`), serialNumber: '5c0ffee2' };
}

/** The intermediate once more, issued by a root that is neither sent nor installed. */
async function crossSigned(plan: ChainPlan): Promise<Uint8Array> {
  const oldRoot = await makeCertificate(authorityPlan(plan.label, 'Old Root', '4d01'), null);
  const [issuing = plan.leaf] = plan.intermediates;
  return (await makeCertificate({ ...issuing, serialNumber: '4d02' }, oldRoot)).der;
}

function derOf({ der }: { der: Uint8Array }): Uint8Array {
  return der;
}

export const chainCases: readonly BadCertCase[] = FAULTS.map(caseOf);

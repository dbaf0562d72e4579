/** A whole chain as a plan: correct by default, so that a case changes the one thing that is wrong. */

import { isIP } from 'node:net';
import type { MadeChain } from './case.ts';
import { element, objectIdentifier, TAG } from './der.ts';
import { keyPair } from './keys.ts';
import {
  AT,
  type CertificatePlan,
  type ExtensionPlan,
  fingerprint,
  type Made,
  makeCertificate,
  type NamePlan,
  type RawExtension,
  VALID,
} from './make.ts';

/** Certificates of a chain that was made; `intermediates` from the one below the root to the leaf's issuer. */
export interface MadeParts {
  root: Made;
  intermediates: readonly Made[];
  leaf: Made;
}

/** What a chain is made from, and what server, client and policy do with it. */
export interface ChainPlan {
  /** Tells the keys of this chain from those of every other. */
  label: string;
  serverName: string;
  root: CertificatePlan;
  intermediates: readonly CertificatePlan[];
  leaf: CertificatePlan;
  /** What the server sends: by default the leaf and the intermediates, leaf first. */
  present(made: MadeParts): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  /** What the client trusts: by default the root. */
  anchors(made: MadeParts): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  /** What the policy disallows: by default nothing. */
  disallow(made: MadeParts): readonly Uint8Array[];
  /** Revocation lists that the policy requires: by default it says nothing of revocation. */
  lists(made: MadeParts): readonly Uint8Array[] | null;
}

/** A change to a plan. Changes of different parts may be applied one after another. */
export type Change = (plan: ChainPlan) => ChainPlan;

/** Extended key usages by their names in RFC 5280 4.2.1.12. */
export const EKU = {
  any: '2.5.29.37.0',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  serverAuth: '1.3.6.1.5.5.7.3.1',
} as const;

const NO_EXTENSIONS: ExtensionPlan = {
  basicConstraints: null,
  keyUsage: null,
  extendedKeyUsage: null,
  subjectAltName: null,
  subjectKeyId: true,
  authorityKeyId: 'key',
  more: [],
};

const CA_EXTENSIONS: ExtensionPlan = {
  ...NO_EXTENSIONS,
  basicConstraints: { ca: true, critical: true },
  keyUsage: { usages: ['keyCertSign', 'cRLSign'], critical: true },
};

/** A certificate authority without a path length constraint. */
export function authorityPlan(label: string, name: string, serialNumber: string): CertificatePlan {
  return {
    subject: `O=Postern Test, CN=${name}`,
    key: keyPair('p256', `${label} ${name}`),
    serialNumber,
    ...VALID,
    digest: 'sha256',
    extensions: CA_EXTENSIONS,
  };
}

/** A server certificate for one name and no other use. */
export function serverPlan(label: string, serverName: string): CertificatePlan {
  return {
    subject: `CN=${serverName}`,
    key: keyPair('p256', `${label} leaf`),
    serialNumber: '5c0ffee1',
    ...VALID,
    digest: 'sha256',
    extensions: {
      ...NO_EXTENSIONS,
      basicConstraints: { ca: false, critical: true },
      keyUsage: { usages: ['digitalSignature'], critical: true },
      extendedKeyUsage: { oids: [EKU.serverAuth], critical: false },
      subjectAltName: { names: [nameOf(serverName)], critical: false },
    },
  };
}

/** A server name as a subject alternative name. */
export function nameOf(serverName: string): NamePlan {
  return { type: isIP(serverName) === 0 ? 'dns' : 'ip', value: serverName };
}

/** A correct chain of root, intermediate and leaf, with keys of its own. */
export function goodPlan(label: string, serverName: string): ChainPlan {
  const root = authorityPlan(label, 'Root', '4a01');
  return {
    label,
    serverName,
    root: { ...root, extensions: { ...root.extensions, authorityKeyId: null } },
    intermediates: [authorityPlan(label, 'Intermediate', '4b01')],
    leaf: serverPlan(label, serverName),
    present: sendsPath,
    anchors: ({ root: made }) => [made.der],
    disallow: () => [],
    lists: () => null,
  };
}

/** The leaf and the intermediates, leaf first (RFC 8446 4.4.2). */
export function sendsPath({ leaf, intermediates }: MadeParts): Uint8Array[] {
  return [leaf.der, ...intermediates.map(({ der }) => der).reverse()];
}

/** The same with the root, which a server may send. */
export function sendsRootToo(made: MadeParts): Uint8Array[] {
  return [...sendsPath(made), made.root.der];
}

/** Makes every certificate of a plan, from the root down. */
export async function makeChain(plan: ChainPlan): Promise<MadeChain & { parts: MadeParts }> {
  const root = await makeCertificate(plan.root, null);
  const intermediates: Made[] = [];
  for (const intermediate of plan.intermediates) {
    intermediates.push(await makeCertificate(intermediate, intermediates.at(-1) ?? root));
  }
  const leaf = await makeCertificate(plan.leaf, intermediates.at(-1) ?? root);
  const parts = { root, intermediates, leaf };
  return {
    parts,
    presented: await plan.present(parts),
    key: plan.leaf.key.privateKey,
    anchors: await plan.anchors(parts),
    disallowed: plan.disallow(parts).map(fingerprint),
    lists: plan.lists(parts),
  };
}

/** Changes the leaf. */
export function leaf(patch: Partial<CertificatePlan>): Change {
  return (plan) => ({ ...plan, leaf: { ...plan.leaf, ...patch } });
}

/** Changes extensions of the leaf. */
export function leafExtensions(patch: Partial<ExtensionPlan>): Change {
  return (plan) => leaf({ extensions: { ...plan.leaf.extensions, ...patch } })(plan);
}

/** Changes the intermediate that issued the leaf. */
export function intermediate(patch: Partial<CertificatePlan>): Change {
  return (plan) => ({
    ...plan,
    intermediates: plan.intermediates.map((each, index, all) =>
      index === all.length - 1 ? { ...each, ...patch } : each,
    ),
  });
}

/** Changes extensions of the intermediate that issued the leaf. */
export function intermediateExtensions(patch: Partial<ExtensionPlan>): Change {
  return (plan) => {
    const current = plan.intermediates.at(-1)?.extensions ?? CA_EXTENSIONS;
    return intermediate({ extensions: { ...current, ...patch } })(plan);
  };
}

/** Changes the root. */
export function root(patch: Partial<CertificatePlan>): Change {
  return (plan) => ({ ...plan, root: { ...plan.root, ...patch } });
}

/** Changes extensions of the root. */
export function rootExtensions(patch: Partial<ExtensionPlan>): Change {
  return (plan) => root({ extensions: { ...plan.root.extensions, ...patch } })(plan);
}

/** Changes what the server sends, the client trusts or the policy disallows. */
export function around(
  patch: Partial<Pick<ChainPlan, 'anchors' | 'disallow' | 'present'>>,
): Change {
  return (plan) => ({ ...plan, ...patch });
}

/** Authority information access with one way to the issuer's certificate (RFC 5280 4.2.2.1). */
export function issuerUrl(url: string): RawExtension {
  const method = objectIdentifier('1.3.6.1.5.5.7.48.2');
  const access = element(TAG.sequence, method, element(0x86, Buffer.from(url)));
  return { oid: '1.3.6.1.5.5.7.1.1', critical: false, value: element(TAG.sequence, access) };
}

/** One change after another. */
export function all(...changes: readonly Change[]): Change {
  return (plan) => changes.reduce((changed, change) => change(changed), plan);
}

/** Two chains of one server: the second leaf is a renewal with the same key and a new serial number. */
export async function renewedWithSameKey(
  serverName: string,
): Promise<{ before: MadeChain; after: MadeChain }> {
  const plan = goodPlan('renewed', serverName);
  const renewed = leaf({ serialNumber: '5c0ffee9', notBefore: AT })(plan);
  return { before: await makeChain(plan), after: await makeChain(renewed) };
}

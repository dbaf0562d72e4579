/** Makes the composed chains with the `openssl` program: a generator that is not ours. */

import { execFile } from 'node:child_process';
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { parsePem } from '../../src/certificate.ts';
import {
  type Construction,
  constructionOf,
  type FaultName,
  ISSUERS,
  type IssuerName,
  PERMITTED,
  type Validity,
} from './faults.ts';

const execute = promisify(execFile);

/** Children at once: the machines that test have two cores or more. */
const PARALLEL = 2;

/** Bounds as `openssl ca` takes them. Beside the test's instant, real handshakes see the machine's own. */
const BOUNDS: Readonly<Record<Validity, readonly [string, string]>> = {
  now: ['20260101000000Z', '20460101000000Z'],
  past: ['20260101000000Z', '20261122000000Z'],
  future: ['20400101000000Z', '20460101000000Z'],
  reversed: ['20400101000000Z', '20261122000000Z'],
};

/** `openssl ca` is the one that takes both bounds in OpenSSL 3.0. */
const CONFIG = `[ca]
default_ca = given
[given]
database = $ENV::DATABASE
new_certs_dir = $ENV::FOLDER
policy = any
unique_subject = no
rand_serial = yes
[any]
commonName = supplied
[req]
distinguished_name = empty
[empty]
`;

const CA_EXTENSIONS = `basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
`;

/** A composed chain as it goes over the wire. */
export interface Composed {
  construction: Construction;
  presented: readonly Uint8Array[];
  key: KeyObject;
  /** The one root that is trusted. */
  root: Uint8Array;
}

interface Order {
  /** Its key and request; several certificates may share them. */
  request: string;
  validity: Validity;
  digest: 'sha1' | 'sha256';
  /** The name of the issuer's certificate, or null for itself. */
  issuer: string | null;
  extensions: string;
}

/** Makes a chain for each list of faults, all under one trusted root. Files go to `folder`. */
export async function makeComposed(
  folder: string,
  wanted: readonly (readonly FaultName[])[],
): Promise<Composed[]> {
  const workshop = new Workshop(folder);
  await workshop.open();
  const roots = ['trusted root', 'unknown root'];
  const all = [...roots, 'left out', ...Object.keys(ISSUERS), 'leaf ec', 'leaf rsa1024'];
  await inParallel(all, (name) => workshop.request(name));
  const root = { validity: 'now', digest: 'sha256', issuer: null } as const;
  await inParallel(roots, (name) =>
    workshop.certify(name, { ...root, request: name, extensions: CA_EXTENSIONS }),
  );
  await workshop.certify('left out', {
    ...root,
    issuer: 'trusted root',
    request: 'left out',
    extensions: CA_EXTENSIONS,
  });
  await inParallel(Object.keys(ISSUERS) as IssuerName[], (name) => {
    const { above, validity, constrained } = ISSUERS[name];
    const permits = `nameConstraints = critical, permitted;DNS:${PERMITTED}\n`;
    const extensions = CA_EXTENSIONS + (constrained ? permits : '');
    const issuer = above === 'left out' ? above : `${above} root`;
    return workshop.certify(name, { ...root, request: name, issuer, validity, extensions });
  });
  const trusted = await workshop.read('trusted root');
  return inParallel(
    wanted.map((faults, index) => ({ faults, name: `leaf ${index}` })),
    async ({ faults, name }) => {
      const construction = constructionOf(faults);
      const { leaf, sent } = construction;
      await workshop.certify(name, {
        request: `leaf ${leaf.key}`,
        validity: leaf.validity,
        digest: leaf.digest,
        issuer: leaf.issuer === 'itself' ? null : leaf.issuer,
        extensions: leafExtensions(construction),
      });
      const presented = await Promise.all([name, ...sent].map((each) => workshop.read(each)));
      const key = await workshop.key(`leaf ${leaf.key}`);
      return { construction, presented, key, root: trusted };
    },
  );
}

function leafExtensions({ leaf }: Construction): string {
  return `basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = ${leaf.usage}
subjectAltName = DNS:${leaf.name}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
authorityInfoAccess = caIssuers;URI:http://ca.example.test/issuer.cer
`;
}

/** A folder in which each key, request and certificate has a name. */
class Workshop {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  #file(name: string, ending: string): string {
    return path.join(this.#folder, `${name.replaceAll(' ', '-')}.${ending}`);
  }

  async open(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await writeFile(this.#file('openssl', 'cnf'), CONFIG);
  }

  /** Makes a key and a request. */
  async request(name: string): Promise<void> {
    const key = this.#file(name, 'key');
    const kind = name.endsWith('rsa1024')
      ? ['RSA', '-pkeyopt', 'rsa_keygen_bits:1024']
      : ['EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];
    await this.#openssl(name, ['genpkey', '-out', key, '-algorithm', ...kind]);
    const subject = ['-subj', `/CN=${name}`, '-out', this.#file(name, 'csr')];
    await this.#openssl(name, ['req', '-new', '-key', key, ...subject]);
  }

  /** Makes the certificate of this name. */
  async certify(name: string, order: Order): Promise<void> {
    const { request, validity, digest, issuer, extensions } = order;
    const [from, until] = BOUNDS[validity];
    const extensionFile = this.#file(name, 'ext');
    await writeFile(extensionFile, extensions);
    await writeFile(this.#file(name, 'db'), '');
    await this.#openssl(name, [
      ...['ca', '-batch', '-notext', '-md', digest],
      ...['-startdate', from, '-enddate', until, '-extfile', extensionFile],
      ...(issuer === null
        ? ['-selfsign', '-keyfile', this.#file(request, 'key')]
        : ['-keyfile', this.#file(issuer, 'key'), '-cert', this.#file(issuer, 'pem')]),
      ...['-in', this.#file(request, 'csr'), '-out', this.#file(name, 'pem')],
    ]);
  }

  async read(name: string): Promise<Uint8Array> {
    const [der = new Uint8Array()] = parsePem(
      await readFile(this.#file(name, 'pem'), 'utf8'),
      name,
    );
    return der;
  }

  async key(name: string): Promise<KeyObject> {
    return createPrivateKey(await readFile(this.#file(name, 'key')));
  }

  async #openssl(name: string, args: readonly string[]): Promise<void> {
    const env = {
      ...process.env,
      OPENSSL_CONF: this.#file('openssl', 'cnf'),
      DATABASE: this.#file(name, 'db'),
      FOLDER: this.#folder,
    };
    await execute('openssl', [...args], { env });
  }
}

/** Runs a task for each, a few at once; results in the order of the items. */
async function inParallel<T, R>(items: readonly T[], task: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const waiting = items.entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of waiting) results[index] = await task(item);
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return results;
}

/**
 * Roots that the user adds, each bound to one server name and added only with the fingerprint that
 * the administrator gave. Kept in a private file. Whether policy lets them count is for anchors.ts.
 */

import {
  type Certificate,
  formatFingerprint,
  parseCertificate,
  parseFingerprint,
  parsePem,
} from './certificate.ts';
import { FormatError, TrustError } from './errors.ts';
import { normaliseServerName } from './names.ts';
import { openStoreFile, type StoreFileOptions } from './store-file.ts';

/** One root for one server name. */
export interface UserRoot {
  der: Uint8Array;
  /** Lower-case hex. */
  sha256: string;
  /** A-label, lower case, or IP address: the only name that this root counts for, at every port. */
  serverName: string;
  addedAt: Date;
}

/** Durable list of the user's roots, safe with several processes. */
export interface UserRoots {
  /** In the order of names. The same array comes back while nothing has changed, whoever changes it. */
  list(): readonly UserRoot[];
  /**
   * Adds one root CA certificate (DER or PEM). Adding it again changes nothing. Throws TrustError
   * ERR_TRUST_CHANGED {expected, presented} unless the typed fingerprint is the certificate's,
   * FormatError ERR_PEM_INVALID or ERR_DER_INVALID for anything but a root, and StoreError.
   */
  add(
    certificate: string | Uint8Array,
    serverName: string,
    typedSha256: string,
    now: Date,
  ): UserRoot;
  /** Removes a root, from one server name or from all. Returns how many entries went. */
  remove(sha256: string, serverName?: string): number;
  /** Removes all roots of a server name (Stop Trusting). Returns how many. */
  removeAll(serverName: string): number;
  close(): void;
}

const SCHEMA = {
  what: 'root certificates',
  applicationId: 0x50_73_74_72, // "Pstr"
  version: 1,
  create: `
    CREATE TABLE root (
      server_name TEXT NOT NULL, sha256 TEXT NOT NULL, der BLOB NOT NULL, added_at INTEGER NOT NULL,
      PRIMARY KEY (server_name, sha256)
    ) STRICT;
  `,
};

/**
 * Opens or creates the user's list of roots, with mode 0600 in a folder of mode 0700. `:memory:`
 * keeps it in this process. Throws StoreError, as `openFileOverrides` does.
 */
export function openUserRoots(path: string, options: StoreFileOptions = {}): UserRoots {
  const file = openStoreFile(path, SCHEMA, options);
  const { database } = file;
  const sql = {
    list: database.prepare('SELECT * FROM root ORDER BY server_name, sha256'),
    add: database.prepare('INSERT OR IGNORE INTO root VALUES (?, ?, ?, ?)'),
    find: database.prepare('SELECT * FROM root WHERE server_name = ? AND sha256 = ?'),
    remove: database.prepare(
      'DELETE FROM root WHERE sha256 = ? AND (server_name = ? OR ? IS NULL)',
    ),
    removeAll: database.prepare('DELETE FROM root WHERE server_name = ?'),
    // Grows when another connection has changed the file.
    dataVersion: database.prepare('PRAGMA data_version'),
  };
  let known: { version: unknown; roots: readonly UserRoot[] } | null = null;

  function toRoot(row: Record<string, unknown>): UserRoot {
    const { server_name: serverName, sha256, der, added_at: addedAt } = row;
    if (
      typeof serverName !== 'string' ||
      !(der instanceof Uint8Array) ||
      typeof addedAt !== 'number'
    ) {
      return file.corrupt('an entry is incomplete');
    }
    const certificate = parseCertificate(der);
    if (certificate.sha256 !== sha256)
      return file.corrupt('a certificate has another fingerprint than its entry');
    return { der: certificate.der, sha256, serverName, addedAt: new Date(addedAt) };
  }

  function forget(changed: number | bigint): number {
    if (changed !== 0) known = null;
    return Number(changed);
  }

  return {
    list: () =>
      file.read(() => {
        const version = sql.dataVersion.get()?.data_version;
        if (known === null || known.version !== version) {
          known = { version, roots: sql.list.all().map(toRoot) };
        }
        return known.roots;
      }),
    add(input, serverName, typedSha256, now) {
      const name = normaliseServerName(serverName);
      const certificate = readOne(input, name);
      assertFingerprint(certificate, typedSha256, name);
      assertRoot(certificate, name);
      const row = file.write(() => {
        sql.add.run(name, certificate.sha256, certificate.der, now.getTime());
        return sql.find.get(name, certificate.sha256);
      });
      known = null;
      return row === undefined ? file.corrupt('an entry just written is missing') : toRoot(row);
    },
    remove(sha256, serverName) {
      const fingerprint = parseFingerprint(sha256) ?? '';
      const name = serverName === undefined ? null : normaliseServerName(serverName);
      return forget(file.write(() => sql.remove.run(fingerprint, name, name).changes));
    },
    removeAll(serverName) {
      const name = normaliseServerName(serverName);
      return forget(file.write(() => sql.removeAll.run(name).changes));
    },
    close: () => file.close(),
  };
}

function readOne(input: string | Uint8Array, serverName: string): Certificate {
  const what = `root certificate for "${serverName}"`;
  const text = typeof input === 'string' ? input : Buffer.from(input).toString('latin1');
  const isPem = typeof input === 'string' || text.includes('-----BEGIN ');
  const found = isPem ? parsePem(text, what) : [input];
  const [der, ...others] = found;
  if (der === undefined || others.length > 0) {
    throw new FormatError(
      'ERR_PEM_INVALID',
      `${what}: the file holds ${found.length} certificates, one at a time can be added`,
      { what },
    );
  }
  const certificate = parseCertificate(der);
  if (certificate.malformed.length > 0 || certificate.x509 === null) {
    throw new FormatError(
      'ERR_DER_INVALID',
      `${what} cannot be read: ${certificate.malformed.join(', ')}`,
      { what },
    );
  }
  return certificate;
}

function assertFingerprint(
  certificate: Certificate,
  typedSha256: string,
  serverName: string,
): void {
  const typed = parseFingerprint(typedSha256);
  if (typed === certificate.sha256) return;
  const presented = formatFingerprint(certificate.sha256);
  const expected = typed === null ? 'no SHA-256 fingerprint' : formatFingerprint(typed);
  throw new TrustError(
    'ERR_TRUST_CHANGED',
    `root certificate for "${serverName}" has fingerprint "${presented}", given was "${expected}"`,
    // A root counts at every port of its name, so there is none to give.
    {
      endpoint: { host: serverName, port: 0 },
      purpose: null,
      detail: { expected: typed ?? '', presented: certificate.sha256 },
    },
  );
}

/**
 * A self-signed server certificate as a root would be "Always" by the back door (house, Anchors), and
 * an intermediate would never verify anything.
 */
function assertRoot(certificate: Certificate, serverName: string): void {
  const reason = whyNotRoot(certificate);
  if (reason === null) return;
  const what = `root certificate for "${serverName}"`;
  throw new FormatError(
    'ERR_DER_INVALID',
    `certificate "${certificate.subject}" is no root CA certificate: ${reason}`,
    { what },
  );
}

function whyNotRoot({ isCa, keyUsage, subjectId, issuerId, issuer }: Certificate): string | null {
  if (isCa !== true) return 'it is not marked as a CA';
  if (keyUsage !== null && !keyUsage.includes('keyCertSign'))
    return 'its key may not sign certificates';
  // A DNS name is no reason to refuse: zmcertmgr's CA carries its host's (ZCS: zmcertmgr createca). A
  // server's own certificate given here counts for no chain that it leads: see `usableAnchors`.
  if (subjectId !== issuerId) return `it is an intermediate, issued by "${issuer}"`;
  return null;
}

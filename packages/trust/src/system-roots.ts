/**
 * The root certificates of the computer, read again whenever asked. On Linux from the files that the
 * distributions keep them in; elsewhere by a short child process, because Node keeps its first
 * answer for the process and its workers. Variables of the environment change nothing: what is
 * trusted is the administrator's affair, not that of whoever starts the program.
 */

import { execFile } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parsePem } from './certificate.ts';
import { FormatError } from './errors.ts';

/** One root certificate of the system, not yet looked into. */
export interface SystemRoot {
  der: Uint8Array;
  /** Lower-case hex. */
  sha256: string;
  /** The file it was found in, or `system store`. */
  source: string;
}

/** Reads the system's root store. */
export interface SystemRoots {
  /** All roots, each once. The same array comes back while nothing has changed. */
  read(): Promise<readonly SystemRoot[]>;
}

/** Where a Linux system keeps its roots. */
export interface RootPaths {
  /** Files with all roots in PEM; the first that exists counts, the others are copies or links. */
  bundles: readonly string[];
  /** Folders with one root per file under OpenSSL's hashed names (`5ed36f99.0`). */
  folders: readonly string[];
}

export const LINUX_ROOT_PATHS: RootPaths = {
  bundles: [
    '/etc/ssl/certs/ca-certificates.crt', // Debian, Ubuntu, Arch, Gentoo
    '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem', // Fedora, RHEL
    '/etc/ssl/ca-bundle.pem', // openSUSE
    '/etc/pki/tls/certs/ca-bundle.crt', // older Fedora, RHEL
    '/etc/pki/tls/cacert.pem', // OpenELEC
    '/etc/ssl/cert.pem', // Alpine
  ],
  folders: ['/etc/ssl/certs', '/etc/pki/tls/certs'],
};

/** macOS can take 5 to 10 s behind a network filter (nodejs/node#63313). */
const CHILD_TIMEOUT_MS = 30_000;
/** 150 roots are 225 KB of PEM. */
const CHILD_OUTPUT_BYTES = 16 * 1024 * 1024;

/** OpenSSL's name for a root in a folder: hash of the subject, a counter. */
const HASHED_NAME = /^[0-9a-f]{8}\.\d+$/;

/** Not `TRUSTED CERTIFICATE`, whose extra data says what OpenSSL should reject. */
const CERTIFICATE_BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * The system's root store: files where `paths` are given or the platform is Linux, a child process
 * elsewhere. `paths: 'child'` asks Node in a child process on any platform. A root that OpenSSL
 * cannot read is left out. Does not look at dates or at what a certificate may be used for.
 */
export function createSystemRoots(options: { paths?: RootPaths | 'child' } = {}): SystemRoots {
  const paths = options.paths ?? (process.platform === 'linux' ? LINUX_ROOT_PATHS : 'child');
  let known: { stamp: string; roots: readonly SystemRoot[] } | null = null;
  return {
    async read() {
      if (paths === 'child') {
        const roots = await readByChild();
        const stamp = roots.map(({ sha256 }) => sha256).join();
        if (stamp !== known?.stamp) known = { stamp, roots };
        return known.roots;
      }
      // The stamp comes first: a change while reading makes the next look read again.
      const stamp = await stampOf(paths);
      if (stamp !== known?.stamp) known = { stamp, roots: await readFiles(paths) };
      return known.roots;
    },
  };
}

/** Device, inode, size and both times of every file and folder: cheap, and an exchange changes it. */
async function stampOf({ bundles, folders }: RootPaths): Promise<string> {
  const stamps = await Promise.all(
    [...bundles, ...folders].map(async (path) => {
      const found = await whereThere(() => stat(path, { bigint: true }));
      return found && [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(':');
    }),
  );
  return stamps.join();
}

async function readFiles({ bundles, folders }: RootPaths): Promise<readonly SystemRoot[]> {
  const roots = new Map<string, SystemRoot>();
  for (const bundle of bundles) {
    const text = await whereThere(() => readFile(bundle, 'latin1'));
    if (text === null) continue;
    collect(roots, text, bundle);
    break;
  }
  for (const folder of folders) {
    const names = (await whereThere(() => readdir(folder))) ?? [];
    for (const name of names.filter((item) => HASHED_NAME.test(item)).sort()) {
      const path = join(folder, name);
      const text = await whereThere(() => readFile(path, 'latin1'));
      if (text !== null) collect(roots, text, path);
    }
  }
  return [...roots.values()];
}

async function readByChild(): Promise<readonly SystemRoot[]> {
  const program = `process.stdout.write(require('node:tls').getCACertificates('system').join('\\n'))`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', program], {
    env: withoutTrustVariables(process.env),
    timeout: CHILD_TIMEOUT_MS,
    maxBuffer: CHILD_OUTPUT_BYTES,
    windowsHide: true,
  });
  const roots = new Map<string, SystemRoot>();
  collect(roots, stdout, 'system store');
  return [...roots.values()];
}

/** Node and OpenSSL take roots from these; NODE_OPTIONS can say the same. Windows ignores case in names. */
function withoutTrustVariables(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const variables = new Set([
    'NODE_EXTRA_CA_CERTS',
    'NODE_OPTIONS',
    'OPENSSL_CONF',
    'SSL_CERT_DIR',
    'SSL_CERT_FILE',
  ]);
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !variables.has(name.toUpperCase())),
  );
}

/** Block by block: one damaged certificate must not take the others with it. */
function collect(roots: Map<string, SystemRoot>, text: string, source: string): void {
  for (const [block] of text.matchAll(CERTIFICATE_BLOCK)) {
    const der = readBlock(block, source);
    if (der === null) continue;
    const sha256 = createHash('sha256').update(der).digest('hex');
    if (!roots.has(sha256)) roots.set(sha256, { der, sha256, source });
  }
}

function readBlock(block: string, source: string): Uint8Array | null {
  try {
    const [der] = parsePem(block, source);
    // A TLS context refuses its whole list of roots for one that OpenSSL cannot read.
    return der === undefined ? null : Uint8Array.from(new X509Certificate(der).raw);
  } catch (error) {
    if (error instanceof FormatError || isOpenSslError(error)) return null;
    throw error;
  }
}

function isOpenSslError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_OSSL');
}

/** Null for what does not exist; what exists and cannot be read is the system's own error. */
async function whereThere<T>(look: () => Promise<T>): Promise<T | null> {
  try {
    return await look();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}

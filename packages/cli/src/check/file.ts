/**
 * Reads a chain from a file, no more of it than is needed: what comes after the certificates that
 * are looked at is only counted. A private key among them is noticed and never kept.
 */

import { FormatError } from '@postern/trust';
import { chunksOf } from '../bounded-file.ts';
import { UsageError } from '../failure.ts';

/** What a file holds. */
export interface ChainFile {
  /** DER in the order of the file; those that are too many to be looked at are empty. */
  presented: readonly Uint8Array[];
  hasPrivateKey: boolean;
}

/** Largest file in bytes: 10,000 certificates of 5 kB. */
const MAX_FILE_BYTES = 67_108_864;

/** Certificates that are decoded; `diagnose` looks at 16, and says that there are more. */
const MAX_DECODED = 17;

/** Longest block in characters: twice what a certificate of 64 KiB has, beyond which it is not read. */
const MAX_BLOCK = 174_768;

/** Longest `-----END ...-----`, so that none is missed between two chunks. */
const MAX_MARK = 60;

const BEGIN = /-----BEGIN ([A-Z0-9 ]{1,40})-----/;
const EMPTY = new Uint8Array();

/** What blocks of other kinds are, for people. */
const OTHERS: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  'X509 CRL': ['a certificate revocation list', 'give it with --crl'],
  'CERTIFICATE REQUEST': ['a request for a certificate', 'give what the CA made of it'],
  'NEW CERTIFICATE REQUEST': ['a request for a certificate', 'give what the CA made of it'],
  'PUBLIC KEY': ['a public key', 'give the certificates of the chain, leaf first'],
  PKCS7: ['PKCS #7', 'convert it: openssl pkcs7 -print_certs -in FILE'],
  CMS: ['PKCS #7', 'convert it: openssl pkcs7 -print_certs -in FILE'],
  'TRUSTED CERTIFICATE': ['OpenSSL’s trusted certificate', 'convert it: openssl x509 -in FILE'],
};

/**
 * The certificates of a file: PEM, leaf first, or one in DER; `-` is standard input. Throws
 * FormatError or UsageError for what holds none, and the system's error when it cannot be read.
 */
export async function readChainFile(file: string): Promise<ChainFile> {
  const reading = openReading(file);
  let total = 0;
  let form: 'der' | 'pem' | null = null;
  const der: Buffer[] = [];
  for await (const chunk of chunksOf(file)) {
    total += chunk.length;
    // A certificate in DER begins with SEQUENCE, which in ASCII is the digit 0.
    form ??= chunk[0] === 0x30 && !BEGIN.test(chunk.toString('latin1')) ? 'der' : 'pem';
    if (form === 'pem') reading.take(chunk);
    else der.push(chunk);
    // What is longer than any certificate is read just so far that `diagnose` says so.
    if (form === 'der' && total > MAX_BLOCK) break;
    if (total > MAX_FILE_BYTES) {
      throw new FormatError(
        'ERR_PEM_INVALID',
        `"${file}" has more than ${MAX_FILE_BYTES} bytes, too many for a chain`,
        { what: file, offset: MAX_FILE_BYTES },
      );
    }
  }
  if (form !== 'der') return reading.end();
  return { presented: [Uint8Array.from(Buffer.concat(der))], hasPrivateKey: false };
}

/** Finds the blocks of a PEM text that comes in pieces. */
interface Reading {
  take(chunk: Buffer): void;
  /** What was found. Throws FormatError or UsageError. */
  end(): ChainFile;
}

function openReading(file: string): Reading {
  const presented: Uint8Array[] = [];
  const others = new Set<string>();
  let hasPrivateKey = false;
  /** The block that is being read, or null between blocks. */
  let label: string | null = null;
  let text = '';
  /** The beginning of a block that is longer than is read. */
  let cut: string | null = null;

  function endBlock(block: string): void {
    if (label === null) return;
    if (label === 'CERTIFICATE' || label === 'X509 CERTIFICATE') {
      presented.push(presented.length < MAX_DECODED ? decode(block, file) : EMPTY);
    } else if (label.endsWith('PRIVATE KEY')) hasPrivateKey = true;
    else others.add(label);
    label = null;
    cut = null;
  }

  function take(chunk: Buffer): void {
    text += chunk.toString('latin1');
    for (;;) {
      if (label === null) {
        const begin = BEGIN.exec(text);
        if (begin === null) {
          text = text.slice(-MAX_MARK);
          return;
        }
        label = begin[1] ?? '';
        text = text.slice(begin.index + begin[0].length);
      }
      const mark = `-----END ${label}-----`;
      const end = text.indexOf(mark);
      if (end < 0) {
        if (text.length > MAX_BLOCK) {
          cut ??= text.slice(0, MAX_BLOCK);
          text = text.slice(-MAX_MARK);
        }
        return;
      }
      const block = cut ?? text.slice(0, end);
      text = text.slice(end + mark.length);
      endBlock(block);
    }
  }

  return {
    take,
    end() {
      if (label !== null) {
        const message = `"${file}" is cut off: block "${label}" does not end`;
        throw new FormatError('ERR_PEM_INVALID', message, { what: file });
      }
      if (presented.length === 0) throw noCertificate(file, hasPrivateKey, others);
      return { presented, hasPrivateKey };
    },
  };
}

/** A block that was cut is longer than any certificate that is read, which is all there is to say of it. */
function decode(block: string, file: string): Uint8Array {
  const base64 = block.replace(/\s+/g, '');
  const der = Buffer.from(base64, 'base64');
  const isCut = block.length >= MAX_BLOCK;
  if (!isCut && (base64 === '' || der.toString('base64') !== base64)) {
    throw new FormatError('ERR_PEM_INVALID', `a certificate in "${file}" is not base64`, {
      what: file,
    });
  }
  return Uint8Array.from(der);
}

function noCertificate(
  file: string,
  hasPrivateKey: boolean,
  others: ReadonlySet<string>,
): FormatError | UsageError {
  if (hasPrivateKey) {
    return new UsageError(`"${file}" holds a private key and no certificate`, [
      'give the certificates of the chain, leaf first; keep the key where it is',
    ]);
  }
  const [other] = others;
  const known = other === undefined ? undefined : OTHERS[other];
  if (known !== undefined) {
    return new UsageError(`"${file}" holds ${known[0]}, not a chain`, [known[1]]);
  }
  return new FormatError('ERR_PEM_INVALID', `"${file}" holds no certificate`, { what: file });
}

/**
 * The errors of the gate: thrown, one base, a closed union of codes, grouped by who must act.
 * A bad certificate is not an error but data (see problem.ts); refusing to go on is the error.
 */

import type { Diagnosis } from './diagnose.ts';
import type { Endpoint, Purpose } from './question.ts';

/** Who must act: the person or the administrator. */
export type TrustErrorCode =
  | 'ERR_TRUST_CHANGED'
  | 'ERR_TRUST_EXPIRED'
  | 'ERR_TRUST_NO_CERTIFICATE'
  | 'ERR_TRUST_POLICY'
  | 'ERR_TRUST_REFUSED'
  | 'ERR_TRUST_STOPPED'
  | 'ERR_TRUST_UNANSWERED';

/** Nobody has to act: retry, then Work Offline. */
export type TransportErrorCode =
  | 'ERR_CONNECTION_CLOSED'
  | 'ERR_CONNECT_FAILED'
  | 'ERR_CONNECT_TIMEOUT'
  | 'ERR_HANDSHAKE_FAILED'
  | 'ERR_NAME_NOT_FOUND'
  | 'ERR_PLAINTEXT_REFUSED';

/** Whoever made the file or sent the bytes must act. */
export type FormatErrorCode =
  | 'ERR_DER_INVALID'
  | 'ERR_JSON_INVALID'
  | 'ERR_JSON_LIMIT'
  | 'ERR_PEM_INVALID'
  | 'ERR_POLICY_INVALID'
  | 'ERR_PROFILE_INVALID'
  | 'ERR_XML_INVALID'
  | 'ERR_XML_LIMIT';

/** The administrator of this computer must act. */
export type StoreErrorCode =
  | 'ERR_STORE_CORRUPT'
  | 'ERR_STORE_FAILED'
  | 'ERR_STORE_LOCKED'
  | 'ERR_STORE_UNSAFE'
  | 'ERR_STORE_VERSION';

/** What every error of Postern carries. Messages are lower-case fragments without advice or secrets. */
export abstract class PosternError extends Error {
  abstract readonly code: string;
}

/** The gate did not let a connection through. `diagnosis` holds every problem seen, or null if none was made. */
export class TrustError extends PosternError {
  override readonly name = 'TrustError';
  readonly code: TrustErrorCode;
  readonly diagnosis: Diagnosis | null;
  readonly endpoint: Endpoint;
  readonly purpose: Purpose | null;
  /** Evidence: `expected` and `presented` fingerprints, the policy `rule`, the instant. */
  readonly detail: Readonly<Record<string, string>>;

  constructor(
    code: TrustErrorCode,
    message: string,
    about: {
      endpoint: Endpoint;
      purpose: Purpose | null;
      diagnosis?: Diagnosis | null;
      detail?: Record<string, string>;
      cause?: unknown;
    },
  ) {
    super(message, about.cause === undefined ? undefined : { cause: about.cause });
    this.code = code;
    this.endpoint = about.endpoint;
    this.purpose = about.purpose;
    this.diagnosis = about.diagnosis ?? null;
    this.detail = about.detail ?? {};
  }
}

/** No connection could be made or kept, before or apart from any question of trust. */
export class TransportError extends PosternError {
  override readonly name = 'TransportError';
  readonly code: TransportErrorCode;
  /** Where it happened: `resolve`, `connect`, `handshake`, `request`, `response`. */
  readonly phase: 'connect' | 'handshake' | 'request' | 'resolve' | 'response';
  readonly purpose: Purpose | null;

  constructor(
    code: TransportErrorCode,
    message: string,
    about: { phase: TransportError['phase']; purpose?: Purpose | null; cause?: unknown },
  ) {
    super(message, about.cause === undefined ? undefined : { cause: about.cause });
    this.code = code;
    this.phase = about.phase;
    this.purpose = about.purpose ?? null;
  }
}

/** Bytes that are not what they should be. `what` names the file or message, `offset` the place, if known. */
export class FormatError extends PosternError {
  override readonly name = 'FormatError';
  readonly code: FormatErrorCode;
  readonly what: string;
  readonly offset: number | null;

  constructor(
    code: FormatErrorCode,
    message: string,
    about: { what: string; offset?: number; cause?: unknown },
  ) {
    super(message, about.cause === undefined ? undefined : { cause: about.cause });
    this.code = code;
    this.what = about.what;
    this.offset = about.offset ?? null;
  }
}

/** A store that cannot be used: locked by another process, damaged, newer than this program, or writable by others. */
export class StoreError extends PosternError {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  readonly path: string;
  /** For ERR_STORE_VERSION: the schema of the file, and the newest that this program knows. */
  readonly version: { readonly found: number; readonly supported: number } | null;

  constructor(
    code: StoreErrorCode,
    message: string,
    about: { path: string; version?: { found: number; supported: number }; cause?: unknown },
  ) {
    super(message, about.cause === undefined ? undefined : { cause: about.cause });
    this.code = code;
    this.path = about.path;
    this.version = about.version ?? null;
  }
}

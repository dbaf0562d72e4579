/**
 * What OpenSSL's one code says of our list of problems. The list explains or adds; a code that no
 * problem explains stands for itself as `refused-by-openssl`.
 */

import type { Problem, ProblemKind } from './problem.ts';

/**
 * OpenSSL's codes as Node names them, and the problems that each may stand for. Node gives the last
 * one alone, and `UNSPECIFIED` for whatever it has no name for. An issuer whose extensions OpenSSL
 * cannot read, or that may not issue, is often no issuer to it at all.
 */
const EXPLAINED_BY: Readonly<Record<string, readonly ProblemKind[]>> = {
  CERT_CHAIN_TOO_LONG: ['path-too-long', 'limit-exceeded'],
  CERT_HAS_EXPIRED: ['expired'],
  CERT_NOT_YET_VALID: ['not-yet-valid'],
  CERT_REVOKED: ['revoked'],
  CERT_SIGNATURE_FAILURE: ['bad-signature'],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['self-signed', 'issuer-not-found'],
  ERROR_IN_CERT_NOT_AFTER_FIELD: ['malformed'],
  ERROR_IN_CERT_NOT_BEFORE_FIELD: ['malformed'],
  ERR_TLS_CERT_ALTNAME_INVALID: ['name-mismatch'],
  HOSTNAME_MISMATCH: ['name-mismatch'],
  INVALID_CA: ['not-a-ca', 'malformed'],
  INVALID_PURPOSE: ['wrong-usage', 'not-a-ca', 'malformed'],
  PATH_LENGTH_EXCEEDED: ['path-too-long'],
  SELF_SIGNED_CERT_IN_CHAIN: ['root-not-trusted', 'self-signed', 'issuer-not-found'],
  UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY: ['malformed'],
  UNABLE_TO_GET_CRL: ['revocation-unknown'],
  UNABLE_TO_GET_ISSUER_CERT: [
    'issuer-not-found',
    'incomplete-chain',
    'root-not-trusted',
    'malformed',
  ],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: [
    'issuer-not-found',
    'incomplete-chain',
    'root-not-trusted',
    'self-signed',
    'bad-signature',
    'not-a-ca',
    'malformed',
  ],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [
    'issuer-not-found',
    'incomplete-chain',
    'self-signed',
    'bad-signature',
    'not-a-ca',
    'malformed',
  ],
  UNSPECIFIED: [
    'weak-key',
    'weak-signature',
    'unknown-critical-extension',
    'malformed',
    'name-constraint',
    'not-a-ca',
  ],
};

/** Whether one of the problems is what OpenSSL means by its code. An unknown code is explained by nothing. */
export function isExplained(code: string, problems: readonly Problem[]): boolean {
  // hasOwn: the code is a string from elsewhere, and `constructor` explains nothing.
  const kinds = Object.hasOwn(EXPLAINED_BY, code) ? (EXPLAINED_BY[code] ?? []) : [];
  return problems.some(({ kind }) => kinds.includes(kind));
}

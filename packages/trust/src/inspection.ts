/** What is found while the certificates of one path are looked at; shared by the rooms that look. */

import type { Position, Problem, Remark } from './problem.ts';

/** DER of a Name without any part. */
export const NO_NAME = '3000';

/** What is to be said of one path, dates apart. */
export interface Inspection {
  problems: Problem[];
  remarks: Remark[];
}

/** Adds a remark. */
export function remark(
  { remarks }: Inspection,
  kind: string,
  position: Position,
  sentence: string,
): void {
  remarks.push({ kind, position, sentence });
}

/**
 * Absent means any use (RFC 5280 4.2.1.12); in an issuer it binds all below, as OpenSSL and browsers
 * have it. `anyExtendedKeyUsage` alone is not enough: the RFC leaves it open, OpenSSL refuses it.
 */
export function servesTls(extendedKeyUsage: readonly string[] | null): boolean {
  return extendedKeyUsage === null || extendedKeyUsage.includes('serverAuth');
}

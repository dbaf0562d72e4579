/** The desk's secrets: one-time codes, session tokens, addresses of frames. Only their hashes are kept. */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Bytes of a secret: 256 bits, beyond guessing. */
const SECRET_BYTES = 32;

/** A new secret as text that may stand in an address: 43 characters of base64url. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/** What is kept of a secret. */
export function secretHash(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Whether a text is the secret of this hash; how long it takes says nothing about either. */
export function isSecret(given: string, hash: Buffer): boolean {
  return timingSafeEqual(secretHash(given), hash);
}

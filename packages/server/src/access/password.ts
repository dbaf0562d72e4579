/** Passwords: kept only as scrypt hashes, made by chance for new accounts. */

import { randomBytes, randomInt, scrypt, timingSafeEqual } from 'node:crypto';

/** What a hash costs. */
export interface ScryptCost {
  /** CPU and memory cost. */
  N: number;
  /** Block size. */
  r: number;
  /** Parallelisation. */
  p: number;
}

/**
 * 32 MiB and three rounds per guess: one of the equal choices of the OWASP Password Storage Cheat Sheet
 * (scrypt: N=2^15, r=8, p=3); its memory is affordable when several people log in at once.
 */
export const SCRYPT_COST: ScryptCost = { N: 32_768, r: 8, p: 3 };
/** Bytes of salt and hash (NIST SP 800-132 5.1: at least 16 of salt). */
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** Hashes computed at once; more wait, so that log-ins cannot take all memory. */
const MAX_AT_ONCE = 2;
/** Longest password that is hashed, in bytes; a longer one is wrong. */
const MAX_PASSWORD_BYTES = 1024;

let running = 0;
const waiting: (() => void)[] = [];

async function derive(password: string, salt: Buffer, cost: ScryptCost): Promise<Buffer> {
  if (running >= MAX_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  running++;
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      // scrypt needs 128 * N * r bytes and a little; OpenSSL refuses above maxmem.
      const options = { ...cost, maxmem: 256 * cost.N * cost.r };
      scrypt(password.normalize('NFC'), salt, HASH_BYTES, options, (error, key) =>
        error === null ? resolve(key) : reject(error),
      );
    });
  } finally {
    running--;
    waiting.shift()?.();
  }
}

/** The hash to keep: `scrypt$N$r$p$salt$hash`, the last two in hex. */
export async function hashPassword(
  password: string,
  cost: ScryptCost = SCRYPT_COST,
): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt, cost);
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('hex'), hash.toString('hex')].join('$');
}

/** True if the password has this hash. A null hash (no such account) costs the same time and is false. */
export async function verifyPassword(password: string, kept: string | null): Promise<boolean> {
  const [kind, N, r, p, salt, hash] = (kept ?? '').split('$');
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) return false;
  if (kind !== 'scrypt' || salt === undefined || hash === undefined) {
    await derive(password, Buffer.alloc(SALT_BYTES), SCRYPT_COST);
    return false;
  }
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  const found = await derive(password, Buffer.from(salt, 'hex'), cost);
  const expected = Buffer.from(hash, 'hex');
  return found.length === expected.length && timingSafeEqual(found, expected);
}

/** Letters and digits that are not mistaken for one another. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';
/** 20 of 55 characters: 115 bits. */
const RANDOM_LENGTH = 20;

/** A random password in groups of five, to be shown once. */
export function randomPassword(): string {
  const letters = Array.from({ length: RANDOM_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]);
  return letters.join('').replace(/.{5}(?=.)/g, '$&-');
}

/**
 * Authentication tokens, in ZCS's form: `0_<HMAC-SHA-256>_<data>`, both in hex; the data says who, until when, and with which
 * password. Verified ones are remembered for a moment, since each request brings one.
 */

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { fault } from '../faults.ts';
import type { Store } from '../store/store.ts';

/** How long a token lives, in ms (ZCS: zimbraAuthTokenLifetime 2 days, zimbraAdminAuthTokenLifetime 12 hours). */
export const TOKEN_LIFETIME_MS = { account: 172_800_000, admin: 43_200_000 } as const;
/** How long a verified token is taken unseen; so long a logged-off one may live on in another process. */
const REMEMBER_MS = 1000;
const MAX_REMEMBERED = 1000;
/** Longest token that is looked at, in characters. */
const MAX_LENGTH = 1024;

/** Who a token stands for. */
export interface Identity {
  accountId: string;
  mailboxId: number;
  name: string;
  isAdmin: boolean;
  expiresAt: Date;
}

interface Remembered {
  identity: Identity;
  until: number;
}

/** Makes and verifies tokens. */
export class Tokens {
  readonly #key: Buffer;
  readonly #store: Store;
  readonly #remembered = new Map<string, Remembered>();

  constructor(key: Buffer, store: Store) {
    this.#key = key;
    this.#store = store;
  }

  /** Makes a token for an account. */
  issue(account: { id: string; validity: number }, isAdmin: boolean, lifetimeMs: number): string {
    const expires = this.#store.clock.now().getTime() + lifetimeMs;
    const pair = (name: string, value: string): string => `${name}=${value.length}:${value};`;
    const fields = [
      pair('id', account.id),
      pair('exp', String(expires)),
      isAdmin ? pair('admin', '1') : '',
      pair('type', 'zimbra'),
      pair('vv', String(account.validity)),
    ].join('');
    const data = Buffer.from(fields, 'utf8').toString('hex');
    return `0_${this.#sign(data)}_${data}`;
  }

  /**
   * Who the token stands for. Throws service.AUTH_REQUIRED for none, a forged one, one that was logged off or whose
   * password changed, service.AUTH_EXPIRED for an old one.
   */
  async verify(token: string | null | undefined): Promise<Identity> {
    if (!token || token.length > MAX_LENGTH) throw fault.authRequired();
    const now = this.#store.clock.now().getTime();
    const known = this.#remembered.get(token);
    if (known !== undefined && known.until > now && known.identity.expiresAt.getTime() > now) {
      return known.identity;
    }
    const identity = await this.#check(token, now);
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(token, { identity, until: now + REMEMBER_MS });
    return identity;
  }

  async #check(token: string, now: number): Promise<Identity> {
    const found = /^0_([0-9a-f]{64})_([0-9a-f]+)$/.exec(token);
    if (found === null) throw fault.authRequired();
    const [, signature = '', data = ''] = found;
    const expected = Buffer.from(this.#sign(data), 'latin1');
    if (!timingSafeEqual(Buffer.from(signature, 'latin1'), expected)) throw fault.authRequired();
    const fields = new Map(
      [
        ...Buffer.from(data, 'hex')
          .toString('utf8')
          .matchAll(/(\w+)=\d+:([^;]*);/g),
      ].map(([, name = '', value = '']) => [name, value] as const),
    );
    const expires = Number(fields.get('exp'));
    if (!(expires > now)) throw fault.authExpired();
    const { queries } = this.#store.database;
    const ended = await queries
      .selectFrom('ended_tokens')
      .select('digest')
      .where('digest', '=', digestOf(token))
      .executeTakeFirst();
    const account = await queries
      .selectFrom('accounts')
      .select(['id', 'mailbox_id', 'name', 'validity', 'is_admin'])
      .where('id', '=', fields.get('id') ?? '')
      .executeTakeFirst();
    const isCurrent = String(account?.validity) === fields.get('vv');
    if (ended !== undefined || account === undefined || !isCurrent) throw fault.authRequired();
    return {
      accountId: account.id,
      mailboxId: account.mailbox_id,
      name: account.name,
      isAdmin: fields.get('admin') === '1' && account.is_admin === 1,
      expiresAt: new Date(expires),
    };
  }

  /** Ends a token before its time. */
  async end(token: string, identity: Identity): Promise<void> {
    this.#remembered.delete(token);
    const now = this.#store.clock.now().getTime();
    await this.#store.database.write(async (tx) => {
      await tx.deleteFrom('ended_tokens').where('expires_at', '<=', now).execute();
      await tx
        .insertInto('ended_tokens')
        .values({ digest: digestOf(token), expires_at: identity.expiresAt.getTime() })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    });
  }

  #sign(data: string): string {
    return createHmac('sha256', this.#key).update(data).digest('hex');
  }
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Log-in, at both doors. The answer to a wrong password, an unknown account and a locked one is the same. */

import { authResponse, type Element, pingResponse, readAuthRequest } from '@postern/soap';
import { verifyPassword } from '../access/password.ts';
import { TOKEN_LIFETIME_MS } from '../access/tokens.ts';
import { fault } from '../faults.ts';
import type { AccountsTable } from '../store/schema.ts';
import type { Exchange, Handlers, OpenHandler } from './context.ts';

/** Requests that need no token. */
export const OPEN_HANDLERS: Handlers<OpenHandler> = {
  AuthRequest: authenticate,
  PingRequest: async () => pingResponse(),
};

async function authenticate(exchange: Exchange, request: Element): Promise<Element> {
  const { services, door } = exchange;
  const attempt = readAuthRequest(request);
  const token = attempt.authToken;
  if (token) {
    const who = await services.tokens.verify(token);
    if (door === 'admin' && !who.isAdmin) throw fault.permissionDenied('not an admin account');
    const leftMs = who.expiresAt.getTime() - services.store.clock.now().getTime();
    return grant(exchange, token, leftMs);
  }
  if (attempt.account === null) throw fault.invalidRequest('missing required element: account');
  if (attempt.password === null) throw fault.invalidRequest('must specify password');
  const account = await checkedAccount(exchange, attempt.account, attempt.password);
  if (door === 'admin' && account.is_admin !== 1) {
    throw fault.permissionDenied('not an admin account');
  }
  const lifetimeMs = TOKEN_LIFETIME_MS[door];
  return grant(exchange, services.tokens.issue(account, door === 'admin', lifetimeMs), lifetimeMs);
}

function grant(exchange: Exchange, authToken: string, lifetimeMs: number): Element {
  exchange.granted = { authToken, lifetimeMs };
  return authResponse({ authToken, lifetimeMs, refer: null, csrfToken: null }, exchange.door);
}

async function checkedAccount(
  { services, address }: Exchange,
  selector: { by: 'id' | 'name'; value: string },
  password: string,
): Promise<AccountsTable> {
  const { attempts, store, log } = services;
  const name = selector.value.slice(0, 320);
  const account = await store.database.queries
    .selectFrom('accounts')
    .selectAll()
    .where(selector.by, '=', selector.by === 'name' ? name.toLowerCase() : name)
    .executeTakeFirst();
  // Counted by account, however it was named; the password is not looked at while it waits.
  const counted = account?.name ?? name;
  if (attempts.isLocked(counted, address)) {
    log('auth-locked', { account: counted, address });
    throw fault.authFailed(name);
  }
  const isRight = await verifyPassword(password, account?.password_hash ?? null);
  if (!isRight || account === undefined) {
    attempts.failed(counted, address);
    log('auth-failed', { account: counted, address });
    throw fault.authFailed(name);
  }
  attempts.succeeded(counted, address);
  return account;
}

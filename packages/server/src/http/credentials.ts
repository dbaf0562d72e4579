/** Where a request says who it is from: cookie, `zauthtoken` parameter, HTTP Basic; and where it came in. */

import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AuthDoor } from '@postern/soap';

/** The cookies of the two doors. */
const COOKIE: Readonly<Record<AuthDoor, string>> = {
  account: 'ZM_AUTH_TOKEN',
  admin: 'ZM_ADMIN_AUTH_TOKEN',
};

/** The token in the door's cookie, or null. */
export function tokenOf(request: IncomingMessage, door: AuthDoor): string | null {
  const cookies = request.headers.cookie;
  if (cookies === undefined) return null;
  const prefix = `${COOKIE[door]}=`;
  for (const one of cookies.split(';')) {
    const cookie = one.trimStart();
    if (cookie.startsWith(prefix)) return cookie.slice(prefix.length);
  }
  return null;
}

/** The cookie that a log-in sets. */
export function authCookie(token: string, door: AuthDoor, isSecure: boolean): string {
  return `${COOKIE[door]}=${token}; Path=/; HttpOnly${isSecure ? '; Secure' : ''}`;
}

/** Name and password of HTTP Basic, or null. */
export function basicCredentials(
  request: IncomingMessage,
): { name: string; password: string } | null {
  const found = /^Basic ([A-Za-z0-9+/=]{1,2000})$/i.exec(request.headers.authorization ?? '');
  if (found === null) return null;
  const text = Buffer.from(found[1] ?? '', 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? null : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** `https://host:8443`, as the client named this server; by its address where the name is no name. */
export function originOf(request: IncomingMessage, isSecure: boolean): string {
  const scheme = isSecure ? 'https' : 'http';
  const host = request.headers.host ?? '';
  if (/^[A-Za-z0-9.-]{1,255}(:\d{1,5})?$|^\[[0-9a-fA-F:]{2,40}\](:\d{1,5})?$/.test(host)) {
    return `${scheme}://${host}`;
  }
  const { address, family, port } = request.socket.address() as AddressInfo;
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

/** One spelling per endpoint, so that trust given to one name can never be looked up under another. */

import { isIP } from 'node:net';
import { normaliseServerName } from './names.ts';
import type { Endpoint } from './question.ts';

/** The endpoint as it is compared and stored: A-label, lower case, no trailing dot. Throws TypeError. */
export function toEndpoint(host: string, port: number): Endpoint {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new TypeError(`port ${port} is not between 1 and 65535`);
  }
  return { host: normaliseServerName(host), port };
}

/** `host:port`, with brackets around an IPv6 address. */
export function endpointKey({ host, port }: Endpoint): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

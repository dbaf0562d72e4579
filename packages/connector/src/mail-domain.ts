/** The mail domain of an address: what a server may be looked for in, and what a name may be near to. */

import { normaliseServerName } from '@postern/trust';

/** What follows the last `@`, as server names are spelled (A-labels); null where that is no name. */
export function mailDomainOf(email: string): string | null {
  const at = email.lastIndexOf('@');
  if (at < 0) return null;
  try {
    return normaliseServerName(email.slice(at + 1));
  } catch {
    return null;
  }
}

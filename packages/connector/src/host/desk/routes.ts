/** Opening a desk, at the daemon's API: on the control socket alone, whose folder nobody else can enter. */

import { type Exchange, HostError, readObject } from '../exchange.ts';
import type { Route } from '../routes.ts';
import type { Desk } from './listener.ts';

/** Longest name of a profile that is taken along, in characters; whether there is such a profile shows in the desk. */
const MAX_NAME = 200;

/** `POST /api/desk` takes `{profile, as}` and gives `{url}`, or with `as: "file"` the `{file}` that leads a browser there. */
export function deskRoutes(desk: Desk): readonly Route[] {
  async function open({ request }: Exchange): Promise<unknown> {
    const { profile = null, as = 'address' } = await readObject(request);
    const isName = typeof profile === 'string' && profile.length <= MAX_NAME;
    if (profile !== null && !isName)
      throw new HostError(400, 'ERR_BODY_INVALID', '"profile" must be the name of a profile');
    if (as !== 'address' && as !== 'file')
      throw new HostError(400, 'ERR_BODY_INVALID', '"as" must be "address" or "file"');
    const name = isName ? profile : null;
    return as === 'file' ? desk.handOver(name) : desk.open(name);
  }

  return [{ method: 'POST', path: '/api/desk', status: 201, run: open }];
}

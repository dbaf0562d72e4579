/**
 * Listens on 127.0.0.1, on a port of its own each time. A port that is known from last time could be
 * somebody else's while Postern is away, and what a browser keeps of that would then be kept of the desk.
 */

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Nothing else: no name, which could lead elsewhere, and no address that another computer reaches. */
export const LOOPBACK = '127.0.0.1';

/** Resolves with the port. */
export async function listenOnLoopback(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: LOOPBACK, port: 0, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { address, port } = server.address() as AddressInfo;
  if (address !== LOOPBACK) throw new TypeError(`listening on ${address}`);
  return port;
}

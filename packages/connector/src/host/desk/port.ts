/** Listens on 127.0.0.1, where it can on the port of last time: a window that is still open finds the desk there when it is loaded again. */

import { rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readPrivateFile } from '@postern/trust';

/** Nothing else: no name, which could lead elsewhere, and no address that another computer reaches. */
export const LOOPBACK = '127.0.0.1';

/** Ports below are the system's. */
const LEAST_PORT = 1024;

/** What a port that cannot be had says. */
const TAKEN = ['EACCES', 'EADDRINUSE'];

/** Listens, remembers the port in `file`, which must be in a private folder, and resolves with it. */
export async function listenOnLoopback(server: Server, file: string): Promise<number> {
  try {
    await listen(server, lastPort(file) ?? 0);
  } catch (error) {
    if (!TAKEN.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    await listen(server, 0);
  }
  const { address, port } = server.address() as AddressInfo;
  if (address !== LOOPBACK) throw new TypeError(`listening on ${address}`);
  // Anew, so that an older file's mode does not stay.
  rmSync(file, { force: true });
  writeFileSync(file, `${JSON.stringify({ schema: 1, port })}\n`, { mode: 0o600, flag: 'wx' });
  return port;
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: LOOPBACK, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Null for a file that is not there or says nothing of use: any port will do. */
function lastPort(file: string): number | null {
  const bytes = readPrivateFile(file);
  if (bytes === null) return null;
  try {
    const { port } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { port?: unknown };
    const isPort = Number.isInteger(port) && Number(port) >= LEAST_PORT && Number(port) <= 65_535;
    return isPort ? Number(port) : null;
  } catch {
    return null;
  }
}

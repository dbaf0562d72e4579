/**
 * The server's home folder, laid out as ZCS's: `ssl/zimbra/ca`, `ssl/zimbra/server`, `conf`, `log`, `db`,
 * `store`. Private to its user: folders 0700, files that hold secrets 0600.
 */

import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import path from 'node:path';
import { StoreError } from '@postern/trust';

/** Where everything of one server is. */
export interface Home {
  root: string;
  authorityCertificate: string;
  authorityKey: string;
  serverCertificate: string;
  serverKey: string;
  configuration: string;
  tokenKey: string;
  log: string;
  database: string;
  lock: string;
  store: string;
  incoming: string;
  /** Where ZCS keeps the connector's installers. */
  downloads: string;
}

/** The paths of a home. Makes nothing. */
export function homePaths(root: string): Home {
  const at = (...parts: string[]): string => path.join(path.resolve(root), ...parts);
  return {
    root: at(),
    authorityCertificate: at('ssl', 'zimbra', 'ca', 'ca.pem'),
    authorityKey: at('ssl', 'zimbra', 'ca', 'ca.key'),
    serverCertificate: at('ssl', 'zimbra', 'server', 'server.crt'),
    serverKey: at('ssl', 'zimbra', 'server', 'server.key'),
    configuration: at('conf', 'server.json'),
    tokenKey: at('conf', 'authtoken.key'),
    log: at('log', 'mailbox.log'),
    database: at('db', 'mailbox.sqlite'),
    lock: at('db', 'server.lock'),
    store: at('store'),
    incoming: at('store', 'incoming'),
    downloads: at('jetty', 'webapps', 'zimbra', 'downloads'),
  };
}

/**
 * Makes the folders that are missing. Throws ERR_STORE_UNSAFE if the home is not this user's, or if others can
 * change what is in it.
 */
export async function prepareHome(home: Home): Promise<void> {
  const folders = [
    home.root,
    path.dirname(home.authorityKey),
    path.dirname(home.serverKey),
    path.dirname(home.configuration),
    path.dirname(home.log),
    path.dirname(home.database),
    home.incoming,
  ];
  for (const folder of folders) await fs.mkdir(folder, { recursive: true, mode: 0o700 });
  const found = await fs.stat(home.root);
  const uid = process.getuid?.();
  if (uid !== undefined && (found.uid !== uid || (found.mode & 0o022) !== 0)) {
    throw new StoreError('ERR_STORE_UNSAFE', 'home folder can be changed by others', {
      path: home.root,
    });
  }
}

/** Writes a file whole or not at all, durably, readable by this user alone. */
export async function writeWhole(file: string, content: Uint8Array | string): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  const handle = await fs.open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await fs.rename(temporary, file);
  await syncFolder(path.dirname(file));
}

/** Makes the names in a folder durable. Windows cannot open folders, and does not need it. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await fs.open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The file's bytes, or null where there is no such file. */
export async function readIfThere(file: string): Promise<Buffer | null> {
  try {
    return await fs.readFile(file);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** True for the error of a file that is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

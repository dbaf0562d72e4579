/**
 * The other end of a control socket: at most one process for each `run` folder, by a lock that the
 * operating system takes back when the process ends, however it ends.
 */

import { chmodSync, closeSync, openSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import http, { type RequestListener, type ServerResponse } from 'node:http';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ensurePrivateFolder, StoreError } from '@postern/trust';
import { type ControlGreeting, controlAddress, pidFile } from './control.ts';

/** SQLITE_BUSY: somebody else holds the lock. */
const SQLITE_BUSY = 5;

/** This end of a control socket; it has the lock from the beginning. */
export interface ControlHost {
  /** Answers requests from now on, unless it was told to stop before. */
  listen(handler: RequestListener): Promise<void>;
  /** Ends the work, then every connection, then gives the lock back. Once, however often it is called. */
  shutDown(): Promise<void>;
  /** Resolves when all of that is over. */
  readonly over: Promise<void>;
}

/** Whose socket it is. */
export interface ControlHostOptions {
  run: string;
  greeting: ControlGreeting;
  /** Ends what this process does; called once. */
  stop: () => Promise<void>;
}

/**
 * Takes the lock of a `run` folder, which it makes with mode 0700. Throws StoreError
 * ERR_STORE_LOCKED if another process has it, ERR_STORE_UNSAFE if others can write the folder.
 */
export function takeControl({ run, greeting, stop }: ControlHostOptions): ControlHost {
  ensurePrivateFolder(run, { closed: true });
  const lock = takeLock(path.join(run, 'lock'));
  const address = controlAddress(run);
  const server = http.createServer({ requestTimeout: 0 });
  server.on('clientError', (_error, socket) => socket.destroy());
  const { promise: over, resolve: ended, reject: failed } = Promise.withResolvers<void>();
  let stopping: Promise<void> | null = null;

  function stopWork(): Promise<void> {
    stopping ??= stop();
    return stopping;
  }

  async function close(): Promise<void> {
    if (server.listening) {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    }
    if (address.folder !== null && address.folder !== run) removeFolder(address.folder);
    rmSync(pidFile(run), { force: true });
    lock.close();
  }

  function shutDown(): Promise<void> {
    stopWork().then(close).then(ended, failed);
    return over;
  }

  /** Whoever asks to stop is answered when the work has ended and before the connections do. */
  async function stopFor(response: ServerResponse): Promise<void> {
    try {
      await stopWork();
      answer(response, 200, { stopped: true });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      answer(response, 500, { error: { code: 'ERR_BUG', message } });
    }
    response.once('close', () => void shutDown());
  }

  return {
    over,
    shutDown,
    async listen(handler) {
      // The lock may be another process's by now.
      if (stopping !== null) return;
      server.on('request', (request, response) => {
        const { method, url } = request;
        if (url === '/control' && method === 'GET') answer(response, 200, greeting);
        else if (url === '/control/stop' && method === 'POST') void stopFor(response);
        else handler(request, response);
      });
      if (address.folder !== null) {
        ensurePrivateFolder(address.folder, { closed: true });
        // The lock is ours, so whoever left a socket here is gone.
        rmSync(address.path, { force: true });
      }
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(address.path, () => {
          server.off('error', reject);
          resolve();
        });
      });
      if (address.folder !== null) chmodSync(address.path, 0o600);
      writeFileSync(pidFile(run), `${greeting.pid}\n`, { mode: 0o600 });
    },
  };
}

/** A folder of the temporary one that only held the socket. Whatever else is in it is not ours. */
function removeFolder(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It stays, private and harmless.
  }
}

function takeLock(file: string): DatabaseSync {
  closeSync(openSync(file, 'a', 0o600));
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    const { errcode } = error as { errcode?: unknown };
    if (errcode !== SQLITE_BUSY) throw error;
    throw new StoreError('ERR_STORE_LOCKED', 'another process of Postern is at work in this home', {
      path: path.dirname(file),
      cause: error,
    });
  }
}

/** Sends JSON on a control socket. */
export function answer(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

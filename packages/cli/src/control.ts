/**
 * The client's end of a control socket: HTTP over a Unix socket (a named pipe on Windows) in a
 * folder that nobody else can enter. The one place where the command line speaks to a process of ours.
 */

import { createHash } from 'node:crypto';
import http, { type IncomingMessage } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { assertPrivate } from '@postern/trust';
import { CommandFailure, ControlError, EXIT } from './failure.ts';

/** A Unix socket's path may have 107 bytes on Linux and 103 on macOS (sun_path less its final zero). */
const MAX_SOCKET_PATH_BYTES = 100;

/** Where a process whose home has this `run` folder listens. */
export interface ControlAddress {
  /** The 0700 folder that both ends check; null for a named pipe, which Windows keeps to its owner. */
  folder: string | null;
  path: string;
}

/** The address that belongs to a `run` folder; a path too long for a socket moves to a folder of its own in the temporary one. */
export function controlAddress(run: string): ControlAddress {
  const name = createHash('sha256').update(path.resolve(run)).digest('hex').slice(0, 16);
  if (process.platform === 'win32') return { folder: null, path: `\\\\.\\pipe\\postern-${name}` };
  const direct = path.join(run, 'control.sock');
  if (Buffer.byteLength(direct) <= MAX_SOCKET_PATH_BYTES) return { folder: run, path: direct };
  const folder = path.join(os.tmpdir(), `postern-${process.getuid?.() ?? 0}-${name}`);
  return { folder, path: path.join(folder, 'control.sock') };
}

/** What a host tells of itself at `GET /control`. */
export interface ControlGreeting {
  schema: 1;
  pid: number;
  version: string;
  startedAt: string;
}

/** The file with the process id of whoever answers in this `run` folder; the last thing to go when it ends in order. */
export function pidFile(run: string): string {
  return path.join(run, 'pid');
}

/** What a request may carry besides method and path. */
export interface ControlRequest {
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is, a message in the form of RFC 5322. */
  raw?: Uint8Array;
  signal?: AbortSignal;
}

/** A process of ours that answers on its control socket. */
export interface Control {
  /** The answer's JSON; `undefined` for an empty one. Throws ControlError with the code that the process gave. */
  request(method: string, path: string, about?: ControlRequest): Promise<unknown>;
  /** The answer's bytes. */
  bytes(path: string): Promise<Buffer>;
  /** One JSON value for each line, until the process or `signal` ends it. */
  events(path: string, signal: AbortSignal): AsyncIterable<unknown>;
}

/**
 * Opens the control socket that belongs to a `run` folder. Throws StoreError ERR_STORE_UNSAFE where
 * others could have put the socket there. Whether anybody answers shows at the first request.
 */
export function openControl(run: string, who = 'Postern'): Control {
  const address = controlAddress(run);

  async function send(
    method: string,
    target: string,
    about: ControlRequest,
  ): Promise<IncomingMessage> {
    checkAddress(address, who);
    const body = about.raw ?? (about.json === undefined ? null : JSON.stringify(about.json));
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request = http.request(
      {
        socketPath: address.path,
        method,
        path: target,
        agent: false,
        headers: {
          host: 'postern',
          ...(body === null ? {} : { 'content-length': Buffer.byteLength(body) }),
          ...(body === null
            ? {}
            : { 'content-type': about.raw ? 'message/rfc822' : 'application/json' }),
        },
        ...(about.signal === undefined ? {} : { signal: about.signal }),
      },
      resolve,
    );
    request.on('error', (error: NodeJS.ErrnoException) => {
      const away = error.code === 'ENOENT' || error.code === 'ECONNREFUSED';
      reject(away ? notRunning(who, error) : error);
    });
    request.end(body ?? undefined);
    return promise;
  }

  async function answer(response: IncomingMessage): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of response) parts.push(part);
    const bytes = Buffer.concat(parts);
    const status = response.statusCode ?? 0;
    if (status >= 400) throw controlError(status, bytes);
    return bytes;
  }

  return {
    async request(method, target, about = {}) {
      const bytes = await answer(await send(method, target, about));
      return bytes.length === 0 ? undefined : JSON.parse(bytes.toString('utf8'));
    },
    async bytes(target) {
      return answer(await send('GET', target, {}));
    },
    async *events(target, signal) {
      try {
        const response = await send('GET', target, { signal });
        if ((response.statusCode ?? 0) >= 400) await answer(response);
        let rest = '';
        response.setEncoding('utf8');
        for await (const part of response) {
          const lines = (rest + part).split('\n');
          rest = lines.pop() ?? '';
          for (const line of lines) if (line.trim() !== '') yield JSON.parse(line);
        }
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
  };
}

/** Whether a process answers on the control socket of this `run` folder. */
export async function isAnswering(run: string): Promise<boolean> {
  try {
    await openControl(run).request('GET', '/control');
    return true;
  } catch (error) {
    if (error instanceof CommandFailure && error.code === 'ERR_NOT_RUNNING') return false;
    throw error;
  }
}

function checkAddress({ folder, path: socket }: ControlAddress, who: string): void {
  if (folder === null) return;
  const there =
    assertPrivate(folder, { kind: 'folder', closed: true }) &&
    assertPrivate(socket, { kind: 'socket' });
  if (!there) throw notRunning(who, undefined);
}

function notRunning(who: string, cause: unknown): CommandFailure {
  const hint = who === 'Postern' ? 'run "postern start" first' : 'run "postern server start" first';
  return new CommandFailure(EXIT.cannotConnect, `${who} is not running`, {
    code: 'ERR_NOT_RUNNING',
    hints: [hint],
    ...(cause === undefined ? {} : { cause }),
  });
}

function controlError(status: number, bytes: Buffer): ControlError {
  let told: unknown = null;
  try {
    told = JSON.parse(bytes.toString('utf8'));
  } catch {
    // Not JSON: the status has to do.
  }
  const { error } = (told ?? {}) as {
    error?: { code?: unknown; message?: unknown; hints?: unknown };
  };
  const code = typeof error?.code === 'string' ? error.code : `ERR_HTTP_${status}`;
  const message =
    typeof error?.message === 'string' ? error.message : `answered with status ${status}`;
  const hints = Array.isArray(error?.hints) ? error.hints.map(String) : [];
  return new ControlError(code, message, status, hints);
}

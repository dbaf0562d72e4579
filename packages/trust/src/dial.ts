/**
 * What dialling needs, without dialling: waiting for one event within a limit, foreign errors in our
 * terms, and what a handshake showed. Opens no socket (see gate.ts and danger.ts).
 */

import type { LookupAddress, LookupOptions } from 'node:dns';
import type { LookupFunction, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from './clock.ts';
import { endpointKey } from './endpoint.ts';
import { TransportError, type TransportErrorCode } from './errors.ts';
import type { Endpoint, Purpose } from './question.ts';
import type { Resolve } from './request.ts';

/** Name, TCP and handshake together, in ms: what Firefox gives a TLS handshake by default (30 s). */
export const DIAL_TIMEOUT_MS = 30_000;

/** Foreign codes, mapped once and by code alone. Whatever else fails after TCP stood is the handshake. */
const FOREIGN_CODES: Readonly<Record<string, TransportErrorCode>> = {
  EAI_AGAIN: 'ERR_NAME_NOT_FOUND',
  ECONNREFUSED: 'ERR_CONNECT_FAILED',
  EHOSTUNREACH: 'ERR_CONNECT_FAILED',
  ENETUNREACH: 'ERR_CONNECT_FAILED',
  ENOTFOUND: 'ERR_NAME_NOT_FOUND',
  ETIMEDOUT: 'ERR_CONNECT_TIMEOUT',
};

/** How OpenSSL tells that the other side has no version of TLS that is offered (measured, 3.5). */
const TOO_OLD = new Set(['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'ERR_SSL_UNSUPPORTED_PROTOCOL']);

/** Node's error in our terms; its own stays as the cause. */
export function transportError(
  cause: unknown,
  phase: 'connect' | 'handshake',
  purpose: Purpose | null,
  endpoint: Endpoint,
): TransportError {
  if (cause instanceof TransportError) return cause;
  const foreign = foreignCode(cause);
  const known = FOREIGN_CODES[foreign];
  const code = known ?? (phase === 'handshake' ? 'ERR_HANDSHAKE_FAILED' : 'ERR_CONNECT_FAILED');
  const isName = code === 'ERR_NAME_NOT_FOUND';
  const what = isName
    ? 'no address for'
    : phase === 'handshake'
      ? 'no TLS handshake with'
      : 'no connection to';
  const where = isName ? endpoint.host : endpointKey(endpoint);
  const why = TOO_OLD.has(foreign) ? `${foreign} (it speaks no TLS from 1.2 on)` : foreign;
  return new TransportError(code, `${what} "${where}": ${why}`, {
    phase: isName ? 'resolve' : phase,
    purpose,
    cause,
  });
}

/** With several addresses Node throws an AggregateError: the first one's code stands for all. */
function foreignCode(cause: unknown): string {
  if (cause instanceof AggregateError && cause.errors.length > 0)
    return foreignCode(cause.errors[0]);
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string')
    return cause.code;
  return cause instanceof Error ? cause.name : 'unknown';
}

/**
 * OpenSSL's code where a TLS server and the gate's rules found nothing in common, or null: what
 * answers no TLS at all would answer none by weaker rules either. A reset is how some old servers say it.
 */
export function brokenOffBy(error: unknown): string | null {
  if (!(error instanceof TransportError) || error.code !== 'ERR_HANDSHAKE_FAILED') return null;
  const code = foreignCode(error.cause);
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER') return null;
  return /^ERR_SSL_|^ERR_TLS_DH_|^ECONNRESET$/.test(code) ? code : null;
}

/** Waits for `event`; destroys the socket and throws when it fails, lasts too long, or is aborted. */
export async function whileDialling(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  about: {
    clock: Clock;
    signal: AbortSignal;
    timeoutMs: number;
    failed: (cause: unknown) => Error;
  },
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const done = (error: unknown): void => {
      cancelTimer();
      about.signal.removeEventListener('abort', onAbort);
      socket.off(event, onReady).off('close', onClose);
      if (error === null) {
        socket.off('error', onError);
        resolve();
      } else {
        // The error listener stays: a destroyed socket may still report one.
        socket.destroy();
        reject(error);
      }
    };
    const onReady = (): void => done(null);
    const onError = (cause: Error): void => done(about.failed(cause));
    const onClose = (): void => done(about.failed(new Error('closed')));
    const onAbort = (): void => done(about.signal.reason);
    const cancelTimer = about.clock.setTimer(
      () =>
        done(
          new TransportError('ERR_CONNECT_TIMEOUT', `no connection within ${about.timeoutMs} ms`, {
            phase: event === 'connect' ? 'connect' : 'handshake',
          }),
        ),
      about.timeoutMs,
    );
    if (about.signal.aborted) {
      socket.on('error', onError);
      return onAbort();
    }
    about.signal.addEventListener('abort', onAbort, { once: true });
    socket.once(event, onReady).on('error', onError).once('close', onClose);
  });
}

/** `lookup` for `node:net` from an injected resolver; nothing where the system's own is wanted. */
export function lookupFrom(resolve: Resolve | undefined): { lookup?: LookupFunction } {
  if (resolve === undefined) return {};
  const lookup = (
    host: string,
    options: LookupOptions,
    callback: (
      error: NodeJS.ErrnoException | null,
      address: string | LookupAddress[],
      family?: number,
    ) => void,
  ): void => {
    resolve(host).then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined) {
          callback(Object.assign(new Error(`no address for "${host}"`), { code: 'ENOTFOUND' }), []);
        } else if (options.all === true) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, []),
    );
  };
  return { lookup: lookup as LookupFunction };
}

/**
 * Ends a connection that was only looked at. The last words of the handshake go out before, or the
 * server would log a broken one each time; nothing else does.
 */
export function hangUp(socket: TLSSocket): void {
  socket.on('error', () => socket.destroy());
  socket.end(() => socket.destroy());
}

/** OpenSSL's code. Node gives it as a string, its types say Error. */
export function opensslCode(error: Error | string | null | undefined): string {
  if (typeof error === 'string') return error;
  if (error instanceof Error && 'code' in error && typeof error.code === 'string')
    return error.code;
  return error instanceof Error ? error.message : 'UNSPECIFIED';
}

/** One request at the daemon's API: reading its body within bounds, answering in JSON, errors as data. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { SoapFault } from '@postern/soap';
import { FormatError, StoreError, TransportError, TrustError } from '@postern/trust';
import type { HostFailure } from '../api.ts';
import { errorSummary, ServerError } from '../errors.ts';

/** Largest JSON body, in bytes. */
const MAX_JSON_BYTES = 1024 * 1024;

/** A request that the API refuses: HTTP status and a code for programs. */
export class HostError extends Error {
  override readonly name = 'HostError';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Who sends a request: the terminal over the control socket, or a window of the desk. */
export interface Caller {
  /** Called with the route before it runs. Throws HostError for one that is not for this caller. */
  admit(route: { method: string; path: string }): { isIdle: boolean };
}

/** Whoever can open the control socket: this user. */
export const TERMINAL: Caller = { admit: () => ({ isIdle: false }) };

/** One request as a route sees it. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  /** What the path's placeholders stand for, decoded. */
  params: readonly string[];
  query: URLSearchParams;
  /** Whether no person has used the window for so long that it must not grant trust. */
  isIdle: boolean;
}

/** Throws HostError 403 ERR_SESSION_IDLE where nobody sits before the window: what grants trust begins with this. */
export function assertAwake({ isIdle }: Exchange): void {
  if (isIdle)
    throw new HostError(403, 'ERR_SESSION_IDLE', 'nobody has used this window for 30 minutes');
}

/** Reads a body of at most `limit` bytes. Throws HostError 413. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const tooLarge = (): HostError =>
    new HostError(413, 'ERR_BODY_LIMIT', `body is larger than ${limit} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge();
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

/** Reads a JSON object. Throws HostError 400 and 413. */
export async function readObject(
  request: IncomingMessage,
): Promise<Readonly<Record<string, unknown>>> {
  const body = await readBody(request, MAX_JSON_BYTES);
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw new HostError(400, 'ERR_BODY_INVALID', 'body is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new HostError(400, 'ERR_BODY_INVALID', 'body is not an object');
  }
  return value as Record<string, unknown>;
}

/** A text field of a body. Throws HostError 400. */
export function textField(body: Readonly<Record<string, unknown>>, name: string): string {
  const value = body[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new HostError(400, 'ERR_BODY_INVALID', `"${name}" must be text`);
}

/** A whole number of a body, within bounds. Throws HostError 400. */
export function integerField(
  body: Readonly<Record<string, unknown>>,
  name: string,
  least: number,
  most: number,
): number {
  const value = body[name];
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most)
    return value;
  throw new HostError(
    400,
    'ERR_BODY_INVALID',
    `"${name}" must be a whole number from ${least} to ${most}`,
  );
}

/** A whole number of a query, or its default. Throws HostError 400. */
export function integerQuery(
  query: URLSearchParams,
  name: string,
  fallback: number | null,
  most: number,
): number | null {
  const value = query.get(name);
  if (value === null) return fallback;
  if (/^\d{1,15}$/.test(value) && Number(value) <= most) return Number(value);
  throw new HostError(400, 'ERR_QUERY_INVALID', `"${name}" must be a whole number up to ${most}`);
}

/** Answers with JSON. */
export function answer(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
  });
  response.end(body);
}

/** Answers with what went wrong: `{error: {code, message}}`. */
export function answerFailure(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const failure: HostFailure = { error: errorSummary(error) };
  answer(response, statusOf(error), failure);
}

function statusOf(error: unknown): number {
  if (error instanceof HostError) return error.status;
  if (error instanceof FormatError) return 400;
  if (error instanceof TrustError) return 403;
  if (error instanceof StoreError) return error.code === 'ERR_STORE_LOCKED' ? 423 : 500;
  if (
    error instanceof TransportError ||
    error instanceof ServerError ||
    error instanceof SoapFault
  ) {
    return 502;
  }
  return error instanceof TypeError ? 400 : 500;
}

/**
 * What a server can do to the connector apart from trust and transport: send it elsewhere, answer
 * too much, answer nonsense. The administrator of the server must act. Messages hold text of the
 * server only where it is bounded and printable.
 */

import { PosternError } from '@postern/trust';
import { excerpt } from './text.ts';

/** Who must act: the administrator of the server; for `ERR_PASSWORD_MISSING` the person. */
export type ServerErrorCode =
  | 'ERR_ANSWER_INVALID'
  | 'ERR_ANSWER_LIMIT'
  | 'ERR_HTTP_STATUS'
  | 'ERR_OTHER_HOST_REFUSED'
  | 'ERR_PASSWORD_MISSING'
  | 'ERR_REDIRECT_REFUSED'
  | 'ERR_UPLOAD_REFUSED';

/** An answer that cannot be used, or a login that cannot begin. */
export class ServerError extends PosternError {
  override readonly name = 'ServerError';
  readonly code: ServerErrorCode;
  readonly purpose: string;
  /** HTTP status or the upload servlet's own, where there is one. */
  readonly status: number | null;

  constructor(
    code: ServerErrorCode,
    message: string,
    about: { purpose: string; status?: number; cause?: unknown },
  ) {
    super(message, about.cause === undefined ? undefined : { cause: about.cause });
    this.code = code;
    this.purpose = about.purpose;
    this.status = about.status ?? null;
  }
}

/** Code and message of anything thrown, for a report; the message has at most `limit` characters. */
export function errorSummary(error: unknown, limit?: number): { code: string; message: string } {
  if (error instanceof Error) {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : 'ERR_INTERNAL';
    return { code, message: excerpt(error.message, limit) };
  }
  return { code: 'ERR_INTERNAL', message: excerpt(String(error), limit) };
}

/** What the codecs and readers throw when bytes or elements are not what they should be. */

/** `ERR_*_INVALID`: not the format; `ERR_*_LIMIT`: the format, but more of it than allowed. */
export type SoapFormatErrorCode =
  | 'ERR_JSON_INVALID'
  | 'ERR_JSON_LIMIT'
  | 'ERR_SOAP_INVALID'
  | 'ERR_UPLOAD_INVALID';

/**
 * A SOAP document that cannot be read. The same shape as the gate's `FormatError`, kept apart
 * because this package imports nothing. The message never quotes the document: it may hold a password.
 */
export class SoapFormatError extends Error {
  override readonly name = 'SoapFormatError';
  readonly code: SoapFormatErrorCode;
  /** What was read: `response`, `request`, `SyncResponse`, ... */
  readonly what: string;
  /** Position in the decoded text, in UTF-16 units, or null where it is not known. */
  readonly offset: number | null;

  constructor(
    code: SoapFormatErrorCode,
    message: string,
    about: { what: string; offset?: number; cause?: unknown },
  ) {
    super(message, about.cause === undefined ? undefined : { cause: about.cause });
    this.code = code;
    this.what = about.what;
    this.offset = about.offset ?? null;
  }
}

/**
 * What a command ends with: exit codes, and errors with hints. Every error that reaches the top is
 * told in one line, by code and never by searching its text.
 */

/** 0 fine, 1 findings, 2 usage, 3 cannot connect, 4 refused, 70 a bug (style.md 2). */
export const EXIT = {
  fine: 0,
  findings: 1,
  usage: 2,
  cannotConnect: 3,
  refused: 4,
  bug: 70,
} as const;

/** One of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The person typed something that cannot be meant. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'ERR_USAGE';
  readonly hints: readonly string[];

  constructor(message: string, hints: readonly string[] = []) {
    super(message);
    this.hints = hints;
  }
}

/** A command did what it should and the answer is not "fine"; `message` is null if all is already said. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly exitCode: ExitCode;
  readonly code: string;
  readonly hints: readonly string[];

  constructor(
    exitCode: ExitCode,
    message: string,
    about: { code: string; hints?: readonly string[]; cause?: unknown },
  ) {
    super(message, about.cause === undefined ? undefined : { cause: about.cause });
    this.exitCode = exitCode;
    this.code = about.code;
    this.hints = about.hints ?? [];
  }
}

/** An error that the daemon or the server on this machine answered with, by its stable code. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly code: string;
  readonly status: number;
  readonly hints: readonly string[];

  constructor(code: string, message: string, status: number, hints: readonly string[] = []) {
    super(message);
    this.code = code;
    this.status = status;
    this.hints = hints;
  }
}

const BY_CODE: Readonly<Record<string, ExitCode>> = {
  ERR_USAGE: EXIT.usage,
  ERR_BODY_INVALID: EXIT.usage,
  ERR_BODY_LIMIT: EXIT.usage,
  ERR_NOT_FOUND: EXIT.usage,
  ERR_OTHER_ACCOUNT: EXIT.usage,
  ERR_QUERY_INVALID: EXIT.usage,
  ERR_EXISTS: EXIT.usage,
  ERR_DER_INVALID: EXIT.usage,
  ERR_PEM_INVALID: EXIT.usage,
  ERR_PROFILE_INVALID: EXIT.usage,
  ERR_POLICY_INVALID: EXIT.refused,
  ERR_STORE_UNSAFE: EXIT.refused,
  ERR_STORE_CORRUPT: EXIT.cannotConnect,
  ERR_STORE_FAILED: EXIT.cannotConnect,
  ERR_STORE_LOCKED: EXIT.cannotConnect,
  ERR_STORE_VERSION: EXIT.cannotConnect,
  ERR_JSON_INVALID: EXIT.cannotConnect,
  ERR_JSON_LIMIT: EXIT.cannotConnect,
  ERR_ANSWER_INVALID: EXIT.cannotConnect,
  ERR_ANSWER_LIMIT: EXIT.cannotConnect,
  ERR_HTTP_STATUS: EXIT.cannotConnect,
  ERR_UPLOAD_REFUSED: EXIT.cannotConnect,
  ERR_OTHER_HOST_REFUSED: EXIT.refused,
  ERR_PASSWORD_MISSING: EXIT.refused,
  ERR_REDIRECT_REFUSED: EXIT.refused,
  ERR_XML_INVALID: EXIT.cannotConnect,
  ERR_XML_LIMIT: EXIT.cannotConnect,
  ERR_CONNECTION_CLOSED: EXIT.cannotConnect,
  ERR_CONNECT_FAILED: EXIT.cannotConnect,
  ERR_CONNECT_TIMEOUT: EXIT.cannotConnect,
  ERR_HANDSHAKE_FAILED: EXIT.cannotConnect,
  ERR_NAME_NOT_FOUND: EXIT.cannotConnect,
  ERR_PLAINTEXT_REFUSED: EXIT.refused,
  ERR_TRUST_CHANGED: EXIT.refused,
  ERR_TRUST_EXPIRED: EXIT.refused,
  ERR_TRUST_NO_CERTIFICATE: EXIT.refused,
  ERR_TRUST_POLICY: EXIT.refused,
  ERR_TRUST_REFUSED: EXIT.refused,
  ERR_TRUST_STOPPED: EXIT.refused,
  ERR_TRUST_UNANSWERED: EXIT.refused,
  'account.AUTH_FAILED': EXIT.refused,
  ENOENT: EXIT.usage,
  EISDIR: EXIT.usage,
  ENOTDIR: EXIT.usage,
  EACCES: EXIT.refused,
  EPERM: EXIT.refused,
  ENOSPC: EXIT.cannotConnect,
  EADDRINUSE: EXIT.cannotConnect,
  ECONNREFUSED: EXIT.cannotConnect,
  ECONNRESET: EXIT.cannotConnect,
  EPIPE: EXIT.cannotConnect,
};

/** Whatever was thrown, as what can be told: code, message, hints, exit code. */
export interface Failure {
  code: string;
  message: string;
  hints: readonly string[];
  exitCode: ExitCode;
}

/** Sorts an error by its code. What has no known code is a bug. */
export function failureOf(error: unknown): Failure {
  const { code, message, hints } = fieldsOf(error);
  if (error instanceof CommandFailure) return { code, message, hints, exitCode: error.exitCode };
  const known = BY_CODE[code];
  if (known !== undefined) return { code, message, hints, exitCode: known };
  // Zimbra's own codes, verbatim: the server answered, and its answer is no use.
  if (/^(account|mail|service|offline|zimbra)\./.test(code)) {
    return { code, message, hints, exitCode: EXIT.cannotConnect };
  }
  return { code: code === '' ? 'ERR_BUG' : code, message, hints, exitCode: EXIT.bug };
}

function fieldsOf(error: unknown): { code: string; message: string; hints: readonly string[] } {
  if (!(error instanceof Error)) return { code: '', message: String(error), hints: [] };
  const { code, hints } = error as { code?: unknown; hints?: unknown };
  return {
    code: typeof code === 'string' ? code : '',
    message: error.message,
    hints: Array.isArray(hints) ? hints.map(String) : [],
  };
}

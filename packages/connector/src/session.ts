/**
 * One login for the eight connections of a profile. The token is kept in memory alone and sent only
 * to the server that gave it. A login never begins before the gate let its connection through, and
 * a missing password is missed only then.
 */

import {
  authRequest,
  decodeResponse,
  type Element,
  encodeRequest,
  endSessionRequest,
  getInfoRequest,
  type Response,
  readAuthResponse,
  readGetInfoResponse,
  SoapFault,
  SoapFormatError,
} from '@postern/soap';
import { ServerError } from './errors.ts';
import type { Errand, Http, HttpAnswer } from './http.ts';
import { excerpt } from './text.ts';

/** Largest SOAP answer unless said otherwise, in bytes: it is parsed in one go, and nothing else happens meanwhile. */
const MAX_SOAP_BYTES = 8 * 1024 * 1024;

/** Largest answer that lists a whole mailbox or address list, in bytes: a million items are about 10 MB of ids. */
export const LARGE_ANSWER_BYTES = 64 * 1024 * 1024;

/** Largest answer of the upload servlet, in bytes: a line. */
const MAX_UPLOAD_ANSWER_BYTES = 65_536;

/** Largest token that is sent back, in characters; ZCS's have about 200, and servers take 8 KiB of headers. */
const MAX_TOKEN_LENGTH = 4096;

/** How a request may differ from the usual one. */
export interface SoapOptions {
  /** Longest wait for the answer, in ms, for requests that block on the server. */
  answerWithinMs?: number;
  /** Largest answer, in bytes. */
  maxBytes?: number;
  /** A notification session: `''` asks for a new one. */
  session?: string | null;
}

/** The session of one profile. */
export interface Session {
  /** Sends a request, logging in first where need be, and once again where the token had expired. Throws SoapFault, ServerError, TrustError, TransportError. */
  soap(errand: Errand, body: Element, options?: SoapOptions): Promise<Response>;
  /** Fetches a path with the token as a cookie; 401 logs in once more. Any other status is the caller's. */
  fetch(errand: Errand, path: string, maxBytes: number): Promise<HttpAnswer>;
  /** Posts bytes with the token as a cookie, as `fetch` does. */
  post(errand: Errand, path: string, contentType: string, body: Uint8Array): Promise<HttpAnswer>;
  /** What the account is, as far as the connections need it; asked once for each login. */
  account(errand: Errand): Promise<Account>;
  /** Ends a login under way, so that no password leaves after Work Offline. */
  cancelLogin(): void;
  /** Throws the token away (Stop Trusting). The next secure login ends the session that it stood for. */
  forget(): void;
}

/** What the connections need to know of the account. */
export interface Account {
  id: string;
  /** Largest message of this server, in bytes. */
  maxMessageBytes: number;
}

/** ZCS: zimbraMtaMaxMessageSize, its default. */
const DEFAULT_MESSAGE_BYTES = 10_240_000;

/** What {@link createSession} is made of. */
export interface SessionOptions {
  http: Http;
  /** Account as it logs in: the profile's e-mail address. */
  email: string;
  /** The server that the account must live on; another one is refused. */
  serverName: string;
  password: () => string | null;
  /** Whether the server is SECURE now: only then is an old session ended over it. */
  isSecure: () => boolean;
  /** Called when the server took the password. */
  onLogin?: () => void;
  version: string;
}

/** Faults that a new login may mend. */
const EXPIRED: ReadonlySet<string> = new Set(['service.AUTH_EXPIRED', 'service.AUTH_REQUIRED']);

/** Makes a session that is not logged in. */
export function createSession(options: SessionOptions): Session {
  const { http, email, serverName, version } = options;
  const userAgent = { name: 'Postern', version };
  let token: string | null = null;
  /** A token that was thrown away but still lives on the server. */
  let abandoned: string | null = null;
  let loggingIn: Promise<string> | null = null;
  /** Grows with `forget`: a login that began before gives no token. */
  let generation = 0;
  let loginAbort = new AbortController();
  let account: Promise<Account> | null = null;

  async function exchange(
    errand: Errand,
    body: Element,
    authToken: string | null,
    how: SoapOptions,
  ): Promise<Response> {
    const answer = await http.request({
      ...errand,
      method: 'POST',
      path: `/service/soap/${body.name}`,
      headers: {
        'Content-Type': 'application/json; charset=utf-8',
        ...(authToken === null ? {} : cookie(authToken)),
      },
      body: encodeRequest(
        {
          authToken,
          userAgent,
          session: how.session ?? null,
          noQualify: true,
          noNotify: how.session === undefined,
        },
        body,
      ),
      maxBytes: how.maxBytes ?? MAX_SOAP_BYTES,
      ...(how.answerWithinMs === undefined ? {} : { answerWithinMs: how.answerWithinMs }),
    });
    return read(answer, body.name, errand.purpose);
  }

  async function login(errand: Errand): Promise<string> {
    const began = generation;
    // The verdict first: without it nobody is asked for a password.
    if (options.password() === null) await http.reach(errand);
    const password = options.password();
    if (password === null) {
      throw new ServerError('ERR_PASSWORD_MISSING', `no password for "${email}"`, {
        purpose: errand.purpose,
      });
    }
    const attempt = authRequest({ account: { by: 'name', value: email }, password });
    const { body } = await exchange(errand, attempt, null, {}).catch((error: unknown) => {
      throw elsewhere(errand, error, serverName);
    });
    const grant = readAuthResponse(body);
    if (grant.refer !== null && grant.refer.toLowerCase() !== serverName.toLowerCase()) {
      throw otherHost(errand, grant.refer, serverName);
    }
    checkToken(grant.authToken, errand);
    if (began !== generation) throw new DOMException('session was forgotten', 'AbortError');
    token = grant.authToken;
    account = null;
    options.onLogin?.();
    await endAbandoned(errand, grant.authToken);
    return grant.authToken;
  }

  /** Over anything but a secure connection the old token would be shown to whoever may be listening. */
  async function endAbandoned(errand: Errand, current: string): Promise<void> {
    const old = abandoned;
    if (old === null || !options.isSecure()) return;
    abandoned = null;
    if (old === current) return;
    try {
      await exchange(errand, endSessionRequest(true), old, {});
    } catch (error) {
      // A token that the server does not know any more is what was wanted.
      if (!(error instanceof SoapFault)) abandoned = old;
    }
  }

  async function loggedIn(errand: Errand): Promise<string> {
    // A connection that was ended meanwhile must not begin a login, nor ask the person again.
    errand.signal?.throwIfAborted();
    if (token !== null) return token;
    const current = loggingIn;
    if (current !== null) {
      // Whoever shares a login passes the gate on its own account too.
      const [, shared] = await Promise.all([http.reach(errand), current]);
      return shared;
    }
    // One connection's end must not end the login of the others: it has a signal of its own.
    const attempt = login({ ...errand, signal: loginAbort.signal }).finally(() => {
      if (loggingIn === attempt) loggingIn = null;
    });
    loggingIn = attempt;
    return attempt;
  }

  function cancelLogin(): void {
    loginAbort.abort();
    loginAbort = new AbortController();
    loggingIn = null;
  }

  /** Runs something with a token, and once more with a new one where the old one had expired. */
  async function withToken<T>(
    errand: Errand,
    work: (token: string) => Promise<T>,
    isExpired: (outcome: { error: unknown } | { value: T }) => boolean,
  ): Promise<T> {
    const used = await loggedIn(errand);
    let outcome: { error: unknown } | { value: T };
    try {
      outcome = { value: await work(used) };
    } catch (error) {
      outcome = { error };
    }
    if (isExpired(outcome)) {
      if (token === used) token = null;
      return work(await loggedIn(errand));
    }
    if ('error' in outcome) throw outcome.error;
    return outcome.value;
  }

  const isUnauthorised = (outcome: { error: unknown } | { value: HttpAnswer }): boolean =>
    'value' in outcome && outcome.value.status === 401;

  async function soap(errand: Errand, body: Element, how: SoapOptions = {}): Promise<Response> {
    try {
      return await withToken(
        errand,
        (used) => exchange(errand, body, used, how),
        (outcome) =>
          'error' in outcome &&
          outcome.error instanceof SoapFault &&
          EXPIRED.has(outcome.error.code),
      );
    } catch (error) {
      throw elsewhere(errand, error, serverName);
    }
  }

  async function askAccount(errand: Errand): Promise<Account> {
    const info = readGetInfoResponse((await soap(errand, getInfoRequest(['mbox', 'attrs']))).body);
    const limit = info.attributes.find(([name]) => name === 'zimbraMtaMaxMessageSize');
    const bytes = Number(limit?.[1] ?? 0);
    return {
      id: info.id,
      maxMessageBytes: Number.isSafeInteger(bytes) && bytes > 0 ? bytes : DEFAULT_MESSAGE_BYTES,
    };
  }

  return {
    soap,
    account(errand) {
      const asked = account ?? askAccount(errand);
      account = asked;
      asked.catch(() => {
        if (account === asked) account = null;
      });
      return asked;
    },
    cancelLogin,
    fetch: (errand, path, maxBytes) =>
      withToken(
        errand,
        (used) => http.request({ ...errand, method: 'GET', path, headers: cookie(used), maxBytes }),
        isUnauthorised,
      ),
    post: (errand, path, contentType, body) =>
      withToken(
        errand,
        (used) =>
          http.request({
            ...errand,
            method: 'POST',
            path,
            headers: { ...cookie(used), 'Content-Type': contentType },
            body,
            maxBytes: MAX_UPLOAD_ANSWER_BYTES,
          }),
        isUnauthorised,
      ),
    forget() {
      generation += 1;
      abandoned = token ?? abandoned;
      token = null;
      cancelLogin();
    },
  };
}

function cookie(token: string): Record<string, string> {
  // ZCS's proxy finds the user's mailbox server by the cookie, not by the envelope.
  return { Cookie: `ZM_AUTH_TOKEN=${token}` };
}

/** A token goes into a header: it must not be able to make another one. */
function checkToken(token: string, { purpose }: Errand): void {
  if (token.length <= MAX_TOKEN_LENGTH && /^[\x21-\x2b\x2d-\x3a\x3c-\x7e]+$/.test(token)) return;
  throw new ServerError('ERR_ANSWER_INVALID', 'session token cannot be sent in a cookie', {
    purpose,
  });
}

/** A fault that sends us to another host is refused with the reason; anything else stays what it is. */
function elsewhere(errand: Errand, error: unknown, serverName: string): unknown {
  if (!(error instanceof SoapFault) || error.code !== 'service.WRONG_HOST') return error;
  return otherHost(errand, error.detail.host ?? '', serverName, error);
}

function otherHost(
  { purpose }: Errand,
  host: string,
  serverName: string,
  cause?: unknown,
): ServerError {
  return new ServerError(
    'ERR_OTHER_HOST_REFUSED',
    `account is on server "${excerpt(host)}", the profile names "${serverName}"`,
    { purpose, ...(cause === undefined ? {} : { cause }) },
  );
}

/** Reads an answer. ZCS answers every fault with HTTP 500; another status comes from something before it. */
function read({ status, body }: HttpAnswer, request: string, purpose: string): Response {
  if (status !== 200 && status !== 500) {
    throw new ServerError('ERR_HTTP_STATUS', `${request} was answered with HTTP status ${status}`, {
      purpose,
      status,
    });
  }
  try {
    return decodeResponse(body);
  } catch (error) {
    if (!(error instanceof SoapFormatError)) throw error;
    throw new ServerError(
      'ERR_ANSWER_INVALID',
      `answer to ${request} cannot be read: ${error.message}`,
      {
        purpose,
        status,
        cause: error,
      },
    );
  }
}

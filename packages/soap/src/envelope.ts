/**
 * Envelopes: a context (who asks, in which session) and one body. Built and read as elements, so
 * that any codec can carry them; the functions at the end are for JSON.
 */

import {
  booleanOf,
  childOf,
  type Element,
  element,
  invalid,
  member,
  NAMESPACE,
  numberOf,
  requiredChildOf,
  textOf,
} from './element.ts';
import { readFault } from './fault.ts';
import { type CodecLimits, fromJson, REQUEST_LIMITS, RESPONSE_LIMITS, toJson } from './json.ts';

/** Which account is meant: by its address or by its id. */
export interface AccountSelector {
  by: 'id' | 'name';
  value: string;
}

/** What a request says about itself. */
export interface RequestContext {
  authToken?: string | null;
  /** A session's id; `''` asks for a new one; absent means no session. */
  session?: string | null;
  /** The client; ZCS logs it as `ua=name/version`. */
  userAgent?: { name: string; version: string } | null;
  account?: AccountSelector | null;
  /** Fail with mail.MODIFY_CONFLICT where the item changed after this token. */
  changeToken?: number | null;
  csrfToken?: string | null;
  /** No notifications, and item ids without the account's prefix; what ZCO sends. */
  noNotify?: boolean;
  noQualify?: boolean;
}

/** What a response says about itself. */
export interface ResponseContext {
  session: string | null;
  /** The mailbox's change token after the request. */
  changeToken: number | null;
}

/** One request as a server sees it. */
export interface Request {
  context: RequestContext;
  body: Element;
}

/** One response as a client sees it. */
export interface Response {
  context: ResponseContext;
  body: Element;
}

/** Builds the envelope of a request. */
export function requestEnvelope(context: RequestContext, body: Element): Element {
  const { userAgent, account, session } = context;
  return envelope(null, body, [
    userAgent ? element('userAgent', { form: 'unique', attributes: { ...userAgent } }) : null,
    session === undefined || session === null
      ? element('nosession', { form: 'unique' })
      : element('session', { form: 'unique', attributes: { id: session === '' ? null : session } }),
    context.authToken ? element('authToken', { text: context.authToken }) : null,
    account
      ? element('account', {
          form: 'unique',
          attributes: { by: account.by },
          text: account.value,
        })
      : null,
    context.changeToken === undefined || context.changeToken === null
      ? null
      : element('change', { form: 'unique', attributes: { token: context.changeToken } }),
    member('csrfToken', context.csrfToken),
    context.noNotify ? element('nonotify', { form: 'unique' }) : null,
    context.noQualify ? element('noqualify', { form: 'unique' }) : null,
  ]);
}

/** Builds the envelope of a response or of a fault. */
export function responseEnvelope(context: ResponseContext, body: Element): Element {
  const { session, changeToken } = context;
  return envelope(NAMESPACE.soap, body, [
    session === null
      ? null
      : element('session', { form: 'unique', attributes: { id: session }, text: session }),
    changeToken === null
      ? null
      : element('change', { form: 'unique', attributes: { token: changeToken } }),
  ]);
}

function envelope(ns: string | null, body: Element, context: (Element | null)[]): Element {
  const children = [
    element('Header', {
      form: 'unique',
      children: [element('context', { ns: NAMESPACE.zimbra, form: 'unique', children: context })],
    }),
    element('Body', { form: 'unique', children: [{ ...body, form: 'unique' }] }),
  ];
  return element('Envelope', { ns, form: 'unique', children });
}

/** Reads the envelope of a request. Throws ERR_SOAP_INVALID where there is not exactly one body. */
export function readRequestEnvelope(root: Element): Request {
  const context = contextOf(root);
  const body = bodyOf(root);
  if (context === null) return { context: {}, body };
  const userAgent = childOf(context, 'userAgent');
  const account = childOf(context, 'account');
  const session = childOf(context, 'session');
  const change = childOf(context, 'change');
  return {
    context: {
      authToken: textOf(context, 'authToken'),
      session:
        session === null
          ? textOf(context, 'session')
          : (textOf(session, 'id') ?? session.text ?? ''),
      userAgent:
        userAgent === null
          ? null
          : {
              name: textOf(userAgent, 'name') ?? '',
              version: textOf(userAgent, 'version') ?? '',
            },
      account: account === null ? null : readAccountSelector(account),
      changeToken: change === null ? null : numberOf(change, 'token'),
      csrfToken: textOf(context, 'csrfToken'),
      noNotify: flagOf(context, 'nonotify'),
      noQualify: flagOf(context, 'noqualify'),
    },
    body,
  };
}

/** Reads the envelope of a response. Throws the {@link SoapFault} that it holds, if it holds one. */
export function readResponseEnvelope(root: Element): Response {
  const body = bodyOf(root);
  if (body.name === 'Fault') throw readFault(body);
  const context = contextOf(root);
  const session = context === null ? null : childOf(context, 'session');
  const change = context === null ? null : childOf(context, 'change');
  return {
    context: {
      session: session === null ? null : (textOf(session, 'id') ?? session.text),
      changeToken: change === null ? null : numberOf(change, 'token'),
    },
    body,
  };
}

/** Reads `<account by="name">anna@example.test</account>`; `by` is `name` where it is not said. */
export function readAccountSelector(account: Element): AccountSelector {
  const by = textOf(account, 'by') ?? 'name';
  if (by !== 'name' && by !== 'id')
    throw invalid(account, `account cannot be found by "${by.slice(0, 40)}"`);
  return { by, value: account.text ?? '' };
}

function flagOf(context: Element, name: string): boolean {
  return childOf(context, name) !== null || booleanOf(context, name);
}

function contextOf(root: Element): Element | null {
  const header = childOf(root, 'Header');
  return header === null ? null : childOf(header, 'context');
}

function bodyOf(root: Element): Element {
  const body = requiredChildOf(root, 'Body');
  const [only, second] = body.children;
  if (only === undefined || second !== undefined) {
    throw invalid(root, `body holds ${body.children.length} elements, not 1`);
  }
  return only;
}

/** Writes a request as JSON. */
export function encodeRequest(context: RequestContext, body: Element): string {
  return toJson(requestEnvelope(context, body));
}

/** Reads a request from JSON, within `limits`. Throws SoapFormatError. */
export function decodeRequest(
  input: Uint8Array | string,
  limits: CodecLimits = REQUEST_LIMITS,
): Request {
  return readRequestEnvelope(fromJson(input, 'Envelope', 'request', limits));
}

/** Writes a response or a fault as JSON. */
export function encodeResponse(context: ResponseContext, body: Element): string {
  return toJson(responseEnvelope(context, body));
}

/** Reads a response from JSON, within `limits`. Throws SoapFormatError, or the SoapFault that it is. */
export function decodeResponse(
  input: Uint8Array | string,
  limits: CodecLimits = RESPONSE_LIMITS,
): Response {
  return readResponseEnvelope(fromJson(input, 'Envelope', 'response', limits));
}

/** `/service/soap` and `/service/admin/soap`: one envelope in, one envelope out. Faults have HTTP status 500, as in ZCS. */

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type AuthDoor,
  batchResponse,
  decodeRequest,
  type Element,
  encodeResponse,
  faultElement,
  NAMESPACE,
  REQUEST_LIMITS,
  type Request,
  type ResponseContext,
  readBatchRequest,
  SoapFault,
  SoapFormatError,
} from '@postern/soap';
import { fault } from '../faults.ts';
import { ACCOUNT_HANDLERS } from '../requests/account.ts';
import { ADMIN_HANDLERS } from '../requests/admin.ts';
import { OPEN_HANDLERS } from '../requests/auth.ts';
import type { Exchange, Handlers, Services } from '../requests/context.ts';
import { MAIL_HANDLERS } from '../requests/mail.ts';
import { BodyTooLarge, discardRest, readBody } from './body.ts';
import { authCookie, originOf, tokenOf } from './credentials.ts';

/** Requests in one batch. */
const MAX_BATCH = 100;

const DOORS: Readonly<Record<AuthDoor, Handlers>> = {
  account: { ...ACCOUNT_HANDLERS, ...MAIL_HANDLERS },
  admin: ADMIN_HANDLERS,
};

/** Answers one SOAP request. Never throws: what goes wrong is a fault in the answer. */
export async function answerSoap(
  services: Services,
  door: AuthDoor,
  incoming: IncomingMessage,
  response: ServerResponse,
  isSecure: boolean,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  let exchange: Exchange | null = null;
  try {
    const { context, body } = await readRequest(incoming);
    exchange = {
      services,
      context: { ...context, authToken: context.authToken || tokenOf(incoming, door) },
      door,
      address: incoming.socket.remoteAddress ?? '',
      isSecure,
      origin: originOf(incoming, isSecure),
      session: null,
      signal: gone.signal,
      granted: null,
      who: null,
    };
    const answer = await handle(exchange, body);
    if (exchange.granted !== null) {
      response.setHeader('Set-Cookie', authCookie(exchange.granted.authToken, door, isSecure));
    }
    send(response, 200, encodeResponse(await contextOf(exchange), answer));
  } catch (error) {
    const answer = faultOf(services, error);
    const context = { session: exchange?.session?.id ?? null, changeToken: null };
    discardRest(incoming, response, services.store.clock);
    send(response, 500, encodeResponse(context, faultElement(answer)));
  }
}

async function readRequest(incoming: IncomingMessage): Promise<Request> {
  try {
    return decodeRequest(await readBody(incoming, REQUEST_LIMITS.maxBytes));
  } catch (error) {
    if (error instanceof BodyTooLarge) {
      throw fault.invalidRequest(`request is larger than ${REQUEST_LIMITS.maxBytes} bytes`);
    }
    throw error;
  }
}

/** Answers one request, or each of a batch. */
async function handle(exchange: Exchange, body: Element): Promise<Element> {
  if (body.name !== 'BatchRequest') return withRequestId(body, await answerOne(exchange, body));
  const { requests, stopOnError } = readBatchRequest(body);
  if (requests.length > MAX_BATCH) {
    throw fault.invalidRequest(`batch of ${requests.length} requests, at most ${MAX_BATCH}`);
  }
  const answers: { requestId: string | null; answer: Element | SoapFault }[] = [];
  for (const { request, requestId } of requests) {
    try {
      if (request.name === 'BatchRequest') throw fault.invalidRequest('batch in a batch');
      answers.push({ requestId, answer: await answerOne(exchange, request) });
    } catch (error) {
      answers.push({ requestId, answer: faultOf(exchange.services, error) });
      if (stopOnError) break;
    }
  }
  return batchResponse(answers);
}

function withRequestId(request: Element, answer: Element): Element {
  const requestId = request.attributes.requestId;
  if (requestId === undefined) return answer;
  return { ...answer, attributes: { ...answer.attributes, requestId } };
}

async function answerOne(exchange: Exchange, request: Element): Promise<Element> {
  const { services, context, door } = exchange;
  const open = Object.hasOwn(OPEN_HANDLERS, request.name) ? OPEN_HANDLERS[request.name] : undefined;
  if (open !== undefined && isAtItsDoor(request, door)) return open(exchange, request);
  const handlers = DOORS[door];
  const handler = Object.hasOwn(handlers, request.name) ? handlers[request.name] : undefined;
  if (handler === undefined) throw fault.unknownDocument(request.name.slice(0, 100));
  const who = await services.tokens.verify(context.authToken);
  exchange.who = who;
  if (door === 'admin' && !who.isAdmin) throw fault.permissionDenied('need admin token');
  const asked = context.account;
  if (
    asked &&
    (asked.by === 'id' ? asked.value !== who.accountId : asked.value.toLowerCase() !== who.name)
  ) {
    throw fault.permissionDenied('cannot access another account');
  }
  if (typeof context.session === 'string' && exchange.session === null) {
    exchange.session = await services.sessions.open(who, context.session);
  }
  return handler(exchange, request, who);
}

/** Auth at the admin's door must be of the admin's namespace, and the other way round. */
function isAtItsDoor(request: Element, door: AuthDoor): boolean {
  return request.ns === null || request.ns === NAMESPACE[door];
}

/** Session and change token of the answer. */
async function contextOf(exchange: Exchange): Promise<ResponseContext> {
  const { who, session, services } = exchange;
  const row = await services.store.database.queries
    .selectFrom('accounts')
    .select('change_token')
    .where('mailbox_id', '=', who?.mailboxId ?? -1)
    .executeTakeFirst();
  return { session: session?.id ?? null, changeToken: row?.change_token ?? null };
}

function faultOf(services: Services, error: unknown): SoapFault {
  if (error instanceof SoapFault) return error;
  if (error instanceof SoapFormatError) {
    return error.code === 'ERR_SOAP_INVALID'
      ? fault.invalidRequest(error.message)
      : fault.parseError(error.message);
  }
  const trace = randomUUID();
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  services.log('failure', { trace, error: `${name}: ${message}`, stack: stack ?? '' });
  return fault.failure(trace);
}

function send(response: ServerResponse, status: number, text: string): void {
  const body = Buffer.from(text, 'utf8');
  response.writeHead(status, {
    'Content-Type': 'text/javascript; charset=utf-8',
    'Content-Length': body.length,
    'Cache-Control': 'no-store, no-cache',
  });
  response.end(body);
}

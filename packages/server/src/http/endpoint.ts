/** Which path goes where. The admin's listener answers the admin's paths alone, and the others never do. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { SoapFault } from '@postern/soap';
import { verifyPassword } from '../access/password.ts';
import type { Identity } from '../access/tokens.ts';
import type { Services } from '../requests/context.ts';
import { Content } from './content.ts';
import { basicCredentials, tokenOf } from './credentials.ts';
import { answerDownload } from './downloads.ts';
import { answerSoap } from './soap-endpoint.ts';
import { answerUpload } from './upload.ts';

/** Which listener a request came in by. */
export type Listener = 'admin' | 'http' | 'https';

/** Makes the function that answers all requests. */
export function createEndpoint(
  services: Services,
): (listener: Listener, request: IncomingMessage, response: ServerResponse) => void {
  const content = new Content(services.store);
  return (listener, request, response) => {
    route(services, content, listener, request, response).catch((error: unknown) => {
      const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      if (!response.destroyed) services.log('failure', { error: text });
      if (response.headersSent) response.destroy();
      else plain(response, 500, '');
    });
  };
}

async function route(
  services: Services,
  content: Content,
  listener: Listener,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const isSecure = listener !== 'http';
  const [pathname = '', query = ''] = splitOnce(request.url ?? '', '?');
  const parameters = new URLSearchParams(query);
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (listener === 'admin') {
    if (!isUnder(pathname, '/service/admin/soap')) return plain(response, 404, '');
    if (request.method !== 'POST') return plain(response, 405, '', { Allow: 'POST' });
    return answerSoap(services, 'admin', request, response, isSecure);
  }
  if (isUnder(pathname, '/service/soap')) {
    if (request.method !== 'POST') return plain(response, 405, '', { Allow: 'POST' });
    return answerSoap(services, 'account', request, response, isSecure);
  }
  if (pathname === '/service/upload') {
    if (request.method !== 'POST') return plain(response, 405, '', { Allow: 'POST' });
    const who = await identify(services, request, parameters);
    return answerUpload(services, who, parameters, request, response);
  }
  const isContent = /^\/(service\/)?(home|user)\/~\/?$/.test(pathname);
  const isDownload = isUnder(pathname, '/downloads');
  if (!isContent && !isDownload) return plain(response, 404, '');
  if (!isRead) return plain(response, 405, '', { Allow: 'GET, HEAD' });
  const who = await identify(services, request, parameters);
  if (who === null) {
    return plain(response, 401, 'must authenticate', {
      'WWW-Authenticate': 'BASIC realm="Zimbra"',
    });
  }
  if (isContent) return content.answer(who, parameters, request, response);
  return answerDownload(services.home.downloads, pathname.slice('/downloads/'.length), response);
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function isUnder(pathname: string, folder: string): boolean {
  return pathname === folder || pathname.startsWith(`${folder}/`);
}

/** Who asks: by cookie, by parameter, by HTTP Basic; null where nothing of it is valid. */
async function identify(
  services: Services,
  request: IncomingMessage,
  parameters: URLSearchParams,
): Promise<Identity | null> {
  const token = tokenOf(request, 'account') ?? parameters.get('zauthtoken');
  try {
    if (token !== null) return await services.tokens.verify(token);
    return await byPassword(services, request);
  } catch (error) {
    if (error instanceof SoapFault) return null;
    throw error;
  }
}

async function byPassword(services: Services, request: IncomingMessage): Promise<Identity | null> {
  const given = basicCredentials(request);
  if (given === null) return null;
  const { attempts, store, tokens } = services;
  const address = request.socket.remoteAddress ?? '';
  const name = given.name.toLowerCase();
  if (attempts.isLocked(name, address)) return null;
  const account = await store.database.queries
    .selectFrom('accounts')
    .selectAll()
    .where('name', '=', name)
    .executeTakeFirst();
  if (!(await verifyPassword(given.password, account?.password_hash ?? null)) || !account) {
    attempts.failed(name, address);
    return null;
  }
  attempts.succeeded(name, address);
  // A token for this one request, so that both ways give the same identity.
  return tokens.verify(tokens.issue(account, false, 60_000));
}

function plain(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = Buffer.from(text, 'utf8');
  response.writeHead(status, {
    'Content-Type': 'text/plain',
    'Content-Length': body.length,
    ...headers,
  });
  response.end(body);
}

/** The history at the daemon's API: a page of it, filtered, and all of it to be kept elsewhere. */

import { normaliseServerName, type StoreError } from '@postern/trust';
import type { HistoryKind, HistoryPage, HostEvent } from '../api.ts';
import type { HistoryFilter } from '../history/facts.ts';
import { excerpt } from '../text.ts';
import { type Exchange, HostError, integerQuery } from './exchange.ts';
import type { HostOptions } from './host.ts';
import { answerLines, lineOf } from './lines.ts';
import type { Route } from './routes.ts';

const DEFAULT_PAGE = 100;
const MAX_PAGE = 1000;

/** Longest text that is looked for, in characters: a fingerprint with colons has 95. */
const MAX_TEXT = 200;

const KINDS: Readonly<Record<HistoryKind, true>> = {
  answered: true,
  expired: true,
  granted: true,
  'policy-changed': true,
  question: true,
  recovered: true,
  refused: true,
  retired: true,
  'roots-changed': true,
  stopped: true,
  verdict: true,
};

/** The routes under `/api/history`. */
export function historyRoutes({ history, profiles }: HostOptions): readonly Route[] {
  function filterOf({ query }: Exchange): HistoryFilter {
    const text = query.get('text')?.trim() ?? '';
    if (text.length > MAX_TEXT) throw invalid(`"text" must have at most ${MAX_TEXT} characters`);
    return {
      kinds: kindsOf(query.get('kind')),
      servers: serversOf(query.get('server'), query.get('profile')),
      text: text === '' ? null : text,
      beforeId: integerQuery(query, 'before', null, Number.MAX_SAFE_INTEGER),
      limit: integerQuery(query, 'limit', DEFAULT_PAGE, MAX_PAGE) ?? DEFAULT_PAGE,
    };
  }

  /** Both narrow: a server that is not the profile's leaves nothing. */
  function serversOf(server: string | null, profile: string | null): HistoryFilter['servers'] {
    const named = server === null || server === '' ? null : serverOf(server);
    const own = profile === null || profile === '' ? null : serversOfProfile(profile);
    if (named === null || own === null) return own ?? (named === null ? null : [named]);
    return own.filter(
      ({ host, port }) => host === named.host && (named.port === null || named.port === port),
    );
  }

  function serversOfProfile(name: string): { host: string; port: number }[] {
    if (!profiles.has(name)) throw new HostError(404, 'ERR_NOT_FOUND', 'there is no such profile');
    const { serverName: host, port, httpPort } = profiles.read(name);
    return [...new Set([port, httpPort])].map((one) => ({ host, port: one }));
  }

  async function* everything(): AsyncGenerator<string> {
    // An empty history is an empty file, and no failure.
    yield '';
    for await (const piece of history.all()) yield piece.map(lineOf).join('');
  }

  return [
    {
      method: 'GET',
      path: '/api/history',
      run: (exchange): Promise<HistoryPage> => history.page(filterOf(exchange)),
    },
    {
      method: 'GET',
      path: '/api/history/export',
      run: ({ response }) =>
        answerLines(response, everything, {
          'Content-Disposition': 'attachment; filename="postern-history.ndjson"',
          'X-Content-Type-Options': 'nosniff',
        }),
    },
  ];
}

/** What people are told while nothing can be kept. Mail goes on. */
export function historyNotice({ message }: StoreError): HostEvent {
  const text = `What happens to trust is not being recorded in the history: ${excerpt(message)}.`;
  return { type: 'notice', profile: null, text };
}

function kindsOf(text: string | null): readonly HistoryKind[] | null {
  if (text === null || text === '') return null;
  return text.split(',').map((kind) => {
    if (isKind(kind)) return kind;
    throw invalid(`"kind" must be of ${Object.keys(KINDS).join(', ')}`);
  });
}

function isKind(kind: string): kind is HistoryKind {
  return Object.hasOwn(KINDS, kind);
}

/** `host`, `host:port` or `[address]:port`. Throws as normaliseServerName does. */
function serverOf(text: string): { host: string; port: number | null } {
  const [, bracketed, plain, port] = /^(?:\[(.+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? text;
  if (port === undefined) return { host: normaliseServerName(host), port: null };
  if (Number(port) < 1 || Number(port) > 65_535) throw invalid('a port is from 1 to 65535');
  return { host: normaliseServerName(host), port: Number(port) };
}

function invalid(message: string): HostError {
  return new HostError(400, 'ERR_QUERY_INVALID', message);
}

/**
 * The daemon's API as a request handler without a listener: the caller brings the socket, in a
 * folder that nobody else can enter. JSON only, every body bounded.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Gate, GateEvent, Overrides, PolicySource, UserRoots } from '@postern/trust';
import type { ProfileReport, QuestionReport, StatusReport } from '../api.ts';
import type { FrontAsker } from '../asker.ts';
import type { Engines } from '../engines.ts';
import type { History } from '../history/history.ts';
import { endpointOf, type Profiles } from '../profile.ts';
import { questionReport } from '../report.ts';
import type { Desk } from './desk/listener.ts';
import { deskRoutes } from './desk/routes.ts';
import type { ViewTickets } from './desk/view-tickets.ts';
import { createEventStreams } from './events.ts';
import { answer, answerFailure, type Caller, HostError, TERMINAL } from './exchange.ts';
import { historyNotice, historyRoutes } from './history-routes.ts';
import { lineOf } from './lines.ts';
import { lookRoutes } from './look-routes.ts';
import { type PolicyFiles, policyRoutes } from './policy-routes.ts';
import { profileRoutes } from './profile-routes.ts';
import { findRoute, type Route } from './routes.ts';
import { serverRoutes } from './server-routes.ts';
import { trustRoutes } from './trust-routes.ts';
import { unusableProfile } from './unreadable.ts';

/** What the daemon's API speaks for. */
export interface HostOptions {
  gate: Gate;
  overrides: Overrides;
  policy: PolicySource;
  policyFiles: PolicyFiles;
  history: History;
  roots: UserRoots;
  profiles: Profiles;
  engines: Engines;
  asker: FrontAsker;
  /** Where a route leaves the HTML of a message for the frame that shows it. */
  tickets: ViewTickets;
  /** The address for browsers; without it no desk can be opened. */
  desk?: Desk;
  version: string;
  clock: Clock;
  /** Ends the daemon; called after the answer to `POST /api/stop` has left. */
  stop: () => void;
  log?: (line: string) => void;
}

/** The daemon's API. */
export interface Host {
  /** A listener for `node:http`'s `request` event. Without a caller it is the terminal. */
  handle(request: IncomingMessage, response: ServerResponse, caller?: Caller): void;
  /** Every route that there is. */
  readonly routes: readonly Pick<Route, 'method' | 'path'>[];
  status(): StatusReport;
  /** Ends every event stream and lets go of gate and engines. */
  close(): void;
}

/** Makes the API. */
export function createHost(options: HostOptions): Host {
  const { gate, engines, profiles, policy, asker, clock } = options;
  const startedAt = clock.now().toISOString();

  function questions(): readonly QuestionReport[] {
    return gate.questions().map(reportOf);
  }

  function reportOf(question: ReturnType<Gate['questions']>[number]): QuestionReport {
    const { host, port } = question.endpoint;
    const state = policy.current();
    const profile = engines
      .names()
      .flatMap((name) => engines.find(name)?.profile ?? [])
      .find((one) => {
        const to = endpointOf(one);
        return to.host === host && to.port === port;
      });
    return questionReport(question, {
      profile: profile ?? null,
      supportText: state.kind === 'readable' ? state.policy.supportText : null,
      versions: {
        postern: options.version,
        node: process.version,
        openssl: process.versions.openssl,
      },
    });
  }

  function status(): StatusReport {
    return {
      schema: 1,
      version: options.version,
      startedAt,
      profiles: engines
        .names()
        .flatMap((name): ProfileReport[] => [engines.find(name)?.report() ?? []].flat()),
      unreadable: profiles.names().flatMap((name) => unusableProfile(name, options) ?? []),
      questions: questions(),
    };
  }

  const streams = createEventStreams(status, clock);

  function onGateEvent(event: GateEvent): void {
    if (
      event.type === 'question-opened' ||
      event.type === 'question-joined' ||
      event.type === 'question-explained'
    ) {
      streams.send({ type: 'question', question: reportOf(event.question) });
    } else if (event.type === 'question-closed') {
      streams.send({ type: 'question-closed', id: event.question.id, how: event.how });
    } else if (event.type === 'override-retired') {
      const text = `"${event.endpoint.host}" shows a certificate that verifies: your override is not needed any more.`;
      streams.send({ type: 'notice', profile: null, text });
    }
    streams.statusChanged();
  }

  const unsubscribeGate = gate.subscribe(onGateEvent);
  const unsubscribeHistory = options.history.onFailure((failure) =>
    streams.send(historyNotice(failure)),
  );
  const unsubscribeEngines = engines.subscribe((profile, event) => {
    if (event.type === 'message') streams.stored(profile, event.stored);
    else if (event.type === 'notice') streams.send({ type: 'notice', profile, text: event.text });
    streams.statusChanged();
  });

  const routes: readonly Route[] = [
    { method: 'GET', path: '/api/status', run: status },
    {
      method: 'GET',
      path: '/api/events',
      run({ response, query }) {
        // Only a front end that can show a question counts as somebody to ask.
        const detach = query.get('front') === null ? () => {} : asker.attach();
        streams.open(response, detach);
        const { failure } = options.history;
        if (failure !== null) response.write(lineOf(historyNotice(failure)));
      },
    },
    {
      method: 'POST',
      path: '/api/stop',
      run({ response }) {
        response.once('close', options.stop);
        return {};
      },
    },
    ...(options.desk === undefined ? [] : deskRoutes(options.desk)),
    ...trustRoutes(options),
    ...profileRoutes(options),
    ...historyRoutes(options),
    ...serverRoutes(options),
    ...lookRoutes(options),
    ...policyRoutes(options),
  ];

  async function serve(
    request: IncomingMessage,
    response: ServerResponse,
    caller: Caller,
  ): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://daemon');
    const found = findRoute(routes, request.method ?? '', url.pathname);
    if (found === 'no-path') throw new HostError(404, 'ERR_NOT_FOUND', 'there is nothing here');
    if (found === 'no-method') throw new HostError(405, 'ERR_METHOD', 'this cannot be done here');
    const { route, params } = found;
    const { isIdle } = caller.admit(route);
    const query = url.searchParams;
    const result = await route.run({ request, response, params, query, isIdle });
    if (result !== undefined) answer(response, route.status ?? 200, result);
  }

  return {
    routes,
    handle(request, response, caller = TERMINAL) {
      serve(request, response, caller).catch((error: unknown) => {
        options.log?.(`${request.method} ${request.url?.split('?')[0]}: ${String(error)}`);
        answerFailure(response, error);
      });
    },
    status,
    close() {
      unsubscribeGate();
      unsubscribeEngines();
      unsubscribeHistory();
      streams.close();
    },
  };
}

/**
 * Looks at a server before any credential is sent, step by step: is it there, does it speak TLS, what
 * does its certificate come to. Handshakes through the gate and nothing else: no request, no question,
 * nothing granted, whatever answers.
 */

import {
  type Clock,
  endpointKey,
  type Gate,
  type Look,
  TransportError,
  TrustError,
} from '@postern/trust';
import type { LookStep } from './api.ts';
import { serverCertificateReport } from './diagnosis-report.ts';
import { portsForTls } from './secure-first.ts';

/** Longest wait at one port, in ms: a handshake over a bad mobile line, where the gate would wait 30 s. */
const LOOK_WITHIN_MS = 10_000;

/** What looking needs. */
export interface Looking {
  gate: Gate;
  clock: Clock;
  /** Ends it: the person went away. */
  signal: AbortSignal;
}

type Step = Extract<LookStep, { type: 'step' }>;

/** What the ports of one server came to. `look` is null where TLS answered without a certificate, or nothing by TLS. */
export interface Looked {
  /** Where TLS answers. */
  port: number | null;
  /** Where something answers, and not by TLS. */
  plainPort: number | null;
  look: Look | null;
}

/** Looks where TLS may answer beside a profile's two ports. Throws the signal's reason when it aborts. */
export async function* lookAtServer(
  looking: Looking,
  { host, port, httpPort }: { host: string; port: number; httpPort: number },
): AsyncGenerator<LookStep> {
  const found = yield* lookAtPorts(looking, host, portsForTls({ port, httpPort }));
  yield {
    type: 'looked',
    host,
    port: found.port,
    httpPort: found.plainPort,
    certificate: found.look === null ? null : serverCertificateReport(found.look),
  };
}

/** Asks one port after another until one answers by TLS. Throws the signal's reason when it aborts. */
export async function* lookAtPorts(
  looking: Looking,
  host: string,
  ports: readonly number[],
): AsyncGenerator<Step, Looked> {
  let plainPort: number | null = null;
  let code = 'ERR_CONNECT_FAILED';
  yield step('find', 'asking', null);
  for (const port of ports) {
    const answer = await ask(looking, host, port);
    if (answer.kind !== 'silent' && plainPort === null) {
      yield step('find', 'fine', endpointKey({ host, port }));
      yield step('secure', 'asking', null);
    }
    if (answer.kind === 'tls') {
      yield step('secure', 'fine', answer.look?.diagnosis.protocol ?? null);
      yield certificateStep(answer.look);
      return { port, plainPort, look: answer.look };
    }
    // What does not answer after something did is no news.
    if (answer.kind === 'plain' || plainPort === null) code = answer.code;
    if (answer.kind === 'plain') plainPort ??= port;
    if (code === 'ERR_NAME_NOT_FOUND') break;
  }
  yield step(plainPort === null ? 'find' : 'secure', 'failed', code);
  return { port: null, plainPort, look: null };
}

type Answer =
  | { kind: 'plain' | 'silent'; code: string }
  /** `look` is null where no certificate was presented. */
  | { kind: 'tls'; look: Look | null };

async function ask({ gate, clock, signal }: Looking, host: string, port: number): Promise<Answer> {
  const late = new AbortController();
  const cancel = clock.setTimer(() => late.abort(), LOOK_WITHIN_MS);
  try {
    const look = await gate.look({ host, port, signal: AbortSignal.any([signal, late.signal]) });
    return { kind: 'tls', look };
  } catch (error) {
    signal.throwIfAborted();
    if (late.signal.aborted) return { kind: 'silent', code: 'ERR_CONNECT_TIMEOUT' };
    if (error instanceof TrustError) return { kind: 'tls', look: null };
    if (!(error instanceof TransportError)) throw error;
    // A time-out says nothing of how far it came.
    const isThere = error.phase === 'handshake' && error.code !== 'ERR_CONNECT_TIMEOUT';
    return { kind: isThere ? 'plain' : 'silent', code: error.code };
  } finally {
    cancel();
  }
}

function certificateStep(look: Look | null): Step {
  if (look === null) return step('certificate', 'failed', 'ERR_TRUST_NO_CERTIFICATE');
  const { kind } = look.verdict;
  return step('certificate', kind === 'secure' || kind === 'overridden' ? 'fine' : 'failed', kind);
}

function step(name: Step['step'], outcome: Step['outcome'], detail: string | null): Step {
  return { type: 'step', step: name, outcome, detail };
}

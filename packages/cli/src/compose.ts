/**
 * The composition root: clock, stores, anchors, policy, gate, engines and API, each built once and
 * handed to who needs it. Nothing else makes them.
 */

import { existsSync } from 'node:fs';
import path from 'node:path';
import {
  createDesk,
  createEngines,
  createFrontAsker,
  createHost,
  createViewTickets,
  type Engines,
  type Host,
  openHistory,
  openProfiles,
  recordGate,
} from '@postern/connector';
import { pageFolder } from '@postern/desk';
import {
  type Anchors,
  type Clock,
  createAnchors,
  createGate,
  createMemoryOverrides,
  createPolicySource,
  createSystemRoots,
  FormatError,
  fixedAnchors,
  type Gate,
  type GateEvent,
  MAX_LIST_FILE_BYTES,
  openFileOverrides,
  openUserRoots,
  type PolicySource,
  type PolicyState,
  parseCertificate,
  parseCrlFile,
  parsePem,
  type RevocationList,
  systemClock,
} from '@postern/trust';
import { readUpTo, readWithin } from './bounded-file.ts';
import { type Home, policyPaths } from './home.ts';

/** A gate that can only look: no question, no memory. */
export interface Lookout {
  gate: Gate;
  /** What the gate verifies by, for a chain that no server presents. */
  anchors: Anchors;
  policy: PolicySource;
  clock: Clock;
  close(): Promise<void>;
}

/**
 * What `postern check` looks with. Only the roots in `rootsFile` count where one is given; where there
 * are `crlFiles`, revocation must be known from them. Throws FormatError and UsageError for such files.
 */
export async function composeLookout(
  home: Home,
  rootsFile: string | null,
  crlFiles: readonly string[] = [],
): Promise<Lookout> {
  const anchorsGiven = rootsFile === null ? null : await anchorsIn(rootsFile);
  const policy = requiringLists(policyOf(home), await listsIn(crlFiles));
  const overrides = createMemoryOverrides();
  const userRootsFile = userRootsPath(home);
  // Looking leaves nothing behind: no home is made for it.
  const userRoots = existsSync(userRootsFile) ? openUserRoots(userRootsFile) : null;
  const anchors = anchorsGiven ?? createAnchors({ policy, system: createSystemRoots(), userRoots });
  const clock = systemClock;
  const gate = createGate({ anchors, overrides, policy, clock, ask: { ask: async () => null } });
  return {
    gate,
    anchors,
    policy,
    clock,
    async close() {
      await gate.close();
      overrides.close();
      userRoots?.close();
    },
  };
}

/** Everything that the daemon is. */
export interface DaemonParts {
  host: Host;
  engines: Engines;
  /** Opens every profile's engine. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Builds the daemon's parts in a home; `page` is the folder of the desk's built page. Throws StoreError. */
export function composeDaemon(
  home: Home,
  about: { version: string; stop: () => void; log: (line: string) => void },
  page: string = pageFolder,
): DaemonParts {
  const { version, stop, log } = about;
  const overrides = openFileOverrides(path.join(home.root, 'trust', 'overrides.db'));
  const userRoots = openUserRoots(userRootsPath(home));
  const policy = policyOf(home);
  const asker = createFrontAsker();
  const gate = createGate({
    anchors: createAnchors({ policy, system: createSystemRoots(), userRoots }),
    overrides,
    policy,
    ask: asker.asker,
    clock: systemClock,
    log: (event) => log(gateLine(event)),
  });
  const profiles = openProfiles(home.root);
  const engines = createEngines({ gate, profiles, clock: systemClock, version, log });
  const history = openHistory(path.join(home.root, 'trust', 'history.db'), {
    clock: systemClock,
    log,
  });
  const stopRecording = recordGate({ gate, history, overrides, policy, roots: userRoots, log });
  const tickets = createViewTickets(systemClock);
  const desk = createDesk({
    clock: systemClock,
    tickets,
    page,
    folder: home.run,
    handle: (request, response, caller) => host.handle(request, response, caller),
    log,
  });
  const host = createHost({
    gate,
    overrides,
    policy,
    policyFiles: policyPaths(home),
    history,
    roots: userRoots,
    profiles,
    engines,
    asker,
    tickets,
    desk,
    version,
    clock: systemClock,
    stop,
    log,
  });

  return {
    host,
    engines,
    async start() {
      await Promise.all(
        profiles.names().map(async (name) => {
          try {
            const engine = await engines.open(name);
            // Runs on by itself; what becomes of it is in its report.
            engine.start('background').catch((error: unknown) => log(failureLine(name, error)));
          } catch (error) {
            // One profile that cannot be opened is no reason to keep the others from their mail.
            log(failureLine(name, error));
          }
        }),
      );
    },
    async close() {
      await desk.close();
      host.close();
      await engines.stop();
      await gate.close();
      stopRecording();
      await history.close();
      overrides.close();
      userRoots.close();
    },
  };
}

function userRootsPath(home: Home): string {
  return path.join(home.root, 'trust', 'roots.db');
}

function policyOf(home: Home): PolicySource {
  return createPolicySource(policyPaths(home));
}

/** Largest file of roots in bytes: a hundred times the system's store. */
const MAX_ROOTS_BYTES = 33_554_432;

/** The revocation lists of every file. What is too large is read just so far that it is said to be. */
async function listsIn(files: readonly string[]): Promise<readonly RevocationList[]> {
  const lists: RevocationList[] = [];
  for (const file of files) {
    const { bytes } = await readUpTo(file, MAX_LIST_FILE_BYTES + 1);
    lists.push(...parseCrlFile(bytes, file));
  }
  return lists;
}

/** The same policy, by which these lists must cover every chain; unchanged where there are none. */
function requiringLists(source: PolicySource, lists: readonly RevocationList[]): PolicySource {
  if (lists.length === 0) return source;
  const required = (state: PolicyState): PolicyState => {
    if (state.kind === 'unreadable') return state;
    const revocationLists = [...state.revocationLists, ...lists];
    return { ...state, policy: { ...state.policy, revocation: 'required' }, revocationLists };
  };
  return {
    current: () => required(source.current()),
    reload: () => required(source.reload()),
  };
}

/** The certificates of a file as the only anchors. Throws FormatError, or the system's error when it cannot be read. */
async function anchorsIn(file: string): Promise<Anchors> {
  const bytes = await readWithin(file, MAX_ROOTS_BYTES);
  const text = bytes.toString('latin1');
  const ders = text.includes('-----BEGIN') ? parsePem(text, file) : [bytes];
  for (const der of ders) {
    const { x509, malformed } = parseCertificate(der);
    // A root that is one and has a fault is diagnosed like any other certificate.
    if (x509 !== null) continue;
    const reason = malformed[0] ?? 'OpenSSL cannot read it';
    throw new FormatError('ERR_DER_INVALID', `"${file}" holds no certificate: ${reason}`, {
      what: file,
    });
  }
  return fixedAnchors(ders, file);
}

function gateLine(event: GateEvent): string {
  switch (event.type) {
    case 'verdict':
      return `gate ${event.endpoint.host}:${event.endpoint.port} ${event.purpose} ${event.verdict.kind}`;
    case 'question-opened':
    case 'question-joined':
    case 'question-explained':
    case 'question-closed': {
      const { endpoint, because, waiting } = event.question;
      const how = event.type === 'question-closed' ? ` ${event.how}` : '';
      return `gate ${endpoint.host}:${endpoint.port} ${event.type}${how} because ${because} for ${waiting.join(',')}`;
    }
    case 'override-granted': {
      const { endpoint, leafSha256, expiresAt } = event.override;
      return `gate ${endpoint.host}:${endpoint.port} override-granted ${leafSha256} until ${expiresAt.toISOString()}`;
    }
    case 'anchors-changed':
    case 'policy-changed':
      return `gate ${event.type} generation ${event.generation}`;
    default:
      return `gate ${event.endpoint.host}:${event.endpoint.port} ${event.type}`;
  }
}

function failureLine(name: string, error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return `profile ${name}: ${String(code ?? '')} ${String(message ?? error)}`;
}

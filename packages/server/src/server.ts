/**
 * The running server: its listeners by zimbraMailMode, its beginning and its graceful end. The details of `mixed` and
 * `redirect` (which paths are sent on to HTTPS) are a later issue's; here both listen on both ports, and SOAP is answered
 * on either, as a ZCS mailbox server without a proxy does.
 */

import * as fs from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Clock, systemClock } from '@postern/trust';
import { Attempts } from './access/attempts.ts';
import { Tokens } from './access/tokens.ts';
import { ensureCertificates } from './certs/authority.ts';
import { type Fingerprints, serverFingerprint } from './certs/fingerprint.ts';
import { loadConfiguration, loadTokenKey, type MailMode } from './configuration.ts';
import { homePaths, prepareHome } from './home.ts';
import { createEndpoint, type Listener } from './http/endpoint.ts';
import { type Log, type LogEntry, openLog } from './log-file.ts';
import { expireTombstones } from './mailbox/sync.ts';
import type { Services } from './requests/context.ts';
import { Sessions } from './sessions.ts';
import { lockHome } from './store/database.ts';
import { openStore, type Store } from './store/store.ts';
import { Uploads } from './uploads.ts';
import { WaitSets } from './wait-sets.ts';

/** ZCS's ports without the rights of root: zimbraMailSSLPort, zimbraMailPort (with a proxy), zimbraAdminPort. */
export const DEFAULT_PORTS = { https: 8443, http: 8080, admin: 7071 } as const;
/** How long requests in flight may take when the server stops, in ms. */
const GRACE_MS = 5000;
/** How long an idle connection is kept open, in ms: a connector asks again within its wait of at most 20 minutes. */
const KEEP_ALIVE_MS = 75_000;
/** How long tombstones are kept, in ms (ZCS: tombstone_max_age_ms, 3 months). */
const TOMBSTONE_AGE_MS = 90 * 86_400_000;

/** Where and how a server runs. */
export interface ServerOptions {
  /** The home folder. */
  home: string;
  clock?: Clock;
  /** Told each entry of the log, which is written to `log/mailbox.log` as well. */
  log?: (entry: LogEntry) => void;
  /** 0 for any free port. */
  ports?: Partial<Record<Listener, number>>;
  /** Address to listen at. Default 127.0.0.1: nobody else can reach it. */
  host?: string;
  /** In place of the home's zimbraMailMode, for this run. */
  mode?: MailMode;
  /** The name in the certificate of a fresh home. Default: this machine's. */
  hostName?: string;
}

/** Where a server listens. Null: it does not. */
export interface ServerAddresses {
  https: { host: string; port: number } | null;
  http: { host: string; port: number } | null;
  admin: { host: string; port: number };
}

/** A server. */
export interface Server {
  start(): Promise<void>;
  /** Lets requests in flight finish, answers those that wait, then ends. */
  stop(): Promise<void>;
  /** Reads certificate and key again; new connections see them. */
  reloadCertificate(): Promise<void>;
  /** Null while it does not run. */
  readonly addresses: ServerAddresses | null;
  readonly fingerprints: Fingerprints | null;
  readonly mode: MailMode | null;
}

interface Running {
  store: Store;
  services: Services;
  log: Log;
  listeners: Map<Listener, http.Server | https.Server>;
  addresses: ServerAddresses;
  fingerprints: Fingerprints;
  mode: MailMode;
  chores: Promise<void>;
  unlock: () => void;
}

/** Makes a server; it does nothing before it is started. */
export function createServer(options: ServerOptions): Server {
  let running: Running | null = null;
  return {
    start: async () => {
      if (running !== null) throw new TypeError('server runs already');
      running = await start(options);
    },
    stop: async () => {
      const ending = running;
      running = null;
      if (ending !== null) await stop(ending, options.clock ?? systemClock);
    },
    reloadCertificate: async () => {
      if (running === null) return;
      const secrets = await readSecrets(options.home);
      for (const listener of running.listeners.values()) {
        if (listener instanceof https.Server) listener.setSecureContext(secrets);
      }
      running.fingerprints = await serverFingerprint(options.home);
      running.log.write('certificate-reloaded', { sha256: running.fingerprints.sha256 });
    },
    get addresses() {
      return running?.addresses ?? null;
    },
    get fingerprints() {
      return running?.fingerprints ?? null;
    },
    get mode() {
      return running?.mode ?? null;
    },
  };
}

async function start(options: ServerOptions): Promise<Running> {
  const clock = options.clock ?? systemClock;
  const home = homePaths(options.home);
  await prepareHome(home);
  const unlock = lockHome(home.lock);
  let store: Store | null = null;
  let log: Log | null = null;
  try {
    const configuration = await loadConfiguration(home, options.hostName);
    const mode = options.mode ?? configuration.zimbraMailMode;
    await ensureCertificates(home, configuration.hostName, clock.now());
    log = openLog(home.log, clock, options.log);
    store = openStore(home, clock);
    const uploads = new Uploads(home.incoming, clock);
    await uploads.clear();
    const services: Services = {
      home,
      configuration,
      store,
      uploads,
      tokens: new Tokens(await loadTokenKey(home), store),
      attempts: new Attempts(clock),
      waitSets: new WaitSets(store),
      sessions: new Sessions(store),
      log: log.write,
    };
    const { listeners, addresses } = await listen(options, mode, services);
    const fingerprints = await serverFingerprint(options.home);
    log.write('started', { mode, sha256: fingerprints.sha256 });
    const chores = doChores(store, log);
    return { store, services, log, listeners, addresses, fingerprints, mode, chores, unlock };
  } catch (error) {
    await store?.close();
    await log?.close();
    unlock();
    throw error;
  }
}

/** What is done once after each start: bodies that a crash left, and tombstones that are too old. */
async function doChores(store: Store, log: Log): Promise<void> {
  try {
    const { database, bodies, clock } = store;
    const before = new Date(clock.now().getTime() - TOMBSTONE_AGE_MS);
    for (const { mailbox_id } of await database.queries
      .selectFrom('accounts')
      .select('mailbox_id')
      .execute()) {
      await database.write((tx) => expireTombstones(tx, mailbox_id, before));
    }
    const isNamed = async (name: string): Promise<boolean> => {
      const query = database.queries.selectFrom('items').select('id').where('body', '=', name);
      return (await query.limit(1).execute()).length > 0;
    };
    const swept = await bodies.sweep(isNamed, clock.now());
    if (swept > 0) log.write('bodies-swept', { count: swept });
  } catch (error) {
    log.write('failure', { error: error instanceof Error ? error.message : String(error) });
  }
}

async function readSecrets(home: string): Promise<{ key: Buffer; cert: Buffer }> {
  const paths = homePaths(home);
  const [key, cert] = await Promise.all([
    fs.readFile(paths.serverKey),
    fs.readFile(paths.serverCertificate),
  ]);
  return { key, cert };
}

/** The listeners of each mode (ZCS: jetty.xml). `https` opens no HTTP port at all; ZCS keeps one on localhost. */
function listenersOf(mode: MailMode): readonly Listener[] {
  if (mode === 'http') return ['http', 'admin'];
  if (mode === 'https') return ['https', 'admin'];
  return ['https', 'http', 'admin'];
}

async function listen(
  options: ServerOptions,
  mode: MailMode,
  services: Services,
): Promise<{ listeners: Running['listeners']; addresses: ServerAddresses }> {
  const endpoint = createEndpoint(services);
  const secrets = await readSecrets(options.home);
  const common = { keepAlive: true, keepAliveTimeout: KEEP_ALIVE_MS, noDelay: true };
  const listeners: Running['listeners'] = new Map();
  try {
    for (const name of listenersOf(mode)) {
      const answer: http.RequestListener = (request, response) => {
        // While the server stops, a connection ends as soon as its request has been answered.
        response.once('close', () => {
          if (!listener.listening) setImmediate(() => listener.closeIdleConnections());
        });
        endpoint(name, request, response);
      };
      const listener: http.Server | https.Server =
        name === 'http'
          ? http.createServer(common, answer)
          : // zimbraMailboxdSSLProtocols begins at TLS 1.2; 1.3 is taken where the client has it.
            https.createServer({ ...common, ...secrets, minVersion: 'TLSv1.2' }, answer);
      listeners.set(name, listener);
      await listenAt(
        listener,
        options.ports?.[name] ?? DEFAULT_PORTS[name],
        options.host ?? '127.0.0.1',
      );
    }
  } catch (error) {
    for (const listener of listeners.values()) listener.close();
    throw error;
  }
  const at = (name: Listener): { host: string; port: number } | null => {
    const address = listeners.get(name)?.address() as AddressInfo | undefined;
    return address === undefined ? null : { host: address.address, port: address.port };
  };
  const admin = at('admin');
  if (admin === null) throw new TypeError('the admin listener is not listening');
  return { listeners, addresses: { https: at('https'), http: at('http'), admin } };
}

function listenAt(listener: http.Server, port: number, host: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  listener.once('error', reject);
  listener.listen(port, host, () => {
    listener.off('error', reject);
    resolve();
  });
  return promise;
}

async function stop(running: Running, clock: Clock): Promise<void> {
  const { listeners, services, store, log } = running;
  const closed = [...listeners.values()].map(
    (listener) => new Promise<void>((resolve) => listener.close(() => resolve())),
  );
  services.waitSets.stop();
  services.sessions.stop();
  for (const listener of listeners.values()) listener.closeIdleConnections();
  const cancel = clock.setTimer(() => {
    for (const listener of listeners.values()) listener.closeAllConnections();
  }, GRACE_MS);
  await Promise.all(closed);
  cancel();
  await running.chores;
  await store.close();
  log.write('stopped');
  await log.close();
  running.unlock();
}

/** The server on this machine, running: its ports, its control socket, its end. */

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  createServer,
  DEFAULT_PORTS,
  initializeHome,
  type MailMode,
  type Server,
} from '@postern/server';
import { ensurePrivateFolder } from '@postern/trust';
import { reportStart } from './background.ts';
import { answer, takeControl } from './control-host.ts';
import { type ServerReport, serverLog, serverRun } from './server-process.ts';
import { version } from './version.ts';

type Ports = Record<keyof typeof DEFAULT_PORTS, number>;

/** How to run it. Ports that are named must be free; of the others a free one is found. */
export interface RunServerOptions {
  ports: Partial<Ports>;
  hostName?: string;
  mode?: MailMode;
  reportsStart: boolean;
}

/** Runs the server of a home in this process until it is told to stop. Throws StoreError ERR_STORE_LOCKED if it runs already. */
export async function runServer(home: string, options: RunServerOptions): Promise<void> {
  let server: Server | null = null;
  try {
    ensurePrivateFolder(home);
    ensurePrivateFolder(path.dirname(serverLog(home)));
    const control = takeControl({
      run: serverRun(home),
      greeting: {
        schema: 1,
        pid: process.pid,
        version: version(),
        startedAt: new Date().toISOString(),
      },
      stop: async () => server?.stop(),
    });
    const { hostName, mode } = options;
    const { configuration } = await initializeHome({
      home,
      ...(hostName === undefined ? {} : { hostName }),
    });
    server = await startSomewhere(home, options.ports, mode);
    const report = reportOf(home, configuration.hostName, server);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => void control.shutDown());
    }
    await control.listen((request, response) => {
      if (request.method === 'GET' && request.url === '/server') answer(response, 200, report);
      else
        answer(response, 404, {
          error: { code: 'ERR_NOT_FOUND', message: 'there is nothing here' },
        });
    });
    reportStart(options.reportsStart);
    process.stdout.write(`${new Date().toISOString()} listening ${JSON.stringify(report.ports)}\n`);
    await control.over;
  } catch (error) {
    reportStart(options.reportsStart, error);
    throw error;
  }
}

/** Tries the ports that were remembered or are usual; in the place of one that is taken, any free one. What was found is remembered. */
async function startSomewhere(
  home: string,
  named: Partial<Ports>,
  mode: MailMode | undefined,
): Promise<Server> {
  const ports: Ports = { ...DEFAULT_PORTS, ...readPorts(home), ...named };
  const run = mode === undefined ? {} : { mode };
  for (;;) {
    const server = createServer({ home, ports: { ...ports }, ...run });
    try {
      await server.start();
      return remember(home, server);
    } catch (error) {
      const { code, port } = error as NodeJS.ErrnoException & { port?: number };
      const taken = (['https', 'http', 'admin'] as const).find(
        (name) => ports[name] === port && ports[name] !== 0 && named[name] === undefined,
      );
      if (code !== 'EADDRINUSE' || taken === undefined) throw error;
      ports[taken] = 0;
    }
  }
}

function portsFile(home: string): string {
  return path.join(home, 'conf', 'ports.json');
}

function readPorts(home: string): Partial<Ports> {
  try {
    const found: unknown = JSON.parse(readFileSync(portsFile(home), 'utf8'));
    const entries = Object.entries(found as object).filter(
      ([name, port]) =>
        name in DEFAULT_PORTS && Number.isInteger(port) && port > 0 && port < 65_536,
    );
    return Object.fromEntries(entries);
  } catch {
    // Never remembered, or not by us: the usual ones.
    return {};
  }
}

function remember(home: string, server: Server): Server {
  const { https, http, admin } = server.addresses ?? {};
  const ports = { ...readPorts(home), https: https?.port, http: http?.port, admin: admin?.port };
  writeFileSync(portsFile(home), `${JSON.stringify(ports)}\n`, { mode: 0o600 });
  return server;
}

function reportOf(home: string, hostName: string, server: Server): ServerReport {
  const { addresses, fingerprints, mode } = server;
  if (addresses === null || fingerprints === null || mode === null) {
    throw new TypeError('the server has not started');
  }
  return {
    schema: 1,
    home,
    hostName,
    mode,
    ports: {
      https: addresses.https?.port ?? null,
      http: addresses.http?.port ?? null,
      admin: addresses.admin.port,
    },
    sha256: fingerprints.sha256,
    authoritySha256: fingerprints.authoritySha256,
  };
}

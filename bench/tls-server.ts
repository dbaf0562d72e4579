/** A TLS server in a process of its own, so that its work is not on the measured event loop. Speaks to its parent only. */

import type { AddressInfo } from 'node:net';
import tls from 'node:tls';

/** What the parent sends: one chain per server name; the first is also for clients that name none. */
export interface ServedChain {
  serverName: string;
  cert: string;
  key: string;
}

process.once('message', (chains: readonly ServedChain[]) => {
  const contexts = new Map(
    chains.map(({ serverName, cert, key }) => [serverName, tls.createSecureContext({ cert, key })]),
  );
  const [first] = chains;
  const server = tls.createServer(
    {
      cert: first?.cert,
      key: first?.key,
      SNICallback: (serverName, done) => done(null, contexts.get(serverName)),
    },
    // The client ends each connection as soon as it is measured.
    (socket) => socket.on('error', () => {}).resume(),
  );
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
});
process.once('disconnect', () => process.exit());

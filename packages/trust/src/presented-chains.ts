/**
 * The chain that a handshake showed, exactly as it was sent. Node gives it once and badly: the first
 * look empties it, and what was looked at is never freed (both before 26.9; measured: 4 KiB a
 * certificate, with every handshake). So it is read once, and only where it may be another one.
 */

import { X509Certificate } from 'node:crypto';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { endpointKey } from './endpoint.ts';
import { once } from './once.ts';
import type { Endpoint } from './question.ts';
import { createRecent, MAX_ENDPOINTS } from './recent.ts';

/** Where a chain was sent, and under which generation of anchors. */
interface Where {
  endpoint: Endpoint;
  serverName: string;
  generation: number;
}

export interface PresentedChains {
  /** DER, leaf first; empty where there was no certificate. To be called once for each socket. */
  read(
    socket: TLSSocket,
    readLeaf: () => Uint8Array | undefined,
    where: Where,
  ): readonly Uint8Array[];
}

/**
 * Keeps Node from building the legacy object of the whole chain (0.2 ms) for `checkServerIdentity`,
 * which has no say here. To be called before the handshake; {@link PresentedChains} gives it back.
 * Returns what reads the leaf alone, as DER.
 */
export function deferPeerCertificate(socket: TLSSocket): () => Uint8Array | undefined {
  const read = socket.getPeerCertificate.bind(socket);
  socket.getPeerCertificate = (() => ({})) as unknown as TLSSocket['getPeerCertificate'];
  return () => read(false)?.raw;
}

/**
 * Remembers the last chain of each server that OpenSSL authorised. Where it authorises the same leaf
 * again under the same anchors, that chain stands for the one sent now: the leaf verifies by it,
 * whatever was sent beside it this time.
 */
export function createPresentedChains(): PresentedChains {
  const authorised = createRecent<{ generation: number; presented: readonly Uint8Array[] }>(
    MAX_ENDPOINTS,
    () => true,
  );
  return {
    read(socket, readLeaf, { endpoint, serverName, generation }) {
      if (!socket.authorized) return readAll(socket);
      const key = `${endpointKey(endpoint)} ${serverName}`;
      const before = authorised.get(key);
      const known = before?.presented[0];
      if (before?.generation === generation && known !== undefined && isSame(readLeaf(), known)) {
        showPeer(
          socket,
          once(() => new X509Certificate(known)),
        );
        return before.presented;
      }
      const presented = readAll(socket);
      authorised.set(key, { generation, presented });
      return presented;
    },
  };
}

function readAll(socket: TLSSocket): readonly Uint8Array[] {
  const leaf = socket.getPeerX509Certificate();
  const presented: Uint8Array[] = [];
  for (let next = leaf; next !== undefined; next = next.issuerCertificate) presented.push(next.raw);
  showPeer(socket, () => leaf);
  return presented;
}

/** What the socket tells others afterwards. */
function showPeer(socket: TLSSocket, leaf: () => X509Certificate | undefined): void {
  socket.getPeerX509Certificate = leaf;
  const legacy = (): PeerCertificate => (leaf()?.toLegacyObject() ?? {}) as PeerCertificate;
  socket.getPeerCertificate = legacy as TLSSocket['getPeerCertificate'];
}

function isSame(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && Buffer.compare(a, b) === 0;
}

/** The least that can know of a change: a wait set over a bare `node:https`, without gate, store or fetching. */

import https from 'node:https';
import { text } from 'node:stream/consumers';
import {
  authRequest,
  createWaitSetRequest,
  decodeResponse,
  type Element,
  encodeRequest,
  getInfoRequest,
  readAuthResponse,
  readCreateWaitSetResponse,
  readGetInfoResponse,
  readWaitSetResponse,
  waitSetRequest,
} from '@postern/soap';

/** A client that is told of changes. */
export interface BareWatch {
  /** Resolves with the instant of the next answer that tells of a change. */
  nextNotice(): Promise<number>;
  stop(): void;
}

/** Logs in, makes a wait set and keeps waiting. */
export async function startBareWatch(about: {
  host: string;
  port: number;
  root: string;
  account: string;
  password: string;
}): Promise<BareWatch> {
  const agent = new https.Agent({ ca: about.root, keepAlive: true });
  let authToken: string | null = null;

  async function ask(body: Element): Promise<Element> {
    const request = https.request({
      agent,
      host: '127.0.0.1',
      servername: about.host,
      port: about.port,
      method: 'POST',
      path: `/service/soap/${body.name}`,
      headers: { 'Content-Type': 'application/json' },
    });
    request.end(
      encodeRequest(
        { authToken, userAgent: null, session: null, noQualify: true, noNotify: true },
        body,
      ),
    );
    const answer = await new Promise<string>((resolve, reject) => {
      request.once('error', reject);
      request.once('response', (response) => text(response).then(resolve, reject));
    });
    return decodeResponse(answer).body;
  }

  const attempt = {
    account: { by: 'name' as const, value: about.account },
    password: about.password,
  };
  ({ authToken } = readAuthResponse(await ask(authRequest(attempt))));
  const { id } = readGetInfoResponse(await ask(getInfoRequest(['mbox'])));
  const made = readCreateWaitSetResponse(await ask(createWaitSetRequest([{ id, token: null }])));
  const listeners = new Set<(at: number) => void>();
  let isStopped = false;

  async function wait(): Promise<void> {
    let { sequence } = made;
    while (!isStopped) {
      const again = { waitSet: made.waitSet, sequence, block: true, timeoutMs: 60_000 };
      const result = readWaitSetResponse(await ask(waitSetRequest(again)));
      const at = performance.timeOrigin + performance.now();
      sequence = result.sequence ?? sequence;
      if (result.changedAccounts.length === 0) continue;
      for (const listener of listeners) listener(at);
      listeners.clear();
    }
  }
  wait().catch((error: unknown) => {
    if (!isStopped) throw error;
  });

  return {
    nextNotice: () => new Promise((resolve) => listeners.add(resolve)),
    stop() {
      isStopped = true;
      agent.destroy();
    },
  };
}

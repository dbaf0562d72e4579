import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { before, test } from 'node:test';
import type { TrustError } from '@postern/trust';
import {
  alwaysRefuses,
  authorization,
  authorizesFor,
  chainFor,
  endpointAt,
  nobody,
  type Presented,
  SERVER_NAME,
  type Stage,
  stage,
} from './gate-stage.ts';

let presented: Presented;

before(async () => {
  presented = await chainFor('agent');
});

interface HttpsServer {
  port: number;
  readonly connections: number;
  readonly requests: readonly string[];
}

async function withHttpsServer(
  about: Parameters<typeof stage>[0],
  body: (on: Stage & { server: HttpsServer }) => Promise<void>,
): Promise<void> {
  const requests: string[] = [];
  let connections = 0;
  const server = https.createServer(presented.options, (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    response.end('over TLS');
  });
  server.on('secureConnection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const on = stage(about);
  try {
    await body({
      ...on,
      server: {
        port,
        requests,
        get connections() {
          return connections;
        },
      },
    });
  } finally {
    await on.gate.close();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
}

function ask(agent: https.Agent, port: number, signal?: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host: SERVER_NAME, port, agent, ...(signal ? { signal } : {}) };
    const request = https.get(options, async (response) => {
      let body = '';
      for await (const chunk of response) body += chunk;
      resolve(body);
    });
    request.on('error', reject);
  });
}

const hasCode = (code: string) => (error: unknown) => (error as TrustError).code === code;

test('ordinary HTTPS runs over gated sockets, which are pooled', async () => {
  await withHttpsServer({ ask: nobody, roots: [presented.parts.root.der] }, async (on) => {
    const agent = on.gate.agent({ purpose: 'mail', initiatedBy: 'background' });
    assert.equal(await ask(agent, on.server.port), 'over TLS');
    assert.equal(await ask(agent, on.server.port), 'over TLS');
    assert.equal(on.server.connections, 1);
    assert.equal(on.gate.status(endpointAt(on.server.port)).openSockets, 1);
  });
});

test('`http.request` with the protocol https: takes its sockets from the gate too', async () => {
  await withHttpsServer({ ask: nobody, roots: [presented.parts.root.der] }, async (on) => {
    const agent = on.gate.agent({ purpose: 'mail', initiatedBy: 'background' });
    const request = http.get({
      protocol: 'https:',
      host: SERVER_NAME,
      port: on.server.port,
      agent,
    });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    assert.equal(response.statusCode, 200);
    response.resume();
    await once(response, 'end');
  });
});

test('a request to a server that is refused is never sent', async () => {
  await withHttpsServer({ ask: alwaysRefuses }, async (on) => {
    const agent = on.gate.agent({ purpose: 'mail', initiatedBy: 'person' });
    await assert.rejects(ask(agent, on.server.port), hasCode('ERR_TRUST_REFUSED'));
    assert.deepEqual(on.server.requests, []);
  });
});

test('a pooled socket does not outlive withdrawn trust', async () => {
  await withHttpsServer({ ask: authorizesFor('1d') }, async (on) => {
    const agent = on.gate.agent({ purpose: 'mail', initiatedBy: 'background' });
    await ask(agent, on.server.port);
    await on.gate.stopTrusting(endpointAt(on.server.port));
    await assert.rejects(ask(agent, on.server.port), hasCode('ERR_TRUST_STOPPED'));
    assert.equal(on.server.requests.length, 1);
  });
});

test('a request in flight ends with the error that says why', async () => {
  await withHttpsServer({ ask: authorizesFor('1d') }, async (on) => {
    const agent = on.gate.agent({ purpose: 'changes', initiatedBy: 'background' });
    const endpoint = endpointAt(on.server.port);
    await ask(agent, on.server.port);
    const inFlight = ask(agent, on.server.port);
    const stopped = on.gate.stopTrusting(endpoint);
    await assert.rejects(inFlight, hasCode('ERR_TRUST_STOPPED'));
    await stopped;
  });
});

test('a request that is given up while the gate asks is never sent, even if the answer is yes', async () => {
  await withHttpsServer({ ask: { ask: () => new Promise<null>(() => {}) } }, async (on) => {
    const { gate, server } = on;
    const agent = gate.agent({ purpose: 'mail', initiatedBy: 'person' });
    const caller = new AbortController();
    const asked = assert.rejects(ask(agent, server.port, caller.signal), { name: 'AbortError' });
    while (gate.questions().length === 0) await new Promise((resolve) => setImmediate(resolve));
    caller.abort();
    const [question] = gate.questions();
    assert.ok(question);
    // Node tells the caller only when a socket or an error comes, hence the answer.
    gate.answer(question.id, authorization(question, '1h'));
    await asked;
    assert.deepEqual(server.requests, []);
  });
});

test('destroying the agent ends what waits at the gate for it', async () => {
  await withHttpsServer({ ask: { ask: () => new Promise<null>(() => {}) } }, async (on) => {
    const { gate, server } = on;
    const agent = gate.agent({ purpose: 'mail', initiatedBy: 'person' });
    const asked = assert.rejects(ask(agent, server.port), { name: 'AbortError' });
    while (gate.questions().length === 0) await new Promise((resolve) => setImmediate(resolve));
    agent.destroy();
    await asked;
    assert.equal(gate.questions().length, 1);
  });
});

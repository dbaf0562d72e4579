/** What becomes of the session when trust is withdrawn, seen by somebody who reads along between connector and server. */

import assert from 'node:assert/strict';
import https from 'node:https';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { goodPlan, makeChain, serveChain } from '@postern/badcerts';
import { toPem } from '@postern/trust';
import { mailServer, PASSWORD, SERVER_NAME, stage } from '../../packages/connector/test/stage.ts';

interface Seen {
  token: string | null;
  request: string;
  /** A log-in with the password. */
  isLogin: boolean;
}

test('after Stop Trusting the token is thrown away, and the next secure log-in ends the old session', async (t) => {
  const { port } = await mailServer(t);
  const chain = await makeChain(goodPlan('session-ends', SERVER_NAME));
  const seen: Seen[] = [];
  const between = await serveChain(chain, (request, response) => {
    void (async () => {
      const body = await buffer(request);
      const [, token = null] = /ZM_AUTH_TOKEN=([^;]+)/.exec(request.headers.cookie ?? '') ?? [];
      const isLogin = body.includes(PASSWORD);
      seen.push({ token, request: request.url?.split('/').at(-1) ?? '', isLogin });
      const { method, url: path, headers } = request;
      const onward = https.request({ host: '127.0.0.1', port, method, path, headers, ...BLIND });
      onward.on('error', () => response.destroy());
      response.on('close', () => onward.destroy());
      onward.on('response', (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      onward.end(body);
    })();
  });
  t.after(() => between.close());
  const roots = chain.anchors.map((der) => toPem(der));
  const { engine, gate } = await stage(t, { port: between.port, roots });

  assert.equal((await engine.start('person')).outcome, 'done');
  const old = seen.find(({ token }) => token !== null)?.token ?? '';
  assert.notEqual(old, '');
  assert.equal(await statusWith(port, old), 200);

  await gate.stopTrusting({ host: SERVER_NAME, port: between.port });
  const before = seen.length;
  assert.equal((await engine.goOnline()).outcome, 'done');
  const after = seen.slice(before);
  assert.deepEqual(
    after.filter(({ isLogin }) => isLogin).map(({ token }) => token),
    [null],
  );
  assert.deepEqual(
    after.filter(({ token }) => token === old).map(({ request }) => request),
    ['EndSessionRequest'],
  );
  assert.equal(await statusWith(port, old), 401);
});

/** Who reads along does not verify. */
const BLIND = { rejectUnauthorized: false };

/** What the server answers to whoever shows this token. */
function statusWith(port: number, token: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const path = '/service/home/~/?id=1&fmt=sync';
    const headers = { Cookie: `ZM_AUTH_TOKEN=${token}` };
    https
      .get({ host: '127.0.0.1', port, path, headers, agent: false, ...BLIND }, (response) => {
        response.resume();
        const { statusCode = 0 } = response;
        // Whether there is such an item is not the question.
        resolve(statusCode === 404 ? 200 : statusCode);
      })
      .on('error', reject);
  });
}

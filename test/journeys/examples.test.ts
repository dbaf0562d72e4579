/** The examples run, as the documents show them. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { goodPlan, makeChain, serveChain, type TestServer } from '@postern/badcerts';

const example = path.resolve(import.meta.dirname, '..', '..', 'examples', 'gate.ts');

describe('examples/gate.ts', () => {
  let folder = '';
  let server: TestServer;
  let requests = 0;

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'postern-example-'));
    server = await serveChain(
      await makeChain(goodPlan('example', '127.0.0.1')),
      (_request, response) => {
        requests += 1;
        response.end('the page\n');
      },
    );
  });
  after(async () => {
    await server.close();
    await fs.rm(folder, { recursive: true, force: true });
  });

  test('any other word than the one asked for sends nothing', async () => {
    const { code, stdout, stderr } = await run('yes\n');
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /ERR_TRUST_REFUSED/);
    assert.equal(requests, 0);
  });

  test('a person who is told the problem and goes on gets the page', async () => {
    const { code, stdout, stderr } = await run('connect\n');
    assert.deepEqual({ code, stdout }, { code: 0, stdout: 'the page\n' });
    assert.match(stderr, /is not secure:\n- .*issuer.*could not be found/i);
  });

  test('the next run does not ask', async () => {
    const { code, stdout, stderr } = await run('');
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'the page\n', stderr: '' });
  });

  async function run(typed: string): Promise<{ code: number; stdout: string; stderr: string }> {
    const url = `https://127.0.0.1:${server.port}/`;
    const args = [
      '--disable-warning=ExperimentalWarning',
      example,
      url,
      path.join(folder, 'answers.db'),
    ];
    const child = spawn(process.execPath, args);
    child.stdin.end(typed);
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit') as Promise<[number]>,
    ]);
    return { code, stdout, stderr };
  }
});

/** A real Chromium at the desk's address: the way in, everything that other pages may try, and mail in a frame. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { openBrowser } from '../../../test/journeys/browser.ts';
import { deskStage } from './desk-stage.ts';
import { afterwards } from './temporary.ts';

let browser: Browser;
before(async () => {
  browser = await openBrowser(['--host-resolver-rules=MAP evil.test 127.0.0.1']);
});
after(() => browser?.close());

async function openContext(t: TestContext): Promise<BrowserContext> {
  const context = await browser.newContext();
  afterwards(t, () => context.close());
  return context;
}

/** Whether a window of the desk is signed in, as it says itself. */
async function untilSays(page: Page, words: 'Not signed in' | 'Signed in'): Promise<void> {
  await page.getByText(words, { exact: true }).waitFor();
}

/** Another server of this computer, with a page, a cookie, and a picture for everybody. */
async function otherServer(t: TestContext): Promise<{ port: number; asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    response.setHeader('Set-Cookie', 'other=1');
    if (request.url?.startsWith('/picture')) {
      response.writeHead(200, { 'Content-Type': 'image/svg+xml' });
      response.end('<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"/>');
    } else {
      response.writeHead(200, { 'Content-Type': 'text/html' });
      response.end(
        '<!doctype html><link rel="icon" href="data:,"><title>Other</title><p>Another page</p>',
      );
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterwards(t, () => {
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, asked };
}

test('a file leads a browser in; the code leaves the address; a reload and a second window of the desk stay signed in or not, each by itself', async (t) => {
  const { desk, authority } = await deskStage(t);
  const context = await openContext(t);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  const { file } = await desk.handOver(null);
  await page.goto(pathToFileURL(file).href);
  await untilSays(page, 'Signed in');
  assert.equal(page.url(), `http://${authority}/`);
  await page.reload();
  await untilSays(page, 'Signed in');
  await page.goto('about:blank');
  await page.goBack();
  await untilSays(page, 'Signed in');
  assert.deepEqual(complaints, []);
  // Typed into another tab: the token is the other window's.
  const other = await context.newPage();
  await other.goto(`http://${authority}/`);
  await untilSays(other, 'Not signed in');
  assert.deepEqual(await context.cookies(), []);
});

test('an address that is printed leads in, once', async (t) => {
  const { desk } = await deskStage(t);
  const { url } = await desk.open(null);
  const first = await (await openContext(t)).newPage();
  await first.goto(url);
  await untilSays(first, 'Signed in');
  const second = await (await openContext(t)).newPage();
  await second.goto(url);
  await untilSays(second, 'Not signed in');
  await first.reload();
  await untilSays(first, 'Not signed in');
});

test('the page runs no inline script and no text as code', async (t) => {
  const { desk } = await deskStage(t);
  const page = await (await openContext(t)).newPage();
  await page.goto((await desk.open(null)).url);
  await untilSays(page, 'Signed in');
  const tried = await page.evaluate(`(async () => {
    const script = document.createElement('script');
    try { script.textContent = 'document.body.textContent = "inline"'; document.body.append(script); } catch {}
    try { document.body.innerHTML = '<img src=x onerror="document.body.textContent = 1">'; } catch (error) { return error.name; }
  })()`);
  assert.equal(tried, 'TypeError');
  await untilSays(page, 'Signed in');
});

/** What a page of somebody else tries; each gives what it has read, or how it failed. `DESK` is the desk's address. */
const ATTACKS: Readonly<Record<string, string>> = {
  'a read with cookies': `fetch(DESK + '/api/status', { credentials: 'include' }).then((r) => r.text())`,
  'a read without CORS': `fetch(DESK + '/api/status', { mode: 'no-cors', credentials: 'include' }).then((r) => r.type + r.status)`,
  'a read with a token': `fetch(DESK + '/api/status', { headers: { Authorization: 'Bearer TOKEN' } }).then((r) => r.text())`,
  'a post of text': `fetch(DESK + '/api/trust/stop', { method: 'POST', mode: 'no-cors', credentials: 'include', body: '{"host":"a","port":1}' }).then((r) => r.type + r.status)`,
  'a post of JSON': `fetch(DESK + '/api/trust/stop', { method: 'POST', headers: { 'Content-Type': 'application/json', Authorization: 'Bearer TOKEN' }, body: '{"host":"a","port":1}' }).then((r) => r.text())`,
  'a beacon': `Promise.resolve(navigator.sendBeacon(DESK + '/api/trust/stop', '{"host":"a","port":1}')).then(() => 'sent')`,
  'an EventSource': `new Promise((done) => { const s = new EventSource(DESK + '/api/events', { withCredentials: true }); s.onmessage = (e) => done('read ' + e.data); s.onopen = () => done('read open'); s.onerror = () => { s.close(); done('failed'); }; })`,
  'a WebSocket': `new Promise((done) => { const s = new WebSocket(DESK.replace('http', 'ws') + '/api/events'); s.onopen = () => done('read open'); s.onerror = () => done('failed'); })`,
  'a script of the desk': `new Promise((done) => { const s = document.createElement('script'); s.src = DESK + '/assets/index-1a2b.js'; s.onload = () => done('read'); s.onerror = () => done('failed'); document.head.append(s); })`,
  'a picture of the desk': `new Promise((done) => { const s = new Image(); s.onload = () => done('read'); s.onerror = () => done('failed'); s.src = DESK + '/icon.svg'; })`,
  'a frame around the desk': `new Promise((done) => { const s = document.createElement('iframe'); s.src = DESK + '/'; s.onload = () => { try { done(s.contentDocument === null ? 'blank' : 'read ' + s.contentDocument.title + s.contentDocument.body.textContent); } catch { done('blank'); } }; document.body.append(s); })`,
  'a form': `new Promise((done) => { const s = document.createElement('iframe'); s.name = 'target'; document.body.append(s); const f = document.createElement('form'); f.method = 'post'; f.enctype = 'text/plain'; f.target = 'target'; f.action = DESK + '/api/trust/stop'; document.body.append(f); s.onload = () => done('answered'); f.submit(); })`,
};

const PLACES = ['127.0.0.1', 'localhost', 'evil.test'];

for (const place of PLACES) {
  test(`a page on another port of ${place} reads nothing of the desk and does nothing at it`, async (t) => {
    const { desk, authority, reached, signIn, lines } = await deskStage(t);
    const { port } = await otherServer(t);
    const context = await openContext(t);
    const window = await context.newPage();
    await window.goto((await desk.open(null)).url);
    await untilSays(window, 'Signed in');
    const token = await signIn();
    const before = reached.length;
    const page = await context.newPage();
    for (const [name, attack] of Object.entries(ATTACKS)) {
      await page.goto(`http://${place}:${port}/`);
      const script = attack.replaceAll('TOKEN', token);
      const got = await page.evaluate<string>(
        `(async () => { const DESK = 'http://${authority}'; try { return String(await (${script})); } catch (error) { return 'failed ' + error.name; } })()`,
      );
      // An opaque answer has no status and no text: the page learns that something answered.
      assert.match(got, /^(failed.*|blank|answered|sent|opaque0)$/, `${name}: ${got}`);
    }
    assert.deepEqual(reached.slice(before), []);
    assert.ok(lines.some((line) => line.includes(`origin "http://${place}:${port}"`)));
    // It may open a window on the desk, which is not let in from there, and which it cannot touch.
    const [opened] = await Promise.all([
      context.waitForEvent('page'),
      page.evaluate(`void window.open('http://${authority}/')`),
    ]);
    await opened.waitForLoadState();
    assert.match((await opened.textContent('body')) ?? '', /ERR_DESK_REFUSED/);
    assert.equal(await opened.evaluate('window.opener'), null);
    await window.reload();
    await untilSays(window, 'Signed in');
  });
}

test('a name that is rebound to this address gets nothing, as a visit or by a script', async (t) => {
  const { port, reached, signIn } = await deskStage(t);
  const token = await signIn();
  const page = await (await openContext(t)).newPage();
  for (const place of ['evil.test', 'localhost']) {
    const visit = await page.goto(`http://${place}:${port}/`);
    assert.equal(visit?.status(), 421, place);
    const read = await page.evaluate(
      `fetch('/api/status', { headers: { Authorization: 'Bearer ${token}' } }).then((r) => r.status, () => 'failed')`,
    );
    // Chromium may not even try: the policy that came with the refusal allows the page's own origin alone.
    assert.ok(read === 421 || read === 'failed', `${place}: ${read}`);
  }
  assert.deepEqual(reached, []);
});

const HOSTILE = (port: number): string => `<!doctype html>
<meta http-equiv="refresh" content="0;url=http://127.0.0.1:${port}/refreshed">
<base href="http://127.0.0.1:${port}/based/">
<link rel="stylesheet" href="http://127.0.0.1:${port}/style.css">
<style>p { color: rgb(1, 2, 3) } body { background: url(http://127.0.0.1:${port}/picture-of-css) }</style>
<script>document.body.textContent = 'script ran'</script>
<script src="http://127.0.0.1:${port}/script.js"></script>
<p onclick="this.textContent = 'handler ran'">Good morning</p>
<img src="http://127.0.0.1:${port}/picture" onerror="document.body.textContent = 'handler ran'">
<iframe src="http://127.0.0.1:${port}/framed"></iframe>
<object data="http://127.0.0.1:${port}/object"></object>
<video src="http://127.0.0.1:${port}/video" autoplay></video>
<form action="http://127.0.0.1:${port}/form" target="_blank"><button>Send</button></form>
<a id="top" href="http://127.0.0.1:${port}/top" target="_top">Top</a>
<a id="out" href="http://127.0.0.1:${port}/out" target="_blank">Out</a>`;

for (const pictures of [false, true]) {
  test(`hostile mail in a frame is shown, runs nothing, and loads ${pictures ? 'the pictures that were asked for, without cookies' : 'nothing'}`, async (t) => {
    const { desk, tickets, authority } = await deskStage(t);
    const { port, asked } = await otherServer(t);
    const context = await openContext(t);
    const page = await context.newPage();
    // So that there is a cookie that could be sent.
    await page.goto(`http://127.0.0.1:${port}/`);
    asked.length = 0;
    await page.goto((await desk.open(null)).url);
    await untilSays(page, 'Signed in');
    const at = tickets.add({ html: HOSTILE(port), pictures });
    await page.evaluate(`new Promise((done) => {
      const frame = document.createElement('iframe');
      frame.setAttribute('sandbox', 'allow-popups allow-popups-to-escape-sandbox');
      frame.src = '${at}';
      frame.onload = done;
      document.body.append(frame);
    }).then(() => {})`);
    const mail = page.frameLocator(`iframe[src="${at}"]`);
    await mail.locator('p').click();
    assert.equal(await mail.locator('p').textContent(), 'Good morning');
    const colour = await mail.locator('p').evaluate((node) => {
      type Styles = { getComputedStyle(of: unknown): { color: string } };
      return (globalThis as unknown as Styles).getComputedStyle(node).color;
    });
    assert.equal(colour, 'rgb(1, 2, 3)');
    await mail.locator('button').click();
    await mail.locator('#top').click();
    assert.equal(page.url(), `http://${authority}/`);
    const loaded = asked.map(({ url }) => url ?? '');
    assert.deepEqual(loaded.toSorted(), pictures ? ['/picture', '/picture-of-css'] : []);
    for (const { headers } of asked) {
      assert.equal(headers.cookie, undefined);
      assert.equal(headers.referer, undefined);
    }

    const [out] = await Promise.all([context.waitForEvent('page'), mail.locator('#out').click()]);
    await out.waitForLoadState();
    assert.equal(await out.title(), 'Other');
    assert.equal(await out.evaluate('window.opener'), null);
    assert.equal(asked.at(-1)?.headers.referer, undefined);
    await untilSays(page, 'Signed in');
  });
}

test('an address of mail is nothing outside of a frame of the desk', async (t) => {
  const { tickets, authority } = await deskStage(t);
  const { port } = await otherServer(t);
  const at = tickets.add({ html: '<p>Private</p>', pictures: false });
  const page = await (await openContext(t)).newPage();
  const visit = await page.goto(`http://${authority}${at}`);
  assert.equal(visit?.status(), 403);
  await page.goto(`http://127.0.0.1:${port}/`);
  const got = await page.evaluate(`new Promise((done) => {
    const frame = document.createElement('iframe');
    frame.src = 'http://${authority}${at}';
    frame.onload = () => { try { done(frame.contentDocument?.body.textContent ?? 'blank'); } catch { done('blank'); } };
    document.body.append(frame);
  })`);
  assert.equal(got, 'blank');
  // Nobody has spent it.
  assert.equal(tickets.take(at.replace('/mail/', ''))?.html, '<p>Private</p>');
});

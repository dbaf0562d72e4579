/** The article in a real browser: the desk on the demonstration, by the words on the screen. */

import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { pageFolder } from '@postern/desk';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { makeHome, type PosternHome } from '../../packages/cli/test/run-postern.ts';
import { findingsOn, openBrowser } from './browser.ts';
import { demoEndpoint, ownPorts, readFingerprints, readStatus, serverHome } from './demo.ts';

/** Largest script of the page, in bytes as they cross the wire (issue: the desk). */
const MAX_SCRIPT_BYTES = 60_000;

/** With `POSTERN_SCREENS=FOLDER` pictures of what the tests see are written there. */
const SCREENS = process.env.POSTERN_SCREENS ?? null;

let browser: Browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

/** The demonstration started without a terminal, so that its question stays open. */
async function startDemo(t: TestContext): Promise<PosternHome> {
  const home = await makeHome();
  t.after(() => home.remove());
  await ownPorts(home);
  const started = await home.run(['start', '--demo']);
  assert.equal(started.exitCode, 4, started.stderr);
  return home;
}

/** The desk in a new window. */
async function openDesk(home: PosternHome, about: BrowserContextOptions = {}): Promise<Page> {
  const opened = await home.run(['open', 'demo', '--print']);
  assert.equal(opened.exitCode, 0, opened.stderr);
  const address = opened.stdout.trim();
  assert.match(address, /^http:\/\/127\.0\.0\.1:\d+\/#code=[^&]+&profile=demo$/);
  const context = await browser.newContext({
    locale: 'en-GB',
    // What moves has no colour to judge yet.
    reducedMotion: 'reduce',
    ...about,
  });
  const page = await context.newPage();
  await page.goto(address);
  return page;
}

/** What axe finds, and whether anything stands out sideways; and a picture, if they are wanted. */
async function look(page: Page, name: string): Promise<void> {
  if (SCREENS !== null) {
    await mkdir(SCREENS, { recursive: true });
    await page.screenshot({ path: path.join(SCREENS, `${name}.png`) });
  }
  assert.deepEqual(await findingsOn(page), [], name);
  const beyond = await page.evaluate(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  );
  assert.equal(beyond, 0, name);
}

/** Presses Authorize Connections until it is heard: it is deaf at first. */
async function authorize(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Connect Despite the Risks' }).click();
  await page.getByRole('radio', { name: /1 hour/ }).check();
  const button = page.getByRole('button', { name: 'Authorize Connections' });
  while (await button.isVisible()) await button.click({ timeout: 5_000 }).catch(() => {});
}

const question = (page: Page) =>
  page.getByRole('alertdialog', { name: 'This connection is not secure' });

describe('the desk', () => {
  test('asks about a server whose issuer is not found; Work Offline sends nothing, Authorize Connections lets the eight run, their certificate can be viewed, Stop Trusting ends them', async (t) => {
    const home = await startDemo(t);
    const page = await openDesk(home);
    const dialog = question(page);
    await dialog.waitFor();
    await look(page, 'question');
    assert.equal(await page.locator(':focus').textContent(), 'Work Offline');
    await dialog.getByText('Nothing has been sent: no password and no mail.').waitFor();
    await dialog.getByText('The issuer of this certificate could not be found.').waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('WORKING OFFLINE').first().waitFor();
    assert.equal((await readStatus(home)).profiles[0]?.workOffline?.reason, 'refused');

    await page.getByRole('button', { name: 'Send/Receive' }).click();
    await dialog.waitFor();
    await authorize(page);
    await page.getByText('TRUSTED BY YOU').first().waitFor();
    await page.getByText('323 messages').waitFor();
    await look(page, 'connections');
    const { connections = [] } = (await readStatus(home)).profiles[0] ?? {};
    assert.ok(connections.every(({ security }) => security.kind === 'trusted-by-you'));

    await page.getByRole('button', { name: 'View Certificate' }).click();
    const certificate = page.getByRole('dialog', { name: 'Certificate' });
    await certificate.getByText('You asked for localhost: the name matches.').waitFor();
    await look(page, 'certificate');
    await page.keyboard.press('Escape');

    await page.getByRole('button', { name: 'Stop Trusting' }).click();
    await look(page, 'stop-trusting');
    await page.getByRole('dialog').getByRole('button', { name: 'Stop Trusting' }).click();
    await page.getByText('WORKING OFFLINE').first().waitFor();
    assert.equal((await readStatus(home)).profiles[0]?.workOffline?.reason, 'stopped-trusting');
    const [trust] = JSON.parse((await home.run(['trust', 'list', '--json'])).stdout).trusted;
    assert.equal(trust.state, 'withdrawn');
  });

  test('closes its question by itself when the root is installed, and says SECURE', async (t) => {
    const home = await startDemo(t);
    const page = await openDesk(home);
    await question(page).waitFor();
    const { authoritySha256, rootFile } = await readFingerprints(home);
    const added = await home.run([
      ...['roots', 'add', rootFile, '--name', 'localhost', '--sha256', authoritySha256],
    ]);
    assert.equal(added.exitCode, 0, added.stderr);
    await home.run(['sync']);
    await page.getByText('localhost can be verified again.').waitFor();
    await page.getByRole('button', { name: 'OK' }).click();
    await page.getByText('SECURE', { exact: true }).first().waitFor();
    assert.equal((await readStatus(home)).profiles[0]?.connectionStatus, 'SECURE');
  });

  test('shows another certificate beside the old one, and Work Offline sends it nothing', async (t) => {
    const home = await startDemo(t);
    const { sha256 } = await readFingerprints(home);
    const at = await demoEndpoint(home);
    await home.run(['trust', 'add', at, '--sha256', sha256, '--for', '1d']);
    assert.equal((await home.run(['sync'])).exitCode, 0);
    await home.run(['server', 'stop']);
    // A server without them makes new ones when it starts, with a new CA.
    await rm(path.join(serverHome(home), 'ssl'), { recursive: true });
    assert.equal((await home.run(['start', '--demo'])).exitCode, 4);
    const page = await openDesk(home);
    const dialog = page.getByRole('alertdialog', { name: "The server's certificate has changed" });
    await dialog.waitFor();
    await dialog.getByRole('cell', { name: '≠ Differs' }).first().waitFor();
    await look(page, 'changed');
    await dialog.getByRole('button', { name: 'Work Offline' }).click();
    await page.getByText('WORKING OFFLINE').first().waitFor();
    assert.equal((await readStatus(home)).profiles[0]?.workOffline?.reason, 'refused');
  });

  test('in two windows is answered in one; the other closes its question and says so', async (t) => {
    const home = await startDemo(t);
    const [one, other] = [await openDesk(home), await openDesk(home)];
    await question(one).waitFor();
    await question(other).waitFor();
    await question(one).getByRole('button', { name: 'Work Offline' }).click();
    await other.getByText('The question was answered in another window').waitFor();
    assert.equal(await question(other).isVisible(), false);
  });

  test('says that Postern does not answer when it ends under an open question; nothing is authorized', async (t) => {
    const home = await startDemo(t);
    const page = await openDesk(home);
    await question(page).getByRole('button', { name: 'Connect Despite the Risks' }).click();
    await home.run(['stop']);
    const dialog = page.getByRole('alertdialog', { name: 'Connect Despite the Risks' });
    await dialog.getByText('Postern does not answer', { exact: true }).waitFor();
    const button = dialog.getByRole('button', { name: 'Authorize Connections' });
    const refusal = dialog.getByText('Postern does not answer. Nothing was authorized.');
    while (!(await refusal.isVisible())) await button.click();
    await home.run(['start']);
    assert.deepEqual(JSON.parse((await home.run(['trust', 'list', '--json'])).stdout).trusted, []);
  });

  test('a code opens one window; the second use of it ends the first', async (t) => {
    const home = await startDemo(t);
    const opened = await home.run(['open', '--print']);
    const page = await (await browser.newContext()).newPage();
    await page.goto(opened.stdout.trim());
    await page.getByRole('alertdialog').waitFor();
    assert.equal(new URL(page.url()).hash.includes('code'), false);
    const other = await (await browser.newContext()).newPage();
    await other.goto(opened.stdout.trim());
    await other.getByText('This address has been used already').waitFor();
    await page.getByText('This window is not signed in').first().waitFor();
  });

  test('in German, dark and 320 px wide has nothing that axe finds and nothing that stands out', async (t) => {
    const home = await startDemo(t);
    const viewport = { width: 320, height: 720 };
    const page = await openDesk(home, { colorScheme: 'dark', locale: 'de-DE', viewport });
    await page.getByRole('alertdialog', { name: 'Diese Verbindung ist nicht sicher' }).waitFor();
    await look(page, 'question-narrow');
    await page
      .getByRole('alertdialog')
      .getByRole('button', { name: 'Zertifikat anzeigen' })
      .click();
    for (const tab of ['Allgemein', 'Details', 'Zertifizierungspfad']) {
      await page.getByRole('tab', { name: tab }).click();
      await look(page, `certificate-narrow-${tab.toLowerCase()}`);
    }
    await page.getByRole('button', { name: 'OK' }).click();
    await page.getByRole('button', { name: 'Trotz der Risiken verbinden' }).click();
    await look(page, 'authorize-narrow');
    await page.keyboard.press('Escape');
    await page.getByText('ARBEITET OFFLINE').first().waitFor();
    await look(page, 'connections-narrow');
  });

  test(`has a script of less than ${MAX_SCRIPT_BYTES} bytes, compressed`, async () => {
    const assets = path.join(pageFolder, 'assets');
    const scripts = (await readdir(assets)).filter((name) => name.endsWith('.js'));
    const sizes = await Promise.all(
      scripts.map(async (name) => gzipSync(await readFile(path.join(assets, name))).length),
    );
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    assert.ok(bytes > 0 && bytes < MAX_SCRIPT_BYTES, `${bytes} bytes`);
  });
});

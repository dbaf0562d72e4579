/** The article in a real browser: the desk on the demonstration, by the words on the screen. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { makeHome, type PosternHome } from '../../packages/cli/test/run-postern.ts';
import { findingsOn, openBrowser } from './browser.ts';
import { ownPorts, readStatus } from './demo.ts';

let browser: Browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

/** Starts the demonstration without a terminal, so that its question stays open, and opens the desk on it. */
async function openDesk(home: PosternHome, scheme: 'dark' | 'light' = 'light'): Promise<Page> {
  const opened = await home.run(['open', 'demo', '--print']);
  assert.equal(opened.exitCode, 0, opened.stderr);
  const address = opened.stdout.trim();
  assert.match(address, /^http:\/\/127\.0\.0\.1:\d+\/#code=[^&]+&profile=demo$/);
  const context = await browser.newContext({
    colorScheme: scheme,
    locale: 'en-GB',
    // What moves has no colour to judge yet.
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  await page.goto(address);
  return page;
}

async function startDemo(): Promise<PosternHome> {
  const home = await makeHome();
  await ownPorts(home);
  const started = await home.run(['start', '--demo']);
  assert.equal(started.exitCode, 4, started.stderr);
  return home;
}

describe('the desk', () => {
  test('asks about a server whose issuer is not found; Work Offline sends nothing, Authorize Connections lets the eight run', async (t) => {
    const home = await startDemo();
    t.after(() => home.remove());
    const page = await openDesk(home);
    const dialog = page.getByRole('alertdialog', { name: 'This connection is not secure' });
    await dialog.waitFor();
    assert.deepEqual(await findingsOn(page), []);
    assert.equal(await page.locator(':focus').textContent(), 'Work Offline');
    await dialog.getByText('Nothing has been sent: no password and no mail.').waitFor();
    await dialog.getByText('The issuer of this certificate could not be found.').waitFor();
    await dialog.getByRole('button', { name: 'Work Offline' }).click();
    await page.getByText('WORKING OFFLINE').first().waitFor();
    assert.equal((await readStatus(home)).profiles[0]?.workOffline?.reason, 'refused');

    await page.getByRole('button', { name: 'Send/Receive' }).click();
    await dialog.waitFor();
    await dialog.getByRole('button', { name: 'Connect Despite the Risks' }).click();
    const authorize = page.getByRole('alertdialog');
    await authorize.getByRole('radio', { name: /1 hour/ }).check();
    // Deaf for its first half second: a person presses it again.
    const button = authorize.getByRole('button', { name: 'Authorize Connections' });
    while (await button.isVisible()) await button.click({ timeout: 5_000 }).catch(() => {});
    await page.getByText('TRUSTED BY YOU').first().waitFor();
    await page.getByText('323 messages').waitFor();
    assert.deepEqual(await findingsOn(page), []);
  });

  test('a code opens one window; the second use of it ends the first', async (t) => {
    const home = await startDemo();
    t.after(() => home.remove());
    const opened = await home.run(['open', '--print']);
    const page = await (await browser.newContext()).newPage();
    await page.goto(opened.stdout.trim());
    await page.getByRole('alertdialog').waitFor();
    assert.equal(new URL(page.url()).hash.includes('code'), false);
    const other = await (await browser.newContext()).newPage();
    await other.goto(opened.stdout.trim());
    await other.getByText('This address has been used already').waitFor();
    await page.getByText('This window is not signed in').waitFor();
  });
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import * as soap from '@postern/soap';
import PostalMime from 'postal-mime';
import { createSampleMailbox, generatedMessages, sampleMessages } from '../src/index.ts';
import { startFixture } from './fixture.ts';

const now = new Date('2026-11-23T09:00:00Z');

function digest(messages: Iterable<{ bytes: Buffer }>): string {
  const hash = createHash('sha256');
  for (const { bytes } of messages) hash.update(bytes);
  return hash.digest('hex');
}

test('the same seed gives the same bytes, another seed others', () => {
  assert.equal(digest(sampleMessages(60, 1, now)), digest(sampleMessages(60, 1, now)));
  assert.notEqual(digest(sampleMessages(60, 1, now)), digest(sampleMessages(60, 2, now)));
  assert.equal(digest(generatedMessages(50)), digest(generatedMessages(50)));
});

test('the sample has languages, files, HTML, threads and one large message, and all of it can be read', async () => {
  const messages = sampleMessages(320, 1, now);
  const types = new Map<string, number>();
  const subjects: string[] = [];
  let html = 0;
  let longestThread = 0;
  let broken = 0;
  for (const { bytes } of messages) {
    const mail = await PostalMime.parse(bytes);
    subjects.push(mail.subject ?? '');
    if (mail.html) html++;
    longestThread = Math.max(
      longestThread,
      (mail.references ?? '').split(/\s+/).filter(Boolean).length + 1,
    );
    if (!mail.text?.trim() || mail.text.includes('\ufffd') || !mail.messageId) broken++;
    for (const { mimeType, content } of mail.attachments) {
      types.set(mimeType, (types.get(mimeType) ?? 0) + 1);
      assert.ok((content as ArrayBuffer).byteLength > 50);
    }
  }
  assert.equal(broken, 0);
  assert.deepEqual([...types.keys()].sort(), [
    'application/pdf',
    'image/png',
    'text/csv',
    'text/plain',
  ]);
  assert.ok(html > 100 && html < messages.length);
  assert.ok(longestThread >= 20, `longest thread ${longestThread}`);
  for (const script of [
    /Beam|Keys|roof/,
    /Gründung|Treppe/,
    /Façade|fenêtres/,
    /Azulejos|visita/,
    /Okna|schodowej/,
    /照明|打ち合わせ/,
    /الحجر|الموقع/,
  ]) {
    assert.ok(
      subjects.some((subject) => script.test(subject)),
      String(script),
    );
  }
  const large = messages.filter(({ bytes }) => bytes.length > 4_000_000);
  assert.deepEqual(
    large.map(({ bytes }) => Math.round(bytes.length / 100_000) / 10),
    [5.2],
  );
});

test('the sample mailbox is served: folders, address list, signatures, lists, preferences', async (t) => {
  const fixture = await startFixture(t);
  const sample = await createSampleMailbox({ home: fixture.home, messages: 60 });
  await fixture.logIn(sample.name, sample.password);
  const { tree, sizeBytes } = await fixture.sync();
  const count = (folder: soap.Folder): number =>
    (folder.items.m?.length ?? 0) + folder.folders.reduce((sum, one) => sum + count(one), 0);
  assert.ok(tree !== null && (sizeBytes ?? 0) > 5_000_000);
  assert.equal(count(tree), sample.messages);
  assert.ok(tree.folders.some((one) => one.name === 'R&D <drafts>'));
  const gal = soap.readSyncGalResponse(
    (await fixture.soap(soap.syncGalRequest({ token: null }))).body,
  );
  // The sample's entries, and one for each account of this server.
  assert.equal(gal.entries.length, sample.galEntries + 2);
  const signatures = soap.readGetSignaturesResponse(
    (await fixture.soap(soap.getSignaturesRequest())).body,
  );
  assert.deepEqual(
    signatures.map((one) => one.name),
    ['Kurz', 'Office'],
  );
  const lists = soap.readGetWhiteBlackListResponse(
    (await fixture.soap(soap.getWhiteBlackListRequest())).body,
  );
  assert.deepEqual([lists.allowed.length, lists.blocked.length], [5, 2]);
});

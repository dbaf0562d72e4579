/**
 * A sample mailbox that looks like a real office's, to try Postern on: some hundred messages in seven languages, with files,
 * HTML, threads, one of 5 MB; folders, an address list, signatures, lists of senders, preferences.
 */

import { type Clock, systemClock } from '@postern/trust';
import { addAccount, type NewAccount } from './accounts.ts';
import { withStore } from './administration.ts';
import { setGalEntry } from './gal.ts';
import { importMessages } from './import/import-mail.ts';
import { createFolder } from './mailbox/folders.ts';
import { changePreferences, changeSenders, createSignature } from './preferences.ts';
import { type SampleMessage, sampleMessages } from './sample/mailbox.ts';
import { buildMessage } from './sample/message.ts';
import { galEntries, OWNER, PEOPLE } from './sample/people.ts';
import { createRandom } from './sample/random.ts';
import { changeMailbox, type Store } from './store/store.ts';

export type { SampleMessage } from './sample/mailbox.ts';
export { sampleMessages } from './sample/mailbox.ts';

/** Messages and entries of the address list, unless said otherwise. */
const SIZE = { messages: 320, galEntries: 350 };

/** The sample's account, and how much there is in it. */
export interface SampleMailbox extends NewAccount {
  messages: number;
  galEntries: number;
}

/**
 * Makes the sample's account `anna@lindenhof.example` (or `name`) and all that is in it. Where no password is given, one is
 * made by chance, and is in the answer only. Its messages are from and to `name`. Throws UsageFault where the account is there already.
 */
export function createSampleMailbox(options: {
  home: string;
  clock?: Clock;
  name?: string;
  password?: string;
  seed?: number;
  messages?: number;
  onProgress?: (progress: { done: number; total: number }) => void;
}): Promise<SampleMailbox> {
  const { name = OWNER.address, password, seed = 1, onProgress } = options;
  const clock = options.clock ?? systemClock;
  return withStore({ home: options.home, clock }, async (store) => {
    const draft = {
      name,
      displayName: OWNER.name,
      ...(password === undefined ? {} : { password }),
    };
    const account = await addAccount(store, draft);
    const messages = sampleMessages(
      options.messages ?? SIZE.messages,
      seed,
      clock.now(),
      account.name,
    );
    await fillFolders(store, account, messages, (done) =>
      onProgress?.({ done, total: messages.length }),
    );
    const entries = galEntries(SIZE.galEntries, seed);
    await fillAccount(store, account, entries);
    return { ...account, messages: messages.length, galEntries: entries.length };
  });
}

async function fillFolders(
  store: Store,
  account: NewAccount,
  messages: readonly SampleMessage[],
  onProgress: (done: number) => void,
): Promise<void> {
  let done = 0;
  for (const [folder, inFolder] of Map.groupBy(messages, (one) => one.folder)) {
    const before = done;
    await importMessages(store, account.name, inFolder, folder, (progress) => {
      done = before + progress.done;
      onProgress(done);
    });
  }
  // An empty folder, and one with a name that has to be quoted everywhere.
  await changeMailbox(store, account.mailboxId, async (change) => {
    await createFolder(change, { name: 'Später lesen', parentId: 1 });
    await createFolder(change, { name: 'R&D <drafts>', parentId: 1 });
  });
}

async function fillAccount(
  store: Store,
  { id }: NewAccount,
  entries: ReturnType<typeof galEntries>,
): Promise<void> {
  await store.database.write(async (tx) => {
    for (const entry of entries) await setGalEntry(tx, entry);
    await createSignature(tx, id, {
      name: 'Office',
      plain: 'Anna Bergmann\nProject lead, Lindenhof Architects',
      html: '<p><b>Anna Bergmann</b><br>Project lead, Lindenhof Architects</p>',
    });
    await createSignature(tx, id, { name: 'Kurz', plain: 'Viele Grüße\nAnna' });
    await changeSenders(tx, id, {
      allowed: { kind: 'replace', addresses: PEOPLE.slice(0, 5).map((one) => one.address) },
      blocked: { kind: 'replace', addresses: ['lottery.example', 'win@prizes.example'] },
    });
    await changePreferences(tx, id, [
      ['zimbraPrefLocale', 'en_GB'],
      ['zimbraPrefFromDisplay', OWNER.name],
      ['zimbraPrefOutOfOfficeReply', 'I am on site and answer tomorrow.'],
    ]);
  });
}

/**
 * Small messages for measuring, as many as wanted, one after another; the same seed gives the same bytes. About
 * `bodyBytes` of text each.
 */
export function* generatedMessages(
  count: number,
  options: { seed?: number; bodyBytes?: number; from?: Date } = {},
): Generator<{ bytes: Buffer; receivedAt: Date }> {
  const { seed = 1, bodyBytes = 1500, from = new Date('2026-01-01T00:00:00Z') } = options;
  const random = createRandom(seed);
  for (let index = 0; index < count; index++) {
    const at = new Date(from.getTime() + index * 60_000);
    const lines = Math.ceil(bodyBytes / 64);
    const text = Array.from({ length: lines }, () => random.hex(60)).join('\r\n');
    const bytes = buildMessage({
      from: random.pick(PEOPLE),
      to: [OWNER],
      subject: `Measurement ${index}`,
      at,
      messageId: `<${index}.${random.hex(12)}@measure.example>`,
      references: [],
      paragraphs: [text],
      quoted: null,
      withHtml: false,
      isRightToLeft: false,
      attachments: [],
      mark: random.hex(12),
    });
    yield { bytes, receivedAt: at };
  }
}

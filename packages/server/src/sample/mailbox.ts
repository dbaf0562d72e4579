/** Puts the sample's messages together: threads over four months, in folders, the latest ones unread. */

import { type Attachment, csvFile, pdfFile, pngFile, textFile } from './files.ts';
import { buildMessage } from './message.ts';
import { OFFICE_DOMAIN, OWNER, PEOPLE, type Person } from './people.ts';
import { createRandom, type Random } from './random.ts';
import { MANNERS, TOPICS, type Topic } from './texts.ts';

/** A message of the sample, with its place. */
export interface SampleMessage {
  folder: string;
  flags: string;
  receivedAt: Date;
  bytes: Buffer;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** How far back the sample goes. */
const DAYS = 120;
/** Bytes of the one large attachment: in base64 a message of 5 MB. */
const LARGE_BYTES = 3_830_000;
/** What is younger than this is still unread, more often than not. */
const UNREAD_DAYS = 4;

/** Folders of the sample beside the mailbox's own. */
const FOLDERS = [
  '/Inbox',
  '/Inbox',
  '/Inbox',
  '/Projects/Lindenhof',
  '/Projects/Harbour',
  '/Suppliers',
  '/Bauamt',
];

/**
 * The sample's messages, in the order in which they were received, about `count` of them; the same seed and
 * instant give the same bytes.
 */
export function sampleMessages(
  count: number,
  seed: number,
  now: Date,
  ownerAddress = OWNER.address,
): readonly SampleMessage[] {
  const owner = { ...OWNER, address: ownerAddress };
  const random = createRandom(seed);
  const messages: SampleMessage[] = [];
  messages.push(...thread(random, now, owner, 24));
  messages.push(largeMessage(random, now, owner));
  while (messages.length < count)
    messages.push(...thread(random, now, owner, random.integer(1, 6)));
  return messages.sort((a, b) => a.receivedAt.getTime() - b.receivedAt.getTime());
}

/** One matter from its opening on: so many messages between one of the people, the owner and sometimes a third. */
function thread(random: Random, now: Date, owner: Person, length: number): SampleMessage[] {
  const partner = random.pick(PEOPLE);
  const topic = random.pick(TOPICS[partner.language]);
  const third = PEOPLE.find((one) => one.language === partner.language && one !== partner);
  const folder = random.pick(FOLDERS);
  const subject = `${topic.subject}${random.chance(40) ? ` (${random.integer(2, 48)})` : ''}`;
  const references: string[] = [];
  const messages: SampleMessage[] = [];
  let at = now.getTime() - random.integer(1, DAYS * 24 - 1) * HOUR_MS;
  let quoted: { from: Person; paragraphs: readonly string[] } | null = null;
  for (let index = 0; index < length && at < now.getTime(); index++) {
    const from = index % 2 === 0 ? partner : index % 4 === 3 && third !== undefined ? third : owner;
    const isOwn = from === owner;
    const paragraphs = paragraphsOf(topic, partner, from, index, random);
    const { greeting, closing } = MANNERS[partner.language];
    const hello = isOwn ? `${partner.name},` : greeting;
    const messageId = `<${random.hex(16)}.${index}@${OFFICE_DOMAIN}>`;
    const withFile = index === 0 && topic.attachment !== null;
    const receivedAt = new Date(at);
    const bytes = buildMessage({
      from,
      to: [isOwn ? partner : owner],
      cc: !isOwn && third !== undefined && random.chance(30) ? [third] : [],
      subject: index === 0 ? subject : MANNERS[partner.language].answer + subject,
      at: receivedAt,
      messageId,
      references: [...references],
      paragraphs: [hello, ...paragraphs, `${closing}\r\n${from.name}`],
      quoted,
      withHtml: random.chance(60),
      isRightToLeft: partner.language === 'ar',
      attachments:
        withFile && topic.attachment !== null
          ? [attachmentOf(topic.attachment, topic, random)]
          : [],
      mark: random.hex(12),
    });
    messages.push({
      folder: isOwn ? '/Sent' : folder,
      flags: flagsOf(random, isOwn, withFile, now.getTime() - at),
      receivedAt,
      bytes,
    });
    references.push(messageId);
    quoted = { from, paragraphs };
    at += random.integer(1, 30) * HOUR_MS + random.integer(0, 59) * 60_000;
  }
  return messages;
}

function paragraphsOf(
  topic: Topic,
  partner: Person,
  from: Person,
  index: number,
  random: Random,
): readonly string[] {
  if (index === 0) return topic.opening;
  const answer = topic.answers[(index - 1) % topic.answers.length] ?? '';
  // A long thread says more than its topic has: other answers in the same language follow.
  if (index <= topic.answers.length || from.name === OWNER.name) return [answer];
  return [answer, random.pick(random.pick(TOPICS[partner.language]).answers)];
}

function flagsOf(random: Random, isOwn: boolean, withFile: boolean, ageMs: number): string {
  const unread = !isOwn && ageMs < UNREAD_DAYS * DAY_MS && random.chance(70);
  return [
    isOwn ? 's' : '',
    unread ? 'u' : '',
    withFile ? 'a' : '',
    !isOwn && random.chance(6) ? 'f' : '',
    !isOwn && !unread && random.chance(35) ? 'r' : '',
  ].join('');
}

function attachmentOf(
  kind: NonNullable<Topic['attachment']>,
  topic: Topic,
  random: Random,
): Attachment {
  const name = topic.subject.replace(/[\\/:*?"<>|]/g, '').slice(0, 40);
  switch (kind) {
    case 'csv':
      return csvFile(`${name}.csv`, random.integer(20, 200), random);
    case 'pdf':
      return pdfFile(`${name}.pdf`, [
        name,
        '',
        ...Array.from({ length: 20 }, (_, n) => `${n + 1}. ${random.integer(100, 9999)} mm`),
      ]);
    case 'png':
      return pngFile(`${name}.png`, 240, 160, random);
    case 'text':
      return textFile(`${name}.txt`, [topic.subject, '', ...topic.opening, ...topic.answers]);
  }
}

function largeMessage(random: Random, now: Date, owner: Person): SampleMessage {
  const [from = owner] = PEOPLE;
  const receivedAt = new Date(now.getTime() - 9 * DAY_MS);
  const table = csvFile('site survey.csv', 1, random);
  const row = `${random.hex(24)};${random.hex(24)};survey point;ok\r\n`;
  const bytes = Buffer.alloc(LARGE_BYTES, row, 'latin1');
  return {
    folder: '/Projects/Harbour',
    flags: 'a',
    receivedAt,
    bytes: buildMessage({
      from,
      to: [owner],
      subject: 'Site survey, all points (large)',
      at: receivedAt,
      messageId: `<survey.${random.hex(16)}@harbourside.example>`,
      references: [],
      paragraphs: [
        'Hello Anna,',
        'all points of the survey in one table. Sorry for the size.',
        'Tom',
      ],
      quoted: null,
      withHtml: false,
      isRightToLeft: false,
      attachments: [{ ...table, bytes }],
      mark: random.hex(12),
    }),
  };
}

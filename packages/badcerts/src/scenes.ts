/**
 * One scene for each cause that the gate can find, and beside it a control in which that cause must
 * not be found: a mail server, what stands at the plain port, what the computer's store holds.
 */

import type { RequestListener } from 'node:http';
import {
  all,
  around,
  type Change,
  goodPlan,
  issuerUrl,
  leaf,
  leafExtensions,
  type MadeParts,
  makeChain,
  nameOf,
  root,
  sendsRootToo,
} from './chain.ts';
import { SERVER_NAME } from './fault.ts';
import { AT } from './make.ts';
import {
  answersGarbage,
  answersWith,
  redirectsTo,
  switchesToHttps,
  wantsSignIn,
} from './servers/answering.ts';
import { servePlainHttp } from './servers/broken.ts';
import { serveChain } from './servers/https.ts';
import type { TestServer } from './servers/listening.ts';

/** What is to be seen in a scene. */
export interface CauseScene {
  /** `clock`, `clock::control`, ...: the cause, and what is special. */
  id: string;
  /** One sentence: what is the matter. */
  doc: string;
  /** The kind of cause that the scene is about. */
  kind: string;
  /** `proof` or `guess` as it must be found; null for a control. */
  certainty: 'guess' | 'proof' | null;
  serverName: string;
  at: Date;
  mailDomain: string | null;
  begin(): Promise<BegunScene>;
}

/** A scene whose servers run. */
export interface BegunScene {
  mail: TestServer;
  /** What answers at every plain port, whether the server's own or a certification authority's. */
  plain: TestServer;
  /** Roots that the client trusts. */
  anchors: readonly Uint8Array[];
  /** Roots that the computer's store holds beside Mozilla's. */
  inStore: readonly Uint8Array[];
  close(): Promise<void>;
}

/** What makes one scene differ from a server that verifies, with nothing at the plain port. */
interface SceneCard
  extends Pick<CauseScene, 'certainty' | 'doc' | 'id' | 'kind'>,
    Partial<Pick<CauseScene, 'at' | 'mailDomain' | 'serverName'>> {
  change?: Change;
  tls?: Parameters<typeof serveChain>[2];
  plain?: (parts: MadeParts) => RequestListener;
  inStore?: (parts: MadeParts) => readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
}

const DAY_MS = 86_400_000;

/** Later than any release of this program for some time. */
const LONG_AFTER = new Date('2040-01-01T08:00:00Z');

const nothingThere: RequestListener = (_request, response) => {
  response.writeHead(404);
  response.end();
};

const otherName = forNames('mail.other.test');
const ISSUER_URL = 'http://ca.example.test/issuing.cer';
const pointing = leafExtensions({ more: [issuerUrl(ISSUER_URL)] });
const leafAlone = around({ present: (made) => [made.leaf.der] });
const issuerOf = ({ intermediates }: MadeParts): Uint8Array =>
  intermediates.at(-1)?.der ?? new Uint8Array();
const kaspersky = root({ subject: 'O=AO Kaspersky Lab, CN=Kaspersky Anti-Virus Personal Root' });

const CARDS: readonly SceneCard[] = [
  {
    id: 'clock',
    doc: 'The computer believes that it is a year before this program was released, and the chain begins in between.',
    kind: 'clock',
    certainty: 'proof',
    at: new Date('2025-11-23T08:00:00Z'),
  },
  {
    id: 'clock::control',
    doc: 'The clock is right, and the leaf begins tomorrow.',
    kind: 'clock',
    certainty: null,
    at: LONG_AFTER,
    change: leaf({ notBefore: new Date(LONG_AFTER.getTime() + DAY_MS) }),
  },
  {
    id: 'sign-in-page',
    doc: 'The network answers with status 511 until somebody signs in.',
    kind: 'sign-in-page',
    certainty: 'proof',
    change: otherName,
    plain: () => wantsSignIn,
  },
  {
    id: 'sign-in-page::redirect',
    doc: 'The network leads every plain request to its own page.',
    kind: 'sign-in-page',
    certainty: 'guess',
    change: otherName,
    plain: () => redirectsTo('http://login.hotel.test/'),
  },
  {
    id: 'sign-in-page::control',
    doc: 'The server has a wrong name and leads plain requests to HTTPS, as Zimbra does in the mode redirect.',
    kind: 'sign-in-page',
    certainty: null,
    change: otherName,
    plain: () => switchesToHttps,
  },
  {
    id: 'inspection',
    doc: 'A device answers under its root, which is in the store of the computer, with a page for its own name.',
    kind: 'inspection',
    certainty: 'guess',
    change: all(kaspersky, otherName),
    inStore: ({ root: made }) => [made.der],
  },
  {
    id: 'inspection::control',
    doc: 'A chain calls its root by the name of a product that is in the store with another key.',
    kind: 'inspection',
    certainty: null,
    change: all(kaspersky, around({ present: sendsRootToo, anchors: () => [] })),
    inStore: async () => {
      const genuine = kaspersky(goodPlan('genuine product', SERVER_NAME));
      return [(await makeChain(genuine)).parts.root.der];
    },
  },
  {
    id: 'missing-intermediate',
    doc: 'The server sends its leaf alone; the issuer is where the leaf says, and leads to an anchor.',
    kind: 'missing-intermediate',
    certainty: 'proof',
    change: all(pointing, leafAlone),
    plain: (parts) => answersWith(issuerOf(parts)),
  },
  {
    id: 'missing-intermediate::not-to-be-had',
    doc: 'The server sends its leaf alone, and where the leaf says there is only garbage.',
    kind: 'missing-intermediate',
    certainty: 'guess',
    change: all(pointing, leafAlone),
    plain: () => answersGarbage,
  },
  {
    id: 'missing-intermediate::control',
    doc: 'The server sends its whole chain, and the leaf has ended.',
    kind: 'missing-intermediate',
    certainty: null,
    change: all(pointing, ended(3)),
    plain: (parts) => answersWith(issuerOf(parts)),
  },
  {
    id: 'private-root',
    doc: 'The root of a private authority was sent and is not installed.',
    kind: 'private-root',
    certainty: 'proof',
    change: around({ present: sendsRootToo, anchors: () => [] }),
  },
  {
    id: 'private-root::not-sent',
    doc: 'The root of a private authority was not sent, and is not installed.',
    kind: 'private-root',
    certainty: 'guess',
    change: around({ anchors: () => [] }),
  },
  {
    id: 'private-root::control',
    doc: 'The root is installed, and the name is wrong.',
    kind: 'private-root',
    certainty: null,
    change: otherName,
  },
  {
    id: 'near-miss-name',
    doc: 'Somebody typed a www that the certificate does not have.',
    kind: 'near-miss-name',
    certainty: 'guess',
    serverName: 'www.example.test',
    change: forNames('example.test'),
  },
  {
    id: 'near-miss-name::mail-domain',
    doc: 'Somebody typed an alias; the certificate is for a name in the domain of their address.',
    kind: 'near-miss-name',
    certainty: 'guess',
    serverName: 'zimbra.internal.test',
    mailDomain: 'example.test',
    change: forNames(SERVER_NAME),
  },
  {
    id: 'near-miss-name::control',
    doc: 'The certificate is for a name that only looks like the one that was typed.',
    kind: 'near-miss-name',
    certainty: null,
    mailDomain: 'example.test',
    change: forNames('mail.examp1e.test', 'mail.example.test.evil.test', 'evilexample.test'),
  },
  {
    id: 'ended-recently',
    doc: 'The leaf ended three days ago.',
    kind: 'ended-recently',
    certainty: 'proof',
    change: ended(3),
  },
  {
    id: 'ended-recently::control',
    doc: 'The leaf ended 28 days ago.',
    kind: 'ended-recently',
    certainty: null,
    change: ended(28),
  },
  {
    id: 'old-protocols-only',
    doc: 'The server speaks nothing newer than TLS 1.0.',
    kind: 'old-protocols-only',
    certainty: 'proof',
    tls: { minVersion: 'TLSv1', maxVersion: 'TLSv1' },
  },
  {
    id: 'old-protocols-only::control',
    doc: 'The server speaks TLS 1.0 and TLS 1.2, and its name is wrong.',
    kind: 'old-protocols-only',
    certainty: null,
    change: otherName,
    tls: { minVersion: 'TLSv1', maxVersion: 'TLSv1.2' },
  },
];

/** The leaf is for these names. */
function forNames(...names: readonly string[]): Change {
  return leafExtensions({ subjectAltName: { names: names.map(nameOf), critical: false } });
}

function ended(daysAgo: number): Change {
  return leaf({ notAfter: new Date(AT.getTime() - daysAgo * DAY_MS) });
}

/** Every scene, cause by cause, each with its control. */
export const causeScenes: readonly CauseScene[] = CARDS.map(sceneOf);

function sceneOf(card: SceneCard): CauseScene {
  const { id, doc, kind, certainty, change = (plan) => plan, tls } = card;
  const { plain = () => nothingThere, inStore = () => [], serverName = SERVER_NAME } = card;
  return {
    id,
    doc,
    kind,
    certainty,
    serverName,
    at: card.at ?? AT,
    mailDomain: card.mailDomain ?? null,
    async begin() {
      const chain = await makeChain(change(goodPlan(`scene ${id}`, serverName)));
      const mail = await serveChain(chain, undefined, tls);
      const beside = await servePlainHttp(plain(chain.parts));
      return {
        mail,
        plain: beside,
        anchors: chain.anchors,
        inStore: await inStore(chain.parts),
        async close() {
          await Promise.all([mail.close(), beside.close()]);
        },
      };
    },
  };
}

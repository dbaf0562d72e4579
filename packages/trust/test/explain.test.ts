/**
 * Evidence over real sockets: what is looked for, when, and that a hostile certification authority, a
 * hostile name server and a network in between get nothing out of it (threats, rows 16 to 18).
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, connect as dialTcp, type Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import {
  answersGarbage,
  answersHugely,
  answersWith,
  authorityPlan,
  type ChainPlan,
  caseById,
  fingerprint,
  goodPlan,
  issuerUrl,
  leafExtensions,
  type MadeParts,
  makeChain,
  redirectsTo,
  serveCase,
  serveChain,
  serveChanging,
  servePlainHttp,
  stallsInAnswer,
  switchesToHttps,
  type TestServer,
  wantsSignIn,
} from '@postern/badcerts';
import {
  type AnchorSet,
  type Anchors,
  type Cause,
  causesOf,
  fixedAnchors,
  type PlainDial,
  type Resolve,
  type TrustQuestion,
  toPem,
} from '@postern/trust';
import { textOf } from '../../../test/house/repository.ts';
import { GATHER_MS, RELEASED_AT } from '../src/explain.ts';
import { localRoots } from '../src/local-roots.ts';
import type { SystemRoot } from '../src/system-roots.ts';
import {
  alwaysRefuses,
  connect,
  endpointAt,
  neverAnswers,
  nobody,
  SERVER_NAME,
  type Stage,
  stage,
} from './gate-stage.ts';

/** An address of the public internet that no test dials: example.com's of many years. */
const PUBLIC = '93.184.216.34';
const CA_NAME = 'ca.example.test';
const URL_OF_ISSUER = `http://${CA_NAME}/issuing.cer`;

/** A dial that goes to a server of the test whatever the address, and remembers where it was to go. */
function dialTo(server: { port: number }): { dial: PlainDial; dialled: string[] } {
  const dialled: string[] = [];
  const dial: PlainDial = (address, port) => {
    dialled.push(`${address}:${port}`);
    return dialTcp(server.port, '127.0.0.1');
  };
  return { dial, dialled };
}

/** The mail server is on this machine, everything else where the test says; counts the look-ups. */
function resolveTo(...answers: readonly (readonly string[])[]): {
  resolve: Resolve;
  resolved: string[];
} {
  const resolved: string[] = [];
  const resolve: Resolve = async (host) => {
    if (host === SERVER_NAME) return [{ address: '127.0.0.1', family: 4 }];
    const addresses = answers[Math.min(resolved.length, answers.length - 1)] ?? [];
    resolved.push(host);
    return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
  return { resolve, resolved };
}

/** A chain whose leaf says where its issuer is to be had, and is sent alone. */
function leftOut(url: string, label = 'left-out'): ChainPlan {
  const plan = goodPlan(label, SERVER_NAME);
  const pointing = leafExtensions({ more: [issuerUrl(url)] })(plan);
  return { ...pointing, present: ({ leaf }) => [leaf.der] };
}

interface Scene {
  parts: MadeParts;
  mail: TestServer;
  authority: TestServer;
}

async function scene(
  t: TestContext,
  respond: (parts: MadeParts) => Parameters<typeof servePlainHttp>[0],
  url = URL_OF_ISSUER,
): Promise<Scene> {
  const chain = await makeChain(leftOut(url));
  const mail = await serveChain(chain);
  const authority = await servePlainHttp(respond(chain.parts));
  t.after(() => Promise.all([mail.close(), authority.close()]));
  return { parts: chain.parts, mail, authority };
}

const issuerOf = ({ intermediates }: MadeParts): Uint8Array =>
  intermediates[0]?.der ?? new Uint8Array();

/** Resolves with the question once its evidence is there. */
function explained({ gate }: Stage): Promise<TrustQuestion> {
  return new Promise((resolve) => {
    gate.subscribe((event) => {
      if (event.type === 'question-explained') resolve(event.question);
    });
  });
}

function causesInQuestion({ diagnosis, evidence }: TrustQuestion): readonly Cause[] {
  return diagnosis === null ? [] : causesOf(diagnosis, evidence);
}

describe('an issuer that the server leaves out', () => {
  for (const [form, encode] of [
    ['DER', (der: Uint8Array) => der],
    ['PEM', (der: Uint8Array) => toPem(der)],
  ] as const) {
    test(`is fetched as ${form} while the question is open, and named with the file to add`, async (t) => {
      const { parts, mail, authority } = await scene(t, (made) =>
        answersWith(encode(issuerOf(made))),
      );
      const { dial, dialled } = dialTo(authority);
      const { resolve, resolved } = resolveTo([PUBLIC]);
      const asker = neverAnswers();
      const on = stage({ ask: asker, roots: [parts.root.der], plainDial: dial, resolve });
      const isExplained = explained(on);
      connect(on.gate, mail.port).catch(() => {});
      const question = await isExplained;
      const issuer = issuerOf(parts);
      assert.deepEqual(causesInQuestion(question), [
        {
          kind: 'missing-intermediate',
          certainty: 'proof',
          issuer: 'O=Postern Test, CN=Intermediate',
          url: URL_OF_ISSUER,
          pem: toPem(issuer),
          sha256: fingerprint(issuer),
        },
      ]);
      assert.deepEqual(resolved, [CA_NAME]);
      // The portal is looked for at the server itself, the issuer where its name leads.
      assert.deepEqual([...dialled].sort(), ['127.0.0.1:80', `${PUBLIC}:80`]);
      // It explains: what may be chosen, what stands and what the server got are as before.
      assert.deepEqual(question.choices, asker.questions[0]?.choices);
      assert.equal(on.gate.status(endpointAt(mail.port)).state, 'waiting');
      assert.equal(
        (await on.gate.look({ host: SERVER_NAME, port: mail.port })).verdict.kind,
        'ask',
      );
      assert.equal(mail.counters.applicationBytes, 0);
      await on.gate.close();
    });
  }

  test('is asked for without a name of the person, a cookie or a credential', async (t) => {
    const { parts, mail, authority } = await scene(t, (made) => answersWith(issuerOf(made)));
    const on = stage({
      ask: nobody,
      roots: [parts.root.der],
      plainDial: dialTo(authority).dial,
      ...resolveTo([PUBLIC]),
    });
    await on.gate.explain(await on.gate.look({ host: SERVER_NAME, port: mail.port }));
    assert.equal(
      authority.received().toString(),
      `GET /issuing.cer HTTP/1.1\r\nHost: ${CA_NAME}\r\nAccept: */*\r\nConnection: close\r\n\r\n`,
    );
    await on.gate.close();
  });

  test('is fetched for a check, which asks the server itself for nothing', async (t) => {
    const { parts, mail, authority } = await scene(t, (made) => answersWith(issuerOf(made)));
    const { dial, dialled } = dialTo(authority);
    const on = stage({
      ask: nobody,
      roots: [parts.root.der],
      plainDial: dial,
      ...resolveTo([PUBLIC]),
    });
    const look = await on.gate.look({ host: SERVER_NAME, port: mail.port });
    const evidence = await on.gate.explain(look);
    assert.deepEqual(
      causesOf(look.diagnosis, evidence).map(({ kind, certainty }) => `${kind} ${certainty}`),
      ['missing-intermediate proof'],
    );
    assert.deepEqual(dialled, [`${PUBLIC}:80`]);
    await on.gate.close();
  });

  test('is not fetched for a server that verifies, nor before there is a question', async (t) => {
    const plan = leafExtensions({ more: [issuerUrl(URL_OF_ISSUER)] })(
      goodPlan('whole', SERVER_NAME),
    );
    const chain = await makeChain(plan);
    const mail = await serveChain(chain);
    t.after(() => mail.close());
    const { dial, dialled } = dialTo(mail);
    const { resolve, resolved } = resolveTo([PUBLIC]);
    const on = stage({ ask: nobody, roots: [chain.parts.root.der], plainDial: dial, resolve });
    const look = await on.gate.look({ host: SERVER_NAME, port: mail.port });
    await on.gate.explain(look);
    (await connect(on.gate, mail.port)).destroy();
    assert.deepEqual([dialled, resolved], [[], []]);
    await on.gate.close();
  });

  test('is let go of when the question is answered', async (t) => {
    const { parts, mail, authority } = await scene(t, () => stallsInAnswer);
    const on = stage({
      ask: nobody,
      roots: [parts.root.der],
      plainDial: dialTo(authority).dial,
      ...resolveTo([PUBLIC]),
    });
    connect(on.gate, mail.port).catch(() => {});
    await authority.connected(2);
    const [question] = on.gate.questions();
    on.gate.answer(question?.id ?? '', { kind: 'workOffline' });
    // No time has passed: only the answer can have ended them.
    await authority.quiet();
    assert.equal(
      on.events.some(({ type }) => type === 'question-explained'),
      false,
    );
    await on.gate.close();
  });

  test('is let go of when another certificate takes the place of the question', async (t) => {
    const first = await makeChain(leftOut(URL_OF_ISSUER));
    const second = await makeChain(goodPlan('replacing', SERVER_NAME));
    const mail = await serveChanging([first, second]);
    const authority = await servePlainHttp(stallsInAnswer);
    t.after(() => Promise.all([mail.close(), authority.close()]));
    const { dial } = dialTo(authority);
    const roots = [first.parts.root.der];
    const on = stage({ ask: nobody, roots, plainDial: dial, ...resolveTo([PUBLIC]) });
    const isExplained = explained(on);
    connect(on.gate, mail.port).catch(() => {});
    await authority.connected(2);
    mail.swap();
    connect(on.gate, mail.port).catch(() => {});
    const question = await isExplained;
    assert.equal(question.leafSha256, fingerprint(second.parts.leaf.der));
    assert.deepEqual(question.evidence.fetchedIssuers, []);
    assert.deepEqual(on.gate.questions(), [question]);
    await authority.quiet();
    await on.gate.close();
  });

  test('is fetched over three hops at most', async (t) => {
    const name = (nth: number): string => `http://${CA_NAME}/${nth}`;
    const plan = leftOut(name(0), 'hops');
    const intermediates = Array.from({ length: 6 }, (_, nth) => {
      const made = authorityPlan('hops', `Hop ${6 - nth}`, `4b0${nth}`);
      return { ...made, extensions: { ...made.extensions, more: [issuerUrl(name(6 - nth))] } };
    });
    const chain = await makeChain({ ...plan, intermediates });
    const mail = await serveChain(chain);
    const byPath = [...chain.parts.intermediates].reverse();
    const authority = await servePlainHttp((request, response) => {
      response.end(byPath[Number(request.url?.slice(1))]?.der ?? '');
    });
    t.after(() => Promise.all([mail.close(), authority.close()]));
    const { dial, dialled } = dialTo(authority);
    const on = stage({
      ask: nobody,
      roots: [chain.parts.root.der],
      plainDial: dial,
      ...resolveTo([PUBLIC]),
    });
    const look = await on.gate.look({ host: SERVER_NAME, port: mail.port });
    const { fetchedIssuers } = await on.gate.explain(look);
    assert.equal(dialled.length, 3);
    assert.deepEqual(
      fetchedIssuers.map(({ url, completes }) => [url, completes]),
      [
        [name(0), false],
        [name(1), false],
        [name(2), false],
      ],
    );
    await on.gate.close();
  });
});

describe('where an issuer is not fetched from', () => {
  const unsaid: readonly { name: string; url: string; addresses?: readonly string[] }[] = [
    { name: 'another port', url: `http://${CA_NAME}:8080/issuing.cer` },
    { name: 'HTTPS', url: `https://${CA_NAME}/issuing.cer` },
    { name: 'HTTPS at the plain port', url: `https://${CA_NAME}:80/issuing.cer` },
    { name: 'FTP', url: `ftp://${CA_NAME}/issuing.cer` },
    { name: 'a file', url: 'file:///etc/passwd' },
    { name: 'LDAP', url: `ldap://${CA_NAME}/cn=ca?cACertificate` },
    { name: 'an address with a user', url: `http://anna@${CA_NAME}/issuing.cer` },
    { name: 'an address with a password', url: `http://anna:secret@${CA_NAME}/issuing.cer` },
    { name: 'an address with a password alone', url: `http://:secret@${CA_NAME}/issuing.cer` },
    { name: 'this machine by address', url: 'http://127.0.0.1/issuing.cer' },
    { name: 'this machine by a number', url: 'http://2130706433/issuing.cer' },
    { name: 'this machine by hexadecimal digits', url: 'http://0x7f.1/issuing.cer' },
    { name: 'this machine in IPv6', url: 'http://[::1]/issuing.cer' },
    {
      name: 'this network in an IPv6 that carries IPv4',
      url: 'http://[::ffff:10.0.0.1]/issuing.cer',
    },
    { name: 'a cloud that tells secrets', url: 'http://169.254.169.254/latest/meta-data' },
    { name: 'a name of this machine', url: URL_OF_ISSUER, addresses: ['127.0.0.1'] },
    { name: 'a name of this network', url: URL_OF_ISSUER, addresses: ['192.168.1.1'] },
    { name: 'a name of this network in IPv6', url: URL_OF_ISSUER, addresses: ['fd00::1'] },
    {
      name: 'a name with a public address and a private one',
      url: URL_OF_ISSUER,
      addresses: [PUBLIC, '10.0.0.1'],
    },
    { name: 'a name without an address', url: URL_OF_ISSUER, addresses: [] },
    {
      name: 'an address that was too long to be kept',
      url: `http://${CA_NAME}/${'x'.repeat(3000)}`,
    },
    { name: 'an address with a backslash', url: `http://${CA_NAME}\\@127.0.0.1/issuing.cer` },
    { name: 'an address with a line break', url: `http://${CA_NAME}/a\r\nCookie: b` },
  ];
  for (const { name, url, addresses = [PUBLIC] } of unsaid) {
    test(`${name}: nothing is dialled`, async (t) => {
      const { parts, mail, authority } = await scene(t, (made) => answersWith(issuerOf(made)), url);
      const { dial, dialled } = dialTo(authority);
      const { resolve } = resolveTo(addresses);
      const on = stage({ ask: nobody, roots: [parts.root.der], plainDial: dial, resolve });
      const look = await on.gate.look({ host: SERVER_NAME, port: mail.port });
      assert.deepEqual((await on.gate.explain(look)).fetchedIssuers, []);
      assert.deepEqual(dialled, []);
      await on.gate.close();
    });
  }

  test('a name whose second look-up is private: it is looked up once and that address dialled', async (t) => {
    const { parts, mail, authority } = await scene(t, (made) => answersWith(issuerOf(made)));
    const { dial, dialled } = dialTo(authority);
    const { resolve, resolved } = resolveTo([PUBLIC], ['127.0.0.1']);
    const on = stage({ ask: nobody, roots: [parts.root.der], plainDial: dial, resolve });
    const look = await on.gate.look({ host: SERVER_NAME, port: mail.port });
    assert.equal((await on.gate.explain(look)).fetchedIssuers.length, 1);
    assert.deepEqual([resolved, dialled], [[CA_NAME], [`${PUBLIC}:80`]]);
    await on.gate.close();
  });

  test('the plain port written out is the plain port', async (t) => {
    const url = `http://${CA_NAME}:80/issuing.cer`;
    const { parts, mail, authority } = await scene(t, (made) => answersWith(issuerOf(made)), url);
    const { dial, dialled } = dialTo(authority);
    const on = stage({
      ask: nobody,
      roots: [parts.root.der],
      plainDial: dial,
      ...resolveTo([PUBLIC]),
    });
    const look = await on.gate.look({ host: SERVER_NAME, port: mail.port });
    assert.equal((await on.gate.explain(look)).fetchedIssuers.length, 1);
    assert.deepEqual(dialled, [`${PUBLIC}:80`]);
    await on.gate.close();
  });
});

describe('a hostile certification authority', () => {
  const answers: readonly {
    name: string;
    respond: (made: MadeParts) => Parameters<typeof servePlainHttp>[0];
  }[] = [
    { name: 'redirects', respond: () => redirectsTo(`http://${CA_NAME}/elsewhere`) },
    { name: 'redirects to this machine', respond: () => redirectsTo('http://127.0.0.1/') },
    { name: 'answers garbage', respond: () => answersGarbage },
    { name: 'answers nothing', respond: () => answersWith('') },
    {
      name: 'answers a PEM that is none',
      respond: () => answersWith('-----BEGIN CERTIFICATE-----'),
    },
    { name: 'answers the root instead', respond: (made) => answersWith(made.root.der) },
    { name: 'answers the leaf itself', respond: (made) => answersWith(made.leaf.der) },
    {
      name: 'answers the issuer with a byte too much',
      respond: (made) => answersWith(Buffer.concat([issuerOf(made), Buffer.alloc(65_536)])),
    },
    {
      name: 'answers 404 with the issuer',
      respond: (made) => (_request, response) => {
        response.writeHead(404);
        response.end(issuerOf(made));
      },
    },
    {
      name: 'sends the issuer half',
      respond: (made) => (_request, response) => {
        response.writeHead(200, { 'content-length': String(issuerOf(made).length) });
        response.write(issuerOf(made).subarray(0, 100), () => response.destroy());
      },
    },
  ];
  for (const { name, respond } of answers) {
    test(`${name}: it is asked once, and nothing comes of it`, async (t) => {
      const { parts, mail, authority } = await scene(t, respond);
      const { dial, dialled } = dialTo(authority);
      const on = stage({
        ask: nobody,
        roots: [parts.root.der],
        plainDial: dial,
        ...resolveTo([PUBLIC]),
      });
      const look = await on.gate.look({ host: SERVER_NAME, port: mail.port });
      const evidence = await on.gate.explain(look);
      assert.deepEqual(evidence.fetchedIssuers, []);
      assert.deepEqual(
        causesOf(look.diagnosis, evidence).map(({ kind, certainty }) => `${kind} ${certainty}`),
        ['missing-intermediate guess'],
      );
      assert.equal(dialled.length, 1);
      await authority.quiet();
      await on.gate.close();
    });
  }

  test('answers without an end: it is left after 64 KiB', async (t) => {
    const { parts, mail, authority } = await scene(t, () => answersHugely);
    const reads: Promise<number>[] = [];
    const dial: PlainDial = () => {
      const socket = dialTcp(authority.port, '127.0.0.1');
      reads.push(once(socket, 'close').then(() => socket.bytesRead));
      return socket;
    };
    const on = stage({
      ask: nobody,
      roots: [parts.root.der],
      plainDial: dial,
      ...resolveTo([PUBLIC]),
    });
    const look = await on.gate.look({ host: SERVER_NAME, port: mail.port });
    assert.deepEqual((await on.gate.explain(look)).fetchedIssuers, []);
    const [read = 0, ...more] = await Promise.all(reads);
    // A piece from the kernel's buffers may come on top.
    assert.ok(read > 0 && read < 1_000_000, `${read} bytes were read`);
    assert.deepEqual(more, []);
    await on.gate.close();
  });

  const slow: readonly { name: string; begin: (socket: Socket) => void; drip: string }[] = [
    { name: 'says nothing', begin: () => {}, drip: '' },
    { name: 'begins a header', begin: (socket) => socket.write('HTTP/1.1 200 O'), drip: 'K' },
    {
      name: 'drips a body',
      begin: (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n0'),
      drip: '0',
    },
  ];
  for (const { name, begin, drip } of slow) {
    test(`${name}: it is left after ${GATHER_MS} ms in all`, async (t) => {
      const chain = await makeChain(leftOut(URL_OF_ISSUER));
      const mail = await serveChain(chain);
      const sockets: Socket[] = [];
      const closed: Promise<unknown>[] = [];
      const authority = createServer((socket) => {
        sockets.push(socket);
        closed.push(new Promise((resolve) => socket.once('close', resolve)));
        socket.on('error', () => {});
        socket.on('data', () => begin(socket));
      }).listen(0, '127.0.0.1');
      t.after(() => Promise.all([mail.close(), authority.close()]));
      await new Promise((resolve) => authority.once('listening', resolve));
      const address = authority.address();
      const port = address !== null && typeof address !== 'string' ? address.port : 0;
      const { dial } = dialTo({ port });
      const on = stage({
        ask: nobody,
        roots: [chain.parts.root.der],
        plainDial: dial,
        ...resolveTo([PUBLIC]),
      });
      const look = await on.gate.look({ host: SERVER_NAME, port: mail.port });
      const asked = new Promise((resolve) => authority.once('connection', resolve));
      const explaining = on.gate.explain(look);
      await asked;
      await on.clock.advance(GATHER_MS - 1);
      let isOver = false;
      void explaining.then(() => {
        isOver = true;
      });
      for (let turn = 0; turn < 3; turn++) {
        for (const socket of sockets) socket.write(drip);
        await on.clock.advance(0);
      }
      assert.equal(isOver, false);
      await on.clock.advance(1);
      assert.deepEqual((await explaining).fetchedIssuers, []);
      await Promise.all(closed);
      await on.gate.close();
    });
  }

  test(`has a name that nobody answers for: it is left after ${GATHER_MS} ms`, async (t) => {
    const { parts, mail, authority } = await scene(t, () => stallsInAnswer);
    const { dial, dialled } = dialTo(authority);
    const asked = Promise.withResolvers<void>();
    const resolve: Resolve = async (host) => {
      if (host === SERVER_NAME) return [{ address: '127.0.0.1', family: 4 }];
      asked.resolve();
      return new Promise(() => {});
    };
    const on = stage({ ask: nobody, roots: [parts.root.der], plainDial: dial, resolve });
    const look = await on.gate.look({ host: SERVER_NAME, port: mail.port });
    const explaining = on.gate.explain(look);
    await asked.promise;
    await on.clock.advance(GATHER_MS);
    assert.deepEqual((await explaining).fetchedIssuers, []);
    assert.deepEqual(dialled, []);
    await on.gate.close();
  });

  test('answers a flood of headers: it is left', async (t) => {
    const { parts, mail, authority } = await scene(t, () => (_request, response) => {
      response.writeHead(200, { 'x-flood': 'x'.repeat(100_000) });
      response.end();
    });
    const on = stage({
      ask: nobody,
      roots: [parts.root.der],
      plainDial: dialTo(authority).dial,
      ...resolveTo([PUBLIC]),
    });
    const look = await on.gate.look({ host: SERVER_NAME, port: mail.port });
    assert.deepEqual((await on.gate.explain(look)).fetchedIssuers, []);
    await authority.quiet();
    await on.gate.close();
  });
});

describe('a sign-in page', () => {
  const broken = async (t: TestContext): Promise<TestServer> => {
    const mail = await serveCase(caseById('name::mismatch'));
    t.after(() => mail.close());
    return mail;
  };
  const answers: readonly {
    name: string;
    respond: Parameters<typeof servePlainHttp>[0];
    expected: readonly string[];
  }[] = [
    { name: 'is proven by status 511', respond: wantsSignIn, expected: ['sign-in-page proof'] },
    {
      name: 'is suspected where the way leads elsewhere',
      respond: redirectsTo('http://login.hotel.test/'),
      expected: ['sign-in-page guess'],
    },
    {
      name: 'is not suspected of a server that switches to HTTPS',
      respond: switchesToHttps,
      expected: [],
    },
    {
      name: 'is not suspected of a server that answers',
      respond: answersWith('hello'),
      expected: [],
    },
  ];
  for (const { name, respond, expected } of answers) {
    test(`${name}, asked at the own server once and without credentials`, async (t) => {
      const chain = await caseById('name::mismatch').make();
      const mail = await broken(t);
      const page = await servePlainHttp(respond);
      t.after(() => page.close());
      const { dial, dialled } = dialTo(page);
      const { resolve, resolved } = resolveTo([PUBLIC]);
      const on = stage({ ask: nobody, roots: chain.anchors, plainDial: dial, resolve });
      const isExplained = explained(on);
      connect(on.gate, mail.port).catch(() => {});
      const question = await isExplained;
      assert.deepEqual(
        causesInQuestion(question)
          .filter(({ kind }) => kind === 'sign-in-page')
          .map(({ kind, certainty }) => `${kind} ${certainty}`),
        expected,
      );
      // Redirects are not followed, and nobody but the server is asked.
      assert.deepEqual([dialled, resolved], [['127.0.0.1:80'], []]);
      assert.equal(
        page.received().toString(),
        `GET / HTTP/1.1\r\nHost: ${SERVER_NAME}\r\nAccept: */*\r\nConnection: close\r\n\r\n`,
      );
      await page.quiet();
      await on.gate.close();
    });
  }

  test('is looked for once, however many connections wait', async (t) => {
    const chain = await caseById('name::mismatch').make();
    const mail = await broken(t);
    const page = await servePlainHttp(wantsSignIn);
    t.after(() => page.close());
    const { dial, dialled } = dialTo(page);
    const on = stage({ ask: neverAnswers(), roots: chain.anchors, plainDial: dial });
    const isExplained = explained(on);
    for (const purpose of ['mail', 'folders', 'gal']) {
      connect(on.gate, mail.port, 'background', purpose).catch(() => {});
    }
    await isExplained;
    await on.clock.advance(0);
    assert.equal(dialled.length, 1);
    assert.equal(on.events.filter(({ type }) => type === 'question-explained').length, 1);
    await on.gate.close();
  });

  test('is not looked for where plain HTTP itself is the question', async (t) => {
    const page = await servePlainHttp(wantsSignIn);
    t.after(() => page.close());
    const { dial, dialled } = dialTo(page);
    const on = stage({ ask: alwaysRefuses, plainDial: dial });
    await assert.rejects(
      on.gate.danger.connectPlainHttp({
        host: SERVER_NAME,
        port: page.port,
        purpose: 'mail',
        initiatedBy: 'person',
      }),
      { code: 'ERR_TRUST_REFUSED' },
    );
    assert.deepEqual([dialled, page.counters.connections], [[], 0]);
    await on.gate.close();
  });
});

describe('software that inspects', () => {
  /** Anchors of which the store holds one more root than Mozilla knows. */
  async function withStore(anchored: readonly Uint8Array[], inStore: Uint8Array): Promise<Anchors> {
    const fixed = fixedAnchors(anchored);
    const set: AnchorSet = await fixed.current();
    return { ...fixed, current: async () => set, inSystemStore: async () => [systemRoot(inStore)] };
  }

  test('is named by the root in the store under which the connection is answered', async (t) => {
    const inspecting = await makeChain(goodPlan('inspecting', 'proxy.example.test'));
    const mail = await serveChain(inspecting);
    t.after(() => mail.close());
    const root = inspecting.parts.root.der;
    const on = stage({ ask: nobody, anchors: await withStore([root], root) });
    const look = await on.gate.look({ host: SERVER_NAME, port: mail.port });
    assert.deepEqual(causesOf(look.diagnosis, await on.gate.explain(look)), [
      {
        kind: 'inspection',
        certainty: 'guess',
        root: 'O=Postern Test, CN=Root',
        sha256: fingerprint(root),
      },
    ]);
    await on.gate.close();
  });

  test('is not named by another root of the same name in the store', async (t) => {
    const presented = await makeChain(goodPlan('presented', 'proxy.example.test'));
    const genuine = await makeChain(goodPlan('genuine', 'proxy.example.test'));
    const mail = await serveChain(presented);
    t.after(() => mail.close());
    const anchors = await withStore([presented.parts.root.der], genuine.parts.root.der);
    const on = stage({ ask: nobody, anchors });
    const look = await on.gate.look({ host: SERVER_NAME, port: mail.port });
    assert.deepEqual(causesOf(look.diagnosis, await on.gate.explain(look)), []);
    await on.gate.close();
  });
});

describe('the roots of this computer', () => {
  test('beyond those of Mozilla are found by their key', async () => {
    const { parts } = await makeChain(goodPlan('local', SERVER_NAME));
    const { rootCertificates } = await import('node:tls');
    const { parsePem } = await import('@postern/trust');
    const mozilla = rootCertificates.slice(0, 3).flatMap((pem) => parsePem(pem, 'test'));
    const found = await localRoots([...mozilla, parts.root.der].map(systemRoot));
    assert.deepEqual(
      found.map(({ sha256 }) => sha256),
      [fingerprint(parts.root.der)],
    );
  });
});

describe('old protocols', () => {
  test('are what a server is found to be restricted to', async (t) => {
    const one = caseById('protocol::tls-1.0');
    const chain = await one.make();
    const mail = await serveCase(one);
    t.after(() => mail.close());
    const on = stage({ ask: nobody, roots: chain.anchors });
    const look = await on.gate.look({ host: SERVER_NAME, port: mail.port, evenIfTooWeak: true });
    assert.deepEqual(causesOf(look.diagnosis, await on.gate.explain(look)), [
      { kind: 'old-protocols-only', certainty: 'proof', protocol: 'TLSv1', minimum: 'TLSv1.2' },
    ]);
    await on.gate.close();
  });
});

describe('the clock', () => {
  test('has the release of this program and the memory of this installation against it', async (t) => {
    const chain = await makeChain(goodPlan('clock', SERVER_NAME));
    const mail = await serveChain(chain);
    t.after(() => mail.close());
    const on = stage({ ask: nobody, roots: [chain.parts.root.der] });
    (await connect(on.gate, mail.port)).destroy();
    await on.clock.advance(0);
    // A year before the certificate begins.
    on.clock.setWallClock(new Date('2025-01-01T00:00:00Z'));
    const look = await on.gate.look({ host: SERVER_NAME, port: mail.port });
    const causes = causesOf(look.diagnosis, await on.gate.explain(look));
    assert.deepEqual(causes, [
      {
        kind: 'clock',
        certainty: 'proof',
        now: '2025-01-01T00:00:00.000Z',
        atLeast: RELEASED_AT,
        source: 'release',
      },
    ]);
    await on.gate.close();
  });

  test('is held against the day of the newest release in the changelog', () => {
    const [, day] =
      /^## \d+\.\d+\.\d+ \((\d{4}-\d{2}-\d{2})\)$/m.exec(textOf('CHANGELOG.md')) ?? [];
    assert.equal(RELEASED_AT, `${day}T00:00:00.000Z`);
  });
});

function systemRoot(der: Uint8Array): SystemRoot {
  return { der, sha256: fingerprint(der), source: 'test' };
}

/** STARTTLS over real sockets: every protocol, every way a server can do it wrong, and not a byte too many. */

import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { describe, test } from 'node:test';
import {
  caseById,
  goodPlan,
  LDAP_LONG_LENGTHS,
  makeChain,
  type PlainFault,
  SERVER_NAME,
  serveStartTls,
  type TestServer,
} from '@postern/badcerts';
import {
  createGate,
  createMemoryOverrides,
  fixedAnchors,
  fixedPolicy,
  type Gate,
  type Look,
  STARTTLS_PROTOCOLS,
  type StartTlsProtocol,
  type TransportError,
} from '@postern/trust';
import { createManualClock, type ManualClock } from '../../../test/manual-clock.ts';
import { negotiateStartTls } from '../src/starttls.ts';

const one = caseById('chain::good');
const made = await makeChain(goodPlan('starttls', SERVER_NAME));

function gateFor(clock: ManualClock = createManualClock(one.at)): Gate {
  return createGate({
    anchors: fixedAnchors(made.anchors),
    overrides: createMemoryOverrides(),
    policy: fixedPolicy(),
    clock,
    ask: { ask: async () => null },
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
  });
}

function lookAt(
  server: TestServer,
  startTls: StartTlsProtocol,
  about: { evenIfTooWeak?: boolean; signal?: AbortSignal; gate?: Gate } = {},
): Promise<Look> {
  const { gate = gateFor(), ...rest } = about;
  return gate.look({ host: SERVER_NAME, port: server.port, startTls, ...rest });
}

/** What each client may say before TLS, and nothing else. */
const SAID: Readonly<Record<StartTlsProtocol, RegExp>> = {
  smtp: /^EHLO \[127\.0\.0\.1\]\r\nSTARTTLS\r\n$/,
  lmtp: /^LHLO \[127\.0\.0\.1\]\r\nSTARTTLS\r\n$/,
  imap: /^p1 CAPABILITY\r\np2 STARTTLS\r\n$/,
  pop3: /^CAPA\r\nSTLS\r\n$/,
  ldap: /^[\s\S]{9}1\.3\.6\.1\.4\.1\.1466\.20037$/,
  xmpp: /^<\?xml version='1\.0'\?><stream:stream to='mail\.example\.test' xmlns='jabber:client'[^>]*><starttls [^>]*\/>$/,
  'xmpp-server':
    /^<\?xml version='1\.0'\?><stream:stream to='mail\.example\.test' xmlns='jabber:server'[^>]*><starttls [^>]*\/>$/,
};

describe('a server that begins in plain text', () => {
  for (const protocol of STARTTLS_PROTOCOLS) {
    test(`${protocol}: is looked at, and told nothing but to begin TLS`, async (t) => {
      const server = await serveStartTls(protocol, made);
      t.after(() => server.close());
      const { verdict, diagnosis } = await lookAt(server, protocol);
      assert.equal(verdict.kind, 'secure');
      assert.equal(diagnosis.protocol, 'TLSv1.3');
      await server.quiet();
      assert.equal(server.counters.connections, 1);
      assert.equal(
        server.counters.handshakes,
        1,
        'a server sees a whole handshake, and logs none as broken',
      );
      assert.match(server.received().toString('latin1'), SAID[protocol]);
    });
  }

  test('lengths as Active Directory writes them are BER and understood', async (t) => {
    const server = await serveStartTls('ldap', made, { goAhead: LDAP_LONG_LENGTHS });
    t.after(() => server.close());
    assert.equal((await lookAt(server, 'ldap')).verdict.kind, 'secure');
  });

  test('one that speaks only TLS 1.0 after it is looked at too', async (t) => {
    const server = await serveStartTls('smtp', made, { maxVersion: 'TLSv1' });
    t.after(() => server.close());
    const { diagnosis, verdict } = await lookAt(server, 'smtp', { evenIfTooWeak: true });
    assert.deepEqual(diagnosis.problems, [
      { kind: 'old-protocol', position: null, protocol: 'TLSv1', minimum: 'TLSv1.2' },
    ]);
    assert.equal(verdict.kind, 'ask');
    assert.equal(server.counters.connections, 2);
  });

  test('one with which no handshake succeeds after it is left without a socket', async (t) => {
    const server = await serveStartTls('smtp', made, { maxVersion: 'TLSv1' });
    t.after(() => server.close());
    await assert.rejects(lookAt(server, 'smtp'), {
      code: 'ERR_HANDSHAKE_FAILED',
      message: /ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION/,
    });
    await server.quiet();
    assert.equal(server.counters.connections, 1);
  });
});

const FAULTS: readonly {
  fault: PlainFault;
  message: (where: string, p: StartTlsProtocol) => RegExp;
}[] = [
  {
    fault: 'refuses',
    message: (where) =>
      new RegExp(`^"${where}" answered ".+" to (STARTTLS|STLS|starttls|the StartTLS request)$`),
  },
  {
    fault: 'not-offered',
    message: (where, protocol) =>
      protocol === 'ldap'
        ? new RegExp(`^"${where}" answered "result code 52" to the StartTLS request$`)
        : new RegExp(`^"${where}" does not offer TLS for ${protocol.toUpperCase()}$`),
  },
  {
    fault: 'injects',
    message: (where) => new RegExp(`^"${where}" sent 12 bytes between its go-ahead and TLS$`),
  },
  { fault: 'hangs-up', message: (where) => new RegExp(`^"${where}" hung up before TLS$`) },
  {
    fault: 'endless',
    message: (where) =>
      new RegExp(`^"${where}" (said more than 65536 bytes before TLS|answered ".+" to .+)$`),
  },
  { fault: 'garbage', message: (where) => new RegExp(`^"${where}" answered ".*" to .+$`) },
];

describe('a server that does it wrong is a TransportError', () => {
  for (const protocol of STARTTLS_PROTOCOLS) {
    for (const { fault, message } of FAULTS) {
      test(`${protocol}: ${fault}`, async (t) => {
        const server = await serveStartTls(protocol, made, { fault });
        t.after(() => server.close());
        await assert.rejects(
          lookAt(server, protocol, { evenIfTooWeak: true }),
          (error: TransportError) => {
            assert.equal(error.code, 'ERR_HANDSHAKE_FAILED', error.message);
            assert.equal(error.phase, 'handshake');
            assert.match(error.message, message(`mail\\.example\\.test:${server.port}`, protocol));
            assert.doesNotMatch(error.message, /[\u0000-\u001f\u0080-\u009f]/);
            return true;
          },
        );
        assert.equal(server.counters.connections, 1);
      });
    }
  }

  test('one that says nothing is given up after 30 seconds', async (t) => {
    const server = await serveStartTls('imap', made, { fault: 'silent' });
    t.after(() => server.close());
    const clock = createManualClock(one.at);
    const looking = assert.rejects(lookAt(server, 'imap', { gate: gateFor(clock) }), {
      code: 'ERR_CONNECT_TIMEOUT',
      message: 'no STARTTLS within 30000 ms',
    });
    await server.connected(1);
    await clock.advance(30_000);
    await looking;
    await server.quiet();
  });

  test('one that says nothing is given up at once when nobody wants to know any more', async (t) => {
    const server = await serveStartTls('imap', made, { fault: 'silent' });
    t.after(() => server.close());
    const controller = new AbortController();
    const reason = new Error('enough');
    const looking = assert.rejects(lookAt(server, 'imap', { signal: controller.signal }), reason);
    await server.connected(1);
    controller.abort(reason);
    await looking;
    await server.quiet();
  });
});

describe('the words before TLS', () => {
  const answers: { name: string; protocol: StartTlsProtocol; says: string[]; fails?: RegExp }[] = [
    {
      name: 'an IMAP server that counts one as logged in is refused',
      protocol: 'imap',
      says: ['* PREAUTH welcome\r\n'],
      fails: /^"h:1" answered "\* PREAUTH welcome" to the connection$/,
    },
    {
      name: 'a POP3 server that knows no CAPA is asked all the same',
      protocol: 'pop3',
      says: ['+OK\r\n', '-ERR what\r\n', '+OK\r\n'],
    },
    {
      name: 'an answer may come byte by byte',
      protocol: 'smtp',
      says: [...'220 a\r\n', ...'250-a\r\n', ...'250 starttls\r\n', ...'220 b\r\n'],
    },
    {
      name: 'STARTTLS within another word is not offered',
      protocol: 'smtp',
      says: ['220 a\r\n', '250 XSTARTTLS\r\n'],
      fails: /^"h:1" does not offer TLS for SMTP$/,
    },
    {
      name: 'escape sequences in an answer are not printed',
      protocol: 'smtp',
      says: ['554 \u001b[2J\u009b no\r\n'],
      fails: /^"h:1" answered "554 \\u\{1b\}\[2J\\u\{9b\} no" to the connection$/,
    },
    {
      name: 'an LDAP message of another kind is no answer',
      protocol: 'ldap',
      says: ['\x30\x07\x02\x01\x01\x61\x02\x0a\x00'],
      fails: /^"h:1" answered "300702010161020a00" to the StartTLS request$/,
    },
    {
      name: 'an LDAP length of two gigabytes is waited for no longer than the server talks',
      protocol: 'ldap',
      says: ['\x30\x84\x7f\xff\xff\xff'],
      fails: /^"h:1" hung up before TLS$/,
    },
  ];
  for (const { name, protocol, says, fails } of answers) {
    test(name, async () => {
      const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
      const talking = negotiateStartTls(stream, {
        protocol,
        serverName: 'h',
        where: 'h:1',
        clock: createManualClock(one.at),
        signal: new AbortController().signal,
        timeoutMs: 1,
      });
      const outcome = fails === undefined ? talking : assert.rejects(talking, { message: fails });
      for (const words of says) {
        stream.push(Buffer.from(words, 'latin1'));
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (fails !== undefined) stream.push(null);
      await outcome;
      assert.equal(stream.destroyed, fails !== undefined);
      stream.destroy();
    });
  }
});

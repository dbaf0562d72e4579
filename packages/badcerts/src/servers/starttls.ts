/** Servers that begin in plain text and go on in TLS, rightly or wrongly. */

import { createServer, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { StartTlsProtocol } from '@postern/trust';
import { type Presented, pem } from './https.ts';
import { type Ledger, listen, newLedger, type TestServer } from './listening.ts';

/** What the server does wrong, if anything, before TLS. */
export type PlainFault =
  | 'endless'
  | 'garbage'
  | 'hangs-up'
  | 'injects'
  | 'none'
  | 'not-offered'
  | 'refuses'
  | 'silent';

/** One exchange: what the client must have said, and the answer. Null ends the plain part. */
interface Turn {
  /** Matched against everything that is not answered yet. */
  said: RegExp;
  answer(fault: PlainFault, said: string): string | Buffer;
  isLast?: true;
}

interface Script {
  greeting: string;
  turns: readonly Turn[];
}

const LDAP_OK = Buffer.from('300c02010178070a010004000400', 'hex');
/** As Active Directory writes it: every length in four octets, which BER allows and DER does not. */
const LDAP_OK_LONG = Buffer.from(
  '308400000010020101788400000007' + '0a0100' + '0400' + '0400',
  'hex',
);
const LDAP_UNAVAILABLE = Buffer.from('300c02010178070a013404000400', 'hex');

function mailTransfer(hello: string): Script {
  return {
    greeting: '220-mail.example.test welcomes\r\n220 you\r\n',
    turns: [
      {
        said: new RegExp(`^${hello} \\S+\\r\\n$`),
        answer: (fault) =>
          `250-mail.example.test\r\n250-SIZE 1000\r\n${
            fault === 'not-offered' ? '' : '250-STARTTLS\r\n'
          }250 HELP\r\n`,
      },
      {
        said: /^STARTTLS\r\n$/,
        answer: (fault) => (fault === 'refuses' ? '454 TLS not available\r\n' : '220 go ahead\r\n'),
        isLast: true,
      },
    ],
  };
}

function xmpp(namespace: string): Script {
  return {
    greeting: '',
    turns: [
      {
        said: new RegExp(`<stream:stream[^>]* xmlns='${namespace}'[^>]*>$`),
        answer: (fault) =>
          `<?xml version='1.0'?><stream:stream id='1' xmlns='${namespace}' ` +
          "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'><stream:features>" +
          (fault === 'not-offered'
            ? ''
            : "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>") +
          '</stream:features>',
      },
      {
        said: /^<starttls xmlns=['"]urn:ietf:params:xml:ns:xmpp-tls['"]\/>$/,
        answer: (fault) =>
          fault === 'refuses'
            ? "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>"
            : "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
        isLast: true,
      },
    ],
  };
}

const SCRIPTS: Readonly<Record<StartTlsProtocol, Script>> = {
  smtp: mailTransfer('EHLO'),
  lmtp: mailTransfer('LHLO'),
  imap: {
    greeting: '* OK ready\r\n',
    turns: [
      {
        said: /^\S+ CAPABILITY\r\n$/,
        answer: (fault, said) =>
          `* CAPABILITY IMAP4rev1${fault === 'not-offered' ? '' : ' STARTTLS'} LOGINDISABLED\r\n` +
          `${tagOf(said)} OK done\r\n`,
      },
      {
        said: /^\S+ STARTTLS\r\n$/,
        answer: (fault, said) =>
          `${tagOf(said)} ${fault === 'refuses' ? 'NO not now' : 'OK begin'}\r\n`,
        isLast: true,
      },
    ],
  },
  pop3: {
    greeting: '+OK ready\r\n',
    turns: [
      {
        said: /^CAPA\r\n$/,
        answer: (fault) =>
          `+OK\r\nUIDL\r\n${fault === 'not-offered' ? '' : 'STLS\r\n'}USER\r\n.\r\n`,
      },
      {
        said: /^STLS\r\n$/,
        answer: (fault) => (fault === 'refuses' ? '-ERR not now\r\n' : '+OK begin\r\n'),
        isLast: true,
      },
    ],
  },
  ldap: {
    greeting: '',
    turns: [
      {
        said: /^\x30[\s\S]*1\.3\.6\.1\.4\.1\.1466\.20037$/,
        answer: (fault) =>
          fault === 'refuses' || fault === 'not-offered' ? LDAP_UNAVAILABLE : LDAP_OK,
        isLast: true,
      },
    ],
  },
  xmpp: xmpp('jabber:client'),
  'xmpp-server': xmpp('jabber:server'),
};

function tagOf(said: string): string {
  return said.split(' ')[0] ?? '';
}

/** The answer of Active Directory to StartTLS, for {@link serveStartTls} to give in place of the minimal one. */
export const LDAP_LONG_LENGTHS = LDAP_OK_LONG;

/**
 * Speaks a protocol as far as TLS and presents the chain. `received()` is what the client said in
 * plain text and, if anything, under TLS. Every answer is cut in two, as networks may.
 */
export function serveStartTls(
  protocol: StartTlsProtocol,
  chain: Presented,
  about: { fault?: PlainFault; goAhead?: Buffer; maxVersion?: 'TLSv1' } = {},
): Promise<TestServer> {
  const { fault = 'none', goAhead, maxVersion } = about;
  const ledger = newLedger();
  const context = createSecureContext({
    ...(maxVersion === undefined ? {} : { maxVersion, minVersion: maxVersion }),
    ciphers: 'DEFAULT@SECLEVEL=0',
    cert: chain.presented.map(pem).join(''),
    key: chain.key.export({ type: 'pkcs8', format: 'pem' }),
  });
  const server = createServer((socket) => {
    if (fault === 'silent') return void socket.on('data', ledger.take);
    if (fault === 'hangs-up') return void socket.end();
    if (fault === 'endless') return pour(socket);
    const script = SCRIPTS[protocol];
    const turns = [...script.turns];
    let unanswered = '';
    socket.setNoDelay(true);
    socket.write(
      fault === 'garbage' ? Buffer.from('8f00ff3c0d0a1b5b324a0d0a', 'hex') : script.greeting,
    );
    const onData = (bytes: Buffer): void => {
      ledger.take(bytes);
      unanswered += bytes.toString('latin1');
      // A client may leave out a question, but not go back.
      const index = turns.findIndex(({ said }) => said.test(unanswered));
      const turn = turns[index];
      if (turn === undefined) return;
      const said = unanswered;
      unanswered = '';
      turns.splice(0, index + 1);
      const answer =
        goAhead !== undefined && turn.isLast ? goAhead : Buffer.from(turn.answer(fault, said));
      if (turn.isLast !== true) {
        sendInTwo(socket, answer);
        return;
      }
      socket.off('data', onData);
      if (fault === 'injects') {
        socket.write(Buffer.concat([answer, Buffer.from('* injected\r\n')]));
        return;
      }
      if (fault === 'refuses' || fault === 'not-offered') return void socket.end(answer);
      socket.write(answer);
      secure(socket, context, ledger);
    };
    socket.on('data', onData);
  });
  return listen(server, ledger);
}

function secure(
  socket: Socket,
  secureContext: ReturnType<typeof createSecureContext>,
  ledger: Ledger,
): void {
  const tls = new TLSSocket(socket, { isServer: true, secureContext });
  tls.on('secure', () => {
    ledger.counters.handshakes += 1;
  });
  tls.on('data', ledger.take);
  tls.on('error', () => tls.destroy());
}

function sendInTwo(socket: Socket, answer: Buffer): void {
  const half = Math.ceil(answer.length / 2);
  socket.write(answer.subarray(0, half), () => socket.write(answer.subarray(half)));
}

/** Says without end what could still become an answer. */
function pour(socket: Socket): void {
  const chunk = Buffer.from('220-still not done\r\n* still\r\n'.repeat(100));
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
    socket.once('drain', more);
  };
  more();
}

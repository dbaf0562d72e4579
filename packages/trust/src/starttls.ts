/**
 * The words before TLS where a protocol begins in plain text: SMTP, LMTP, IMAP, POP3, LDAP, XMPP.
 * Pure over a stream that somebody else opened; writes nothing but the request to begin. What comes
 * after the go-ahead and before TLS is refused: it would count as said under TLS (response injection).
 */

import type { Duplex } from 'node:stream';
import type { Clock } from './clock.ts';
import { TransportError } from './errors.ts';
import { printable } from './printable.ts';

/** The protocols that can begin in plain text and go on in TLS. */
export const STARTTLS_PROTOCOLS = [
  'smtp',
  'lmtp',
  'imap',
  'pop3',
  'ldap',
  'xmpp',
  'xmpp-server',
] as const;

/** One of {@link STARTTLS_PROTOCOLS}; `xmpp` is a client's connection, `xmpp-server` another server's. */
export type StartTlsProtocol = (typeof STARTTLS_PROTOCOLS)[number];

/** Most bytes of a whole dialogue; a verbose EHLO or a long list of XMPP features has about 2,000. */
const MAX_DIALOGUE_BYTES = 65_536;

/** Longest piece of a server's answer that a message shows, in characters. */
const MAX_ANSWER_TEXT = 120;

/** What a dialogue is held with. */
export interface StartTlsAbout {
  protocol: StartTlsProtocol;
  /** Normalised; XMPP names it to the server. */
  serverName: string;
  /** `host:port`, for messages. */
  where: string;
  clock: Clock;
  signal: AbortSignal;
  timeoutMs: number;
}

/**
 * Brings the stream to where the TLS handshake begins; then nothing has been read beyond it and
 * nothing of ours listens. Throws TransportError where the server does not offer TLS, refuses,
 * answers something else, says too much, or takes too long; then the stream is destroyed.
 */
export async function negotiateStartTls(stream: Duplex, about: StartTlsAbout): Promise<void> {
  const wire = openWire(stream, about);
  try {
    await DIALOGUES[about.protocol](wire, about);
    wire.handOver();
  } catch (error) {
    wire.giveUp();
    throw error;
  }
}

type Dialogue = (wire: Wire, about: StartTlsAbout) => Promise<void>;

const DIALOGUES: Readonly<Record<StartTlsProtocol, Dialogue>> = {
  smtp: mailTransfer('EHLO'),
  lmtp: mailTransfer('LHLO'),
  imap,
  pop3,
  ldap,
  xmpp: xmpp('jabber:client'),
  'xmpp-server': xmpp('jabber:server'),
};

/** RFC 3207, and RFC 2033 for LMTP. The address literal names nobody and is valid (RFC 5321 4.1.3). */
function mailTransfer(hello: 'EHLO' | 'LHLO'): Dialogue {
  return async (wire) => {
    await replied(wire, '220', 'the connection');
    wire.write(`${hello} [127.0.0.1]\r\n`);
    const offers = await replied(wire, '250', hello);
    if (!offers.some((line) => /^250[ -]STARTTLS\s*$/i.test(line))) throw wire.notOffered();
    wire.write('STARTTLS\r\n');
    await replied(wire, '220', 'STARTTLS');
  };
}

/** All lines of one reply (RFC 5321 4.2.1: a hyphen after the code says that more follow). */
async function replied(wire: Wire, code: string, to: string): Promise<string[]> {
  const lines: string[] = [];
  for (;;) {
    const line = await wire.line();
    lines.push(line);
    if (!/^\d{3}(?:[ -]|$)/.test(line)) throw wire.unexpected(line, to);
    if (line.charAt(3) === '-') continue;
    if (!line.startsWith(code)) throw wire.unexpected(line, to);
    return lines;
  }
}

/** RFC 3501 6.2.1 and 7.1.4. A greeting that logs one in already (PREAUTH) forbids STARTTLS. */
async function imap(wire: Wire): Promise<void> {
  const greeting = await wire.line();
  if (!/^\* OK\b/i.test(greeting)) throw wire.unexpected(greeting, 'the connection');
  wire.write('p1 CAPABILITY\r\n');
  const offers = await tagged(wire, 'p1', 'CAPABILITY');
  if (!offers.some((line) => /^\* CAPABILITY\b.* STARTTLS\b/i.test(line))) throw wire.notOffered();
  wire.write('p2 STARTTLS\r\n');
  await tagged(wire, 'p2', 'STARTTLS');
}

/** The untagged lines before the tagged OK. */
async function tagged(wire: Wire, tag: string, to: string): Promise<string[]> {
  const lines: string[] = [];
  for (;;) {
    const line = await wire.line();
    if (line.startsWith('* ')) {
      lines.push(line);
    } else if (new RegExp(`^${tag} OK\\b`, 'i').test(line)) {
      return lines;
    } else {
      throw wire.unexpected(line, to);
    }
  }
}

/** RFC 2595 4. A server without CAPA (RFC 2449) may know STLS all the same. */
async function pop3(wire: Wire): Promise<void> {
  const greeting = await wire.line();
  if (!/^\+OK\b/i.test(greeting)) throw wire.unexpected(greeting, 'the connection');
  wire.write('CAPA\r\n');
  if (/^\+OK\b/i.test(await wire.line())) {
    let isOffered = false;
    for (let line = await wire.line(); line !== '.'; line = await wire.line()) {
      isOffered ||= /^STLS\s*$/i.test(line);
    }
    if (!isOffered) throw wire.notOffered();
  }
  wire.write('STLS\r\n');
  const answer = await wire.line();
  if (!/^\+OK\b/i.test(answer)) throw wire.unexpected(answer, 'STLS');
}

/** RFC 4511 4.14: message 1, an ExtendedRequest with the name 1.3.6.1.4.1.1466.20037. */
const LDAP_STARTTLS = Buffer.concat([
  Buffer.from('301d02010177188016', 'hex'),
  Buffer.from('1.3.6.1.4.1.1466.20037', 'latin1'),
]);

/** The answer is BER (RFC 4511 5.1): Active Directory's lengths are not minimal, so not DER. */
async function ldap(wire: Wire): Promise<void> {
  wire.write(LDAP_STARTTLS);
  const message = await wire.upTo(wholeMessage);
  const body = berContent(message, 0, 0x30);
  const id = body === null ? null : berContent(message, body.start, 0x02);
  // [APPLICATION 24] ExtendedResponse, whose first field is the resultCode; 0 is success.
  const response = id === null ? null : berContent(message, id.end, 0x78);
  const result = response === null ? null : berContent(message, response.start, 0x0a);
  if (result === null || result.end - result.start !== 1) {
    throw wire.unexpected(message.subarray(0, 32).toString('hex'), 'the StartTLS request');
  }
  const code = message[result.start];
  if (code !== 0) throw wire.unexpected(`result code ${code}`, 'the StartTLS request');
}

/** The length of the LDAP message at the beginning, null while it is not all there. */
function wholeMessage(bytes: Buffer): number | null {
  if (bytes.length > 0 && bytes[0] !== 0x30) return bytes.length;
  const body = berContent(bytes, 0, 0x30);
  return body === null || body.end > bytes.length ? null : body.end;
}

/** Where the content of the element at `offset` stands; null unless it has this tag and a definite length. */
function berContent(
  bytes: Buffer,
  offset: number,
  tag: number,
): { start: number; end: number } | null {
  const first = bytes[offset + 1];
  if (bytes[offset] !== tag || first === undefined) return null;
  if (first < 0x80) return { start: offset + 2, end: offset + 2 + first };
  const count = first & 0x7f;
  const start = offset + 2 + count;
  if (count < 1 || count > 4 || start > bytes.length) return null;
  return { start, end: start + bytes.readUIntBE(offset + 2, count) };
}

/** RFC 6120 5.4. */
function xmpp(namespace: 'jabber:client' | 'jabber:server'): Dialogue {
  return async (wire, { serverName }) => {
    wire.write(
      `<?xml version='1.0'?><stream:stream to='${serverName}' xmlns='${namespace}' ` +
        "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>",
    );
    const features = await wire.until(
      /<\/(?:\w+:)?features\s*>|<(?:\w+:)?features\s*\/>/,
      'the stream',
    );
    if (!/<(?:\w+:)?starttls\b/.test(features)) throw wire.notOffered();
    wire.write("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    const answer = await wire.until(
      /<(?:\w+:)?(?:proceed|failure)\b[^>]*(?:\/>|>\s*<\/(?:\w+:)?(?:proceed|failure)\s*>)/,
      'starttls',
    );
    if (!/^\s*<(?:\w+:)?proceed\b/.test(answer)) throw wire.unexpected(answer, 'starttls');
  };
}

/** The two ends of a dialogue: what was said so far, and the words for what goes wrong. */
interface Wire {
  write(words: string | Uint8Array): void;
  /** One line without its end. */
  line(): Promise<string>;
  /** Everything up to the end of what matches. */
  until(pattern: RegExp, to: string): Promise<string>;
  /** As many bytes as `length` finds at the beginning. */
  upTo(length: (bytes: Buffer) => number | null): Promise<Buffer>;
  notOffered(): TransportError;
  unexpected(answer: string, to: string): TransportError;
  /** Leaves the stream to TLS. Throws TransportError if more was said than the go-ahead. */
  handOver(): void;
  giveUp(): void;
}

function openWire(stream: Duplex, about: StartTlsAbout): Wire {
  const { where, protocol, clock, signal, timeoutMs } = about;
  let bytes: Buffer = Buffer.alloc(0);
  let total = 0;
  let ended: unknown = null;
  let wake: () => void = () => {};

  const fault = (message: string, cause?: unknown): TransportError =>
    new TransportError('ERR_HANDSHAKE_FAILED', message, { phase: 'handshake', cause });
  const end = (error: unknown): void => {
    ended ??= error;
    wake();
  };
  const onData = (chunk: Buffer): void => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    total += chunk.length;
    if (total > MAX_DIALOGUE_BYTES) {
      end(fault(`"${where}" said more than ${MAX_DIALOGUE_BYTES} bytes before TLS`));
    }
    wake();
  };
  const onEnd = (): void => end(fault(`"${where}" hung up before TLS`));
  const onError = (cause: Error): void => end(fault(`"${where}" hung up before TLS`, cause));
  const onAbort = (): void => end(signal.reason);
  const cancelTimer = clock.setTimer(
    () =>
      end(
        new TransportError('ERR_CONNECT_TIMEOUT', `no STARTTLS within ${timeoutMs} ms`, {
          phase: 'handshake',
        }),
      ),
    timeoutMs,
  );
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  stream.on('data', onData).on('error', onError).once('end', onEnd).once('close', onEnd);

  function detach(): void {
    cancelTimer();
    signal.removeEventListener('abort', onAbort);
    stream.off('data', onData).off('end', onEnd).off('close', onEnd);
  }

  async function upTo(length: (found: Buffer) => number | null): Promise<Buffer> {
    for (;;) {
      // What was said is heard before the end is; too much, or an abort, is the end at once.
      if (ended !== null && (total > MAX_DIALOGUE_BYTES || signal.aborted)) throw ended;
      const enough = length(bytes);
      if (enough !== null) {
        const taken = bytes.subarray(0, enough);
        bytes = bytes.subarray(enough);
        return taken;
      }
      if (ended !== null) throw ended;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  const wire: Wire = {
    write: (words) => void stream.write(words),
    upTo,
    async line() {
      const taken = await upTo((found) => {
        const at = found.indexOf(0x0a);
        return at < 0 ? null : at + 1;
      });
      return taken.toString('latin1').replace(/\r?\n$/, '');
    },
    async until(pattern, to) {
      const taken = await upTo((found) => {
        const text = found.toString('latin1');
        const match = pattern.exec(text);
        if (match !== null) return match.index + match[0].length;
        // XMPP only: an end of the stream or something that is no XML will not become what is waited for.
        if (/^\s*[^<\s]|<\/(?:\w+:)?stream\s*>/.test(text)) throw wire.unexpected(text, to);
        return null;
      });
      return taken.toString('latin1');
    },
    notOffered: () => fault(`"${where}" does not offer TLS for ${protocol.toUpperCase()}`),
    unexpected: (answer, to) =>
      fault(`"${where}" answered "${printable(answer, MAX_ANSWER_TEXT)}" to ${to}`),
    handOver() {
      stream.pause();
      const left = bytes.length + stream.readableLength;
      if (left > 0) {
        throw fault(`"${where}" sent ${left} bytes between its go-ahead and TLS`);
      }
      if (ended !== null) throw ended;
      detach();
      stream.off('error', onError);
    },
    giveUp() {
      detach();
      // The error listener stays: a destroyed stream may still report one.
      stream.destroy();
    },
  };
  return wire;
}

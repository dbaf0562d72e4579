/** What a server may answer instead of something useful, for `serveCase`, `serveChain` and `servePlainHttp`. */

import type { RequestListener } from 'node:http';

/** Bytes in the answer of {@link answersHugely}: 100 MB, far beyond any answer of a mail server. */
export const HUGE_BYTES = 100_000_000;

const CHUNK = Buffer.alloc(65_536, 'x');

/** Redirects every request to this URL: another origin, or the same one without TLS. */
export function redirectsTo(location: string): RequestListener {
  return (_request, response) => {
    response.writeHead(302, { location });
    response.end();
  };
}

/** Begins an answer of 1000 bytes, sends ten of them and says nothing more. */
export const stallsInAnswer: RequestListener = (_request, response) => {
  response.writeHead(200, { 'content-length': '1000' });
  response.write('0123456789');
};

/** Answers with {@link HUGE_BYTES} bytes, as fast as the client takes them, and without their number. */
export const answersHugely: RequestListener = (_request, response) => {
  let left = HUGE_BYTES;
  const send = (): void => {
    while (left > 0) {
      const piece = CHUNK.subarray(0, Math.min(left, CHUNK.length));
      left -= piece.length;
      if (!response.write(piece)) {
        response.once('drain', send);
        return;
      }
    }
    response.end();
  };
  response.on('error', () => response.destroy());
  send();
};

/** Answers with bytes that are neither JSON nor XML nor text. */
export const answersGarbage: RequestListener = (_request, response) => {
  response.writeHead(200, { 'content-type': 'text/javascript; charset=utf-8' });
  response.end(Buffer.from(Array.from({ length: 512 }, (_, index) => (index * 151 + 7) % 256)));
};

/** Answers every request with these bytes, as a certification authority gives out a certificate. */
export function answersWith(bytes: Uint8Array | string): RequestListener {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/pkix-cert' });
    response.end(bytes);
  };
}

/** A network that wants a log-in before it lets anything through (RFC 6585 6). */
export const wantsSignIn: RequestListener = (_request, response) => {
  response.writeHead(511, { 'content-type': 'text/html' });
  response.end('<a href="https://login.example.test/">log in</a>');
};

/** What a Zimbra server in the mode `redirect` does at its plain port. */
export const switchesToHttps: RequestListener = (request, response) => {
  response.writeHead(302, { location: `https://${request.headers.host}${request.url}` });
  response.end();
};

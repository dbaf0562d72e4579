/** Which requests are the page's own: every point of the checklist, and what browsers really send from elsewhere, as tables. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Refusal, refusalOf } from '../src/host/desk/guard.ts';

const AUTHORITY = '127.0.0.1:5005';
const OWN = `http://${AUTHORITY}`;
const EVIL = 'http://evil.test:5005';

type Headers = Readonly<Record<string, string | readonly string[] | null>>;

interface Case {
  name: string;
  method?: string;
  target?: string;
  /** In the place of the page's own; null leaves one out, a list sends it several times. */
  headers?: Headers;
  /** Kind and status; null where it is the page's own. */
  is: readonly [Refusal['kind'], number] | null;
}

const SAME: Headers = { Host: AUTHORITY, 'Sec-Fetch-Site': 'same-origin' };
const FETCH: Headers = { ...SAME, 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty' };
const JSON_POST: Headers = {
  ...FETCH,
  Origin: OWN,
  'Content-Type': 'application/json',
  'Content-Length': '2',
};
const VISIT: Headers = {
  Host: AUTHORITY,
  'Sec-Fetch-Mode': 'navigate',
  'Sec-Fetch-Dest': 'document',
};
const FRAME: Headers = { ...SAME, 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe' };
/** A browser that sends no Sec-Fetch headers, or a request by hand. */
const PLAIN: Headers = { Host: AUTHORITY };

const refusesHost = ['host', 421] as const;
const refusesTarget = ['target', 400] as const;
const refusesOrigin = ['origin', 403] as const;
const refusesSite = ['site', 403] as const;

const CHECKLIST: readonly Case[] = [
  { name: 'the page reads', headers: FETCH, is: null },
  { name: 'the page posts', method: 'POST', headers: JSON_POST, is: null },
  { name: 'the page patches', method: 'PATCH', headers: JSON_POST, is: null },
  { name: 'the page deletes', method: 'DELETE', headers: JSON_POST, is: null },
  { name: 'a read without Sec-Fetch headers', headers: PLAIN, is: null },

  { name: 'no Host', headers: { ...FETCH, Host: null }, is: refusesHost },
  { name: 'an empty Host', headers: { Host: '' }, is: refusesHost },
  { name: 'localhost', headers: { Host: 'localhost:5005' }, is: refusesHost },
  { name: '0.0.0.0', headers: { Host: '0.0.0.0:5005' }, is: refusesHost },
  { name: 'IPv6 loopback', headers: { Host: '[::1]:5005' }, is: refusesHost },
  { name: 'another loopback address', headers: { Host: '127.0.0.2:5005' }, is: refusesHost },
  { name: 'the short form 127.1', headers: { Host: '127.1:5005' }, is: refusesHost },
  { name: 'a final dot', headers: { Host: '127.0.0.1.:5005' }, is: refusesHost },
  { name: 'LOCALHOST', headers: { Host: 'LOCALHOST:5005' }, is: refusesHost },
  { name: 'no port', headers: { Host: '127.0.0.1' }, is: refusesHost },
  { name: 'another port', headers: { Host: '127.0.0.1:5006' }, is: refusesHost },
  { name: 'a port with a zero before it', headers: { Host: '127.0.0.1:05005' }, is: refusesHost },
  { name: 'a user before it', headers: { Host: `anna@${AUTHORITY}` }, is: refusesHost },
  { name: 'a name that begins so', headers: { Host: `${AUTHORITY}.evil.test` }, is: refusesHost },
  { name: 'a name that ends so', headers: { Host: `evil-${AUTHORITY}` }, is: refusesHost },
  { name: 'Host twice, the same', headers: { Host: [AUTHORITY, AUTHORITY] }, is: refusesHost },
  { name: 'Host twice, ours last', headers: { Host: ['evil.test', AUTHORITY] }, is: refusesHost },
  { name: 'two hosts in one', headers: { Host: `${AUTHORITY}, evil.test` }, is: refusesHost },

  { name: 'absolute form, another host', target: 'http://evil.test/', is: refusesTarget },
  { name: 'absolute form, our own', target: `${OWN}/api/status`, is: refusesTarget },
  { name: 'two slashes', target: '//evil.test/api/status', is: refusesTarget },
  { name: 'a backslash for a slash', target: '/\\evil.test/api/status', is: refusesTarget },
  { name: 'an asterisk', target: '*', is: refusesTarget },
  { name: 'authority form', target: AUTHORITY, is: refusesTarget },
  { name: 'nothing', target: '', is: refusesTarget },
  { name: 'a path that climbs', target: '/assets/../api/status', is: refusesTarget },
  { name: 'a path that climbs in disguise', target: '/assets/%2e%2e/api/stop', is: refusesTarget },
  { name: 'a dot segment', target: '/./api/status', is: refusesTarget },
  { name: 'a fragment', target: '/#code=x', is: refusesTarget },
  { name: 'a query is no part of the path', target: '/api/gal?query=../x//y', is: null },
  { name: 'an encoded slash stays one segment', target: '/api/profiles/a%2Fb', is: null },

  {
    name: 'Origin null',
    method: 'POST',
    headers: { ...JSON_POST, Origin: 'null' },
    is: refusesOrigin,
  },
  {
    name: 'another port',
    method: 'POST',
    headers: { ...JSON_POST, Origin: 'http://127.0.0.1:5006' },
    is: refusesOrigin,
  },
  {
    name: 'localhost as origin',
    method: 'POST',
    headers: { ...JSON_POST, Origin: 'http://localhost:5005' },
    is: refusesOrigin,
  },
  {
    name: 'another scheme',
    method: 'POST',
    headers: { ...JSON_POST, Origin: `https://${AUTHORITY}` },
    is: refusesOrigin,
  },
  {
    name: 'an origin that begins so',
    method: 'POST',
    headers: { ...JSON_POST, Origin: `${OWN}.evil.test` },
    is: refusesOrigin,
  },
  {
    name: 'an origin that ends so',
    method: 'POST',
    headers: { ...JSON_POST, Origin: `http://evil-${AUTHORITY}` },
    is: refusesOrigin,
  },
  {
    name: 'an origin with a path',
    method: 'POST',
    headers: { ...JSON_POST, Origin: `${OWN}/` },
    is: refusesOrigin,
  },
  {
    name: 'an empty origin',
    method: 'POST',
    headers: { ...JSON_POST, Origin: '' },
    is: refusesOrigin,
  },
  { name: 'another origin that reads', headers: { ...PLAIN, Origin: EVIL }, is: refusesOrigin },
  { name: 'our own origin that reads', headers: { ...PLAIN, Origin: OWN }, is: null },
  {
    name: 'a POST that does not say from where',
    method: 'POST',
    headers: { ...JSON_POST, Origin: null },
    is: refusesOrigin,
  },
  {
    name: 'a DELETE that does not say from where',
    method: 'DELETE',
    headers: { ...JSON_POST, Origin: null },
    is: refusesOrigin,
  },
  { name: 'Origin twice', headers: { ...PLAIN, Origin: [OWN, EVIL] }, is: ['header', 400] },
  {
    name: 'a token twice',
    headers: { ...FETCH, Authorization: ['Bearer a', 'Bearer b'] },
    is: ['header', 400],
  },

  {
    name: 'typed into the address line',
    headers: { ...VISIT, 'Sec-Fetch-Site': 'none' },
    is: null,
  },
  { name: 'typed, but no visit', headers: { ...FETCH, 'Sec-Fetch-Site': 'none' }, is: refusesSite },
  {
    name: 'typed, into a frame',
    headers: { ...VISIT, 'Sec-Fetch-Site': 'none', 'Sec-Fetch-Dest': 'iframe' },
    is: refusesSite,
  },
  {
    name: 'a link on another site',
    headers: { ...VISIT, 'Sec-Fetch-Site': 'cross-site' },
    is: refusesSite,
  },
  {
    name: 'a link on another port',
    headers: { ...VISIT, 'Sec-Fetch-Site': 'same-site' },
    is: refusesSite,
  },
  {
    name: 'a word that no browser sends',
    headers: { ...FETCH, 'Sec-Fetch-Site': 'SAME-ORIGIN' },
    is: refusesSite,
  },
  {
    name: 'the way in, from a file',
    target: '/enter',
    headers: { ...VISIT, 'Sec-Fetch-Site': 'cross-site' },
    is: null,
  },
  {
    name: 'the way in, into a frame',
    target: '/enter',
    headers: { ...FRAME, 'Sec-Fetch-Site': 'cross-site' },
    is: refusesSite,
  },
  {
    name: 'the way in, by a script',
    target: '/enter',
    headers: { ...FETCH, 'Sec-Fetch-Site': 'cross-site' },
    is: refusesSite,
  },
  {
    name: 'beside the way in',
    target: '/enter/',
    headers: { ...VISIT, 'Sec-Fetch-Site': 'cross-site' },
    is: refusesSite,
  },

  { name: 'mail in a frame of the page', target: '/mail/x', headers: FRAME, is: null },
  { name: 'mail without Sec-Fetch headers', target: '/mail/x', headers: PLAIN, is: null },
  {
    name: 'mail as a page of its own',
    target: '/mail/x',
    headers: { ...VISIT, 'Sec-Fetch-Site': 'same-origin' },
    is: refusesSite,
  },
  {
    name: 'mail that is typed',
    target: '/mail/x',
    headers: { ...VISIT, 'Sec-Fetch-Site': 'none' },
    is: refusesSite,
  },
  { name: 'mail by a script of the page', target: '/mail/x', headers: FETCH, is: refusesSite },
  {
    name: 'mail in a frame of another site',
    target: '/mail/x',
    headers: { ...FRAME, 'Sec-Fetch-Site': 'cross-site' },
    is: refusesSite,
  },

  { name: 'OPTIONS', method: 'OPTIONS', headers: FETCH, is: ['method', 405] },
  { name: 'HEAD', method: 'HEAD', headers: FETCH, is: ['method', 405] },
  { name: 'PUT', method: 'PUT', headers: JSON_POST, is: ['method', 405] },
  { name: 'TRACE', method: 'TRACE', headers: PLAIN, is: ['method', 405] },

  {
    name: 'JSON with a charset',
    method: 'POST',
    headers: { ...JSON_POST, 'Content-Type': 'application/json; charset=utf-8' },
    is: ['body', 415],
  },
  {
    name: 'text',
    method: 'POST',
    headers: { ...JSON_POST, 'Content-Type': 'text/plain' },
    is: ['body', 415],
  },
  {
    name: 'a form',
    method: 'POST',
    headers: { ...JSON_POST, 'Content-Type': 'application/x-www-form-urlencoded' },
    is: ['body', 415],
  },
  {
    name: 'a body of no type',
    method: 'POST',
    headers: { ...JSON_POST, 'Content-Type': null },
    is: ['body', 415],
  },
  {
    name: '1 MiB',
    method: 'POST',
    headers: { ...JSON_POST, 'Content-Length': '1048576' },
    is: null,
  },
  {
    name: 'more than 1 MiB',
    method: 'POST',
    headers: { ...JSON_POST, 'Content-Length': '1048577' },
    is: ['body', 413],
  },
  {
    name: 'a body of unknown length',
    method: 'POST',
    headers: { ...JSON_POST, 'Content-Length': null, 'Transfer-Encoding': 'chunked' },
    is: ['body', 411],
  },
  {
    name: 'a length that is none',
    method: 'POST',
    headers: { ...JSON_POST, 'Content-Length': '-1' },
    is: ['body', 411],
  },
  { name: 'a read with a body', headers: { ...FETCH, 'Content-Length': '5' }, is: ['body', 400] },
];

/** What Chromium sends to the desk from elsewhere, as it was measured. */
const ATTACKS: readonly Case[] = [
  {
    name: 'another port: fetch without CORS, text',
    method: 'POST',
    headers: {
      Host: AUTHORITY,
      Origin: 'http://127.0.0.1:5006',
      'Sec-Fetch-Site': 'same-site',
      'Sec-Fetch-Mode': 'no-cors',
      'Sec-Fetch-Dest': 'empty',
      'Content-Type': 'text/plain',
      'Content-Length': '2',
    },
    is: refusesOrigin,
  },
  {
    name: 'another port: JSON, its preflight',
    method: 'OPTIONS',
    headers: {
      Host: AUTHORITY,
      Origin: 'http://127.0.0.1:5006',
      'Sec-Fetch-Site': 'same-site',
      'Sec-Fetch-Mode': 'cors',
      'Access-Control-Request-Method': 'POST',
    },
    is: refusesOrigin,
  },
  {
    name: 'another port: EventSource',
    target: '/api/events',
    headers: {
      Host: AUTHORITY,
      Origin: 'http://127.0.0.1:5006',
      'Sec-Fetch-Site': 'same-site',
      'Sec-Fetch-Mode': 'cors',
      Cookie: 'session=x',
    },
    is: refusesOrigin,
  },
  {
    name: 'another port: WebSocket',
    headers: {
      Host: AUTHORITY,
      Origin: 'http://127.0.0.1:5006',
      Connection: 'Upgrade',
      Upgrade: 'websocket',
    },
    is: refusesOrigin,
  },
  {
    name: 'another port: a form',
    method: 'POST',
    headers: {
      ...VISIT,
      Origin: 'http://127.0.0.1:5006',
      'Sec-Fetch-Site': 'same-site',
      'Content-Type': 'application/x-www-form-urlencoded',
    },
    is: refusesOrigin,
  },
  {
    name: 'another port: a frame',
    headers: { ...FRAME, 'Sec-Fetch-Site': 'same-site' },
    is: refusesSite,
  },
  {
    name: 'another port: an image',
    headers: {
      Host: AUTHORITY,
      'Sec-Fetch-Site': 'same-site',
      'Sec-Fetch-Mode': 'no-cors',
      'Sec-Fetch-Dest': 'image',
    },
    is: refusesSite,
  },
  {
    name: 'another port: a script',
    target: '/assets/index-1a2b.js',
    headers: {
      Host: AUTHORITY,
      'Sec-Fetch-Site': 'same-site',
      'Sec-Fetch-Mode': 'no-cors',
      'Sec-Fetch-Dest': 'script',
    },
    is: refusesSite,
  },
  {
    name: 'localhost: a form',
    method: 'POST',
    headers: {
      ...VISIT,
      Origin: 'http://localhost:5006',
      'Sec-Fetch-Site': 'cross-site',
      'Content-Type': 'text/plain',
    },
    is: refusesOrigin,
  },
  {
    name: 'evil.test: fetch',
    headers: {
      Host: AUTHORITY,
      Origin: 'http://evil.test',
      'Sec-Fetch-Site': 'cross-site',
      'Sec-Fetch-Mode': 'cors',
    },
    is: refusesOrigin,
  },
  {
    name: 'evil.test: no-cors read without an origin',
    headers: {
      Host: AUTHORITY,
      'Sec-Fetch-Site': 'cross-site',
      'Sec-Fetch-Mode': 'no-cors',
      'Sec-Fetch-Dest': 'empty',
    },
    is: refusesSite,
  },
  {
    name: 'a rebound name visits: no Sec-Fetch headers',
    headers: { Host: 'evil.test:5005' },
    is: refusesHost,
  },
  {
    name: 'a rebound name posts with its own origin',
    method: 'POST',
    headers: {
      Host: 'evil.test:5005',
      Origin: EVIL,
      'Content-Type': 'application/json',
      'Content-Length': '2',
    },
    is: refusesHost,
  },
];

function rawHeadersOf(headers: Headers): string[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    value === null ? [] : [value].flat().flatMap((one) => [name, one]),
  );
}

function judge({ method = 'GET', target = '/', headers = FETCH }: Case): Case['is'] {
  const asked = { method, target, rawHeaders: rawHeadersOf(headers) };
  const refusal = refusalOf(asked, AUTHORITY, '/mail/');
  return refusal === null ? null : [refusal.kind, refusal.status];
}

describe('the checklist', () => {
  for (const one of CHECKLIST) {
    const what = one.is === null ? 'is let through' : `is refused with ${one.is[1]}`;
    test(`${one.name} ${what}`, () => assert.deepEqual(judge(one), one.is));
  }
});

describe('from elsewhere', () => {
  for (const one of ATTACKS) {
    test(`${one.name} is refused`, () => {
      assert.notEqual(one.is, null);
      assert.deepEqual(judge(one), one.is);
    });
  }
});

test('the names of headers count in any case', () => {
  const rawHeaders = ['hOsT', AUTHORITY, 'oRiGiN', EVIL];
  const refusal = refusalOf({ method: 'GET', target: '/', rawHeaders }, AUTHORITY, '/mail/');
  assert.equal(refusal?.kind, 'origin');
});

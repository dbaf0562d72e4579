/** What is said of a cause: to the person, and to the administrator. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { adviceForAdministrator, type Cause, describeCause, describeCure } from '@postern/trust';

const SHA256 = 'ab'.repeat(32);

const SAID: readonly {
  cause: Cause;
  sentence: string;
  /** Fragments of the advice. */
  advice: readonly string[] | null;
  /** What must not be in it. */
  not?: string;
}[] = [
  {
    cause: {
      kind: 'clock',
      certainty: 'proof',
      now: '2019-01-03T08:15:00.000Z',
      atLeast: '2026-11-23T00:00:00.000Z',
      source: 'release',
    },
    sentence:
      'The clock of this computer is wrong: it says 2019-01-03 08:15 UTC, and this version of Postern came out on 2026-11-23.',
    advice: null,
  },
  {
    cause: {
      kind: 'clock',
      certainty: 'guess',
      now: '2019-01-03T08:15:00.000Z',
      atLeast: '2026-11-23T08:00:00.000Z',
      source: 'memory',
    },
    sentence:
      'The clock of this computer may be wrong: it says 2019-01-03 08:15 UTC, and Postern was in use here on 2026-11-23 08:00 UTC.',
    advice: null,
  },
  {
    cause: { kind: 'sign-in-page', certainty: 'proof', status: 511, location: null },
    sentence: 'This network lets nothing through before you have signed in to it.',
    advice: null,
  },
  {
    cause: {
      kind: 'sign-in-page',
      certainty: 'guess',
      status: 302,
      location: 'http://login.hotel.test/?from=1',
    },
    sentence:
      'This network may want you to sign in to it first: it answers for the server and leads to "login.hotel.test".',
    advice: null,
  },
  {
    cause: { kind: 'inspection', certainty: 'guess', root: 'CN=In Store', sha256: SHA256 },
    sentence:
      'Software that inspects connections may be in between: the certificate was issued under "CN=In Store", a root in the store of this computer that is not one of the public ones.',
    advice: ['under the root "CN=In Store"', 'met with the SHA-256 AB:AB:AB'],
  },
  {
    cause: { kind: 'inspection', certainty: 'guess', root: null, sha256: null },
    sentence:
      'This server was verified before, and now its certificate comes from an issuer that is not known here: software that inspects connections may be in between, or an attacker.',
    advice: null,
  },
  {
    cause: {
      kind: 'missing-intermediate',
      certainty: 'proof',
      issuer: 'CN=Example CA 2',
      url: 'http://ca.example.test/2.cer',
      pem: '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n',
      sha256: SHA256,
    },
    sentence: 'The server leaves out a certificate that it has to send: "CN=Example CA 2".',
    advice: [
      'send "CN=Example CA 2" after its own',
      'met with the SHA-256 AB:AB:AB',
      'offers it at http://ca.example.test/2.cer',
      'openssl x509 -inform DER',
      'commercial_ca.crt, in front of the root',
      'zmcertmgr deploycrt comm commercial.crt commercial_ca.crt',
      '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----',
    ],
  },
  {
    cause: {
      kind: 'missing-intermediate',
      certainty: 'guess',
      issuer: 'CN=Example CA 2',
      url: 'http://ca.example.test/2.cer',
      pem: null,
      sha256: null,
    },
    sentence: 'The server may leave out a certificate that it has to send: "CN=Example CA 2".',
    advice: ['commercial_ca.crt', 'http://ca.example.test/2.cer'],
    not: 'BEGIN CERTIFICATE',
  },
  {
    cause: { kind: 'private-root', certainty: 'proof', subject: 'CN=Corp Root', sha256: SHA256 },
    sentence:
      'The certificate comes from a private authority whose root is not installed on this computer: "CN=Corp Root".',
    advice: ['Trusted Root Certification Authorities', 'update-ca-certificates'],
    not: 'zmcertmgr',
  },
  {
    cause: {
      kind: 'private-root',
      certainty: 'guess',
      subject: 'O=CA, OU=Zimbra Collaboration Server, CN=mail.example.test',
      sha256: null,
    },
    sentence:
      'The certificate may come from a private authority whose root is not installed on this computer: "O=CA, OU=Zimbra Collaboration Server, CN=mail.example.test".',
    advice: [
      'looks like the authority that zmcertmgr makes',
      '/opt/zimbra/ssl/zimbra/ca/ca.pem -out cacert.der -outform DER',
    ],
  },
  {
    cause: {
      kind: 'near-miss-name',
      certainty: 'guess',
      typed: 'www.example.test',
      suggested: 'example.test',
    },
    sentence:
      'The certificate is good for another name: "example.test" may be what you want instead of "www.example.test".',
    advice: ['-subjectAltNames "example.test,www.example.test"'],
  },
  {
    cause: {
      kind: 'ended-recently',
      certainty: 'proof',
      position: 0,
      notAfter: '2026-11-21T08:00:00.000Z',
      days: 2,
    },
    sentence: 'The certificate ended 2 days ago, on 2026-11-21, and has not been renewed.',
    advice: ['zmcertmgr createcrt -new -days 365', 'zmcertmgr createcsr comm -new'],
  },
  {
    cause: {
      kind: 'ended-recently',
      certainty: 'proof',
      position: 1,
      notAfter: '2026-11-23T07:00:00.000Z',
      days: 0,
    },
    sentence:
      'Certificate 2 of the chain ended less than a day ago, on 2026-11-23, and has not been renewed.',
    advice: ['its successor', 'commercial_ca.crt'],
  },
  {
    cause: {
      kind: 'old-protocols-only',
      certainty: 'proof',
      protocol: 'TLSv1',
      minimum: 'TLSv1.2',
    },
    sentence: 'The server speaks nothing newer than TLSv1; at least TLSv1.2 is required.',
    advice: ['Switch on TLSv1.2', 'zimbraReverseProxySSLProtocols'],
  },
];

describe('a cause in words', () => {
  for (const { cause, sentence, advice, not } of SAID) {
    const name = `${cause.kind} ${cause.certainty}`;
    test(`${name}: ${sentence}`, () => {
      assert.equal(describeCause(cause), sentence);
      const said = adviceForAdministrator(cause);
      const missing = (advice ?? []).filter((fragment) => !said?.includes(fragment));
      assert.deepEqual([said === null, missing], [advice === null, []]);
      if (not !== undefined) assert.equal(said?.includes(not), false);
    });

    test(`${name}: only a guess says "may"`, () => {
      assert.equal(/\bmay\b/.test(describeCause(cause)), cause.certainty === 'guess');
    });

    test(`${name}: the cure is no way around the question`, () => {
      const cure = describeCure(cause);
      assert.match(cure, /^[A-Z].*\.$/);
      assert.doesNotMatch(cure, /despite|authorize|trust this|ignore|accept|risk/i);
    });
  }

  test('a redirect cannot draw on the terminal', () => {
    const cause: Cause = {
      kind: 'sign-in-page',
      certainty: 'guess',
      status: 302,
      location: 'http://a.test/\u001b[2J\u202e',
    };
    assert.doesNotMatch(describeCause(cause), /[\u0000-\u001f\u202a-\u202e]/);
  });
});

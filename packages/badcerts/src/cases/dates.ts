/** Dates: every certificate of the path is valid from its first second to its last, both included. */

import type { BadCertCase } from '../case.ts';
import { around, intermediate, leaf, root, sendsRootToo } from '../chain.ts';
import { caseOf, type Fault } from '../fault.ts';
import { AT } from '../make.ts';

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;

/** The leaf's time is over. */
export const expired: Fault = {
  id: 'dates::expired',
  doc: 'The leaf expired three days ago (RFC 5280 6.1.3 a 2).',
  change: leaf({ notAfter: before(3 * DAY_MS) }),
  expected: ['expired@0'],
  openssl: 10,
  limboId: 'rfc5280::validity::expired-leaf',
};

/** The intermediate's time is over. */
export const expiredIntermediate: Fault = {
  id: 'dates::expired-intermediate',
  doc: 'The intermediate expired; the leaf is valid (RFC 5280 6.1.3 a 2).',
  change: intermediate({ notAfter: before(DAY_MS) }),
  expected: ['expired@1'],
  openssl: 10,
};

/** The leaf's time has not come. */
export const notYetValid: Fault = {
  id: 'dates::not-yet-valid',
  doc: 'The leaf becomes valid in the year 2045 (RFC 5280 6.1.3 a 2).',
  change: leaf({ notBefore: new Date('2045-01-01T00:00:00Z') }),
  expected: ['not-yet-valid@0'],
  openssl: 9,
};

const FAULTS: readonly Fault[] = [
  expired,
  expiredIntermediate,
  notYetValid,
  {
    id: 'dates::expired-one-second-ago',
    doc: 'The last second of the leaf is one second before the instant of validation.',
    change: leaf({ notAfter: before(SECOND_MS) }),
    expected: ['expired@0'],
    openssl: 10,
  },
  {
    id: 'dates::last-second',
    doc: 'The instant of validation is the last second of the leaf, which is included (RFC 5280 4.1.2.5).',
    change: leaf({ notAfter: AT }),
    openssl: 10,
    onPaper: 'OpenSSL in a handshake judges by the clock of the machine, which is past that second',
  },
  {
    id: 'dates::first-second',
    doc: 'The instant of validation is the first second of the leaf, which is included (RFC 5280 4.1.2.5).',
    change: leaf({ notBefore: AT }),
  },
  {
    id: 'dates::valid-in-one-second',
    doc: 'The first second of the leaf is one second after the instant of validation.',
    onPaper: 'the second is over before a question about it is answered',
    change: leaf({ notBefore: before(-SECOND_MS) }),
    expected: ['not-yet-valid@0'],
    openssl: 9,
  },
  {
    id: 'dates::expired-root',
    doc: 'The installed root expired; OpenSSL counts that, though RFC 5280 6.1 leaves anchors out.',
    change: (plan) => around({ present: sendsRootToo })(root({ notAfter: before(DAY_MS) })(plan)),
    expected: ['expired@2'],
    openssl: 10,
    limboId: 'rfc5280::validity::expired-root',
  },
  {
    id: 'dates::expired-root-not-sent',
    doc: 'The installed root expired and the server does not send it.',
    change: root({ notAfter: before(DAY_MS) }),
    expected: ['expired@connection'],
    openssl: 10,
  },
  {
    id: 'dates::not-yet-valid-intermediate',
    doc: 'The intermediate becomes valid in the year 2045.',
    change: intermediate({ notBefore: new Date('2045-01-01T00:00:00Z') }),
    expected: ['not-yet-valid@1'],
    openssl: 9,
  },
  {
    id: 'dates::end-before-beginning',
    doc: 'The leaf ends before it begins, so it is never valid.',
    change: leaf({
      notBefore: new Date('2045-01-01T00:00:00Z'),
      notAfter: new Date('2026-02-01T00:00:00Z'),
    }),
    expected: ['expired@0', 'not-yet-valid@0'],
    openssl: 9,
  },
  {
    id: 'dates::no-well-defined-end',
    doc: 'The leaf ends with the year 9999, which means that it has no well-defined end (RFC 5280 4.1.2.5).',
    change: leaf({ notAfter: new Date('9999-12-31T23:59:59Z') }),
  },
  {
    id: 'dates::begins-in-1950',
    doc: 'The validity begins in 1950, the first year of UTCTime (RFC 5280 4.1.2.5.1).',
    change: leaf({ notBefore: new Date('1950-01-01T00:00:00Z') }),
  },
];

/** An instant so many milliseconds before that of validation. */
function before(milliseconds: number): Date {
  return new Date(AT.getTime() - milliseconds);
}

export const dateCases: readonly BadCertCase[] = FAULTS.map(caseOf);

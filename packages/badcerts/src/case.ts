/**
 * One fault, one case: a chain that is correct by default and wrong in one way, with the problems
 * that it must show. Every case is judged by `diagnose`, by the gate over a socket, and by `openssl`.
 */

import type { KeyObject } from 'node:crypto';
import type { ProblemKind } from '@postern/trust';

/** A chain made for a case. Everything DER; `key` belongs to `presented[0]`. */
export interface MadeChain {
  presented: readonly Uint8Array[];
  key: KeyObject;
  /** Roots that the client of this case trusts. */
  anchors: readonly Uint8Array[];
  /** Lower-case hex SHA-256 of the certificates that the policy of this case refuses. */
  disallowed: readonly string[];
  /** The revocation lists that the policy of this case names and requires; null where it says nothing of them. */
  lists: readonly Uint8Array[] | null;
}

/** A problem as an override remembers it: see `problemKey`. */
export type ExpectedProblem = `${ProblemKind}@${number | 'connection'}`;

type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

export interface BadCertCase {
  /** `chain::self-signed`, `dates::expired`, `name::mismatch`, ... */
  id: string;
  /** One sentence: what is wrong and where the rule comes from. */
  doc: string;
  /** The name the client asks for. Servers listen on 127.0.0.1; the gate's resolver is given. */
  serverName: string;
  /** The instant of validation. */
  at: Date;
  /** Exactly the problems expected, in order of gravity. */
  expected: readonly ExpectedProblem[];
  /** Remark kinds expected, in any order. */
  remarks: readonly string[];
  /**
   * What `openssl verify -purpose sslserver -auth_level 2 -verify_hostname` says first, with
   * `-crl_check_all` where there are lists: `ok`, its error number, or `unreadable` where it cannot load a certificate.
   */
  openssl: 'ok' | 'unreadable' | number;
  /** Corresponding case of x509-limbo, if there is one. */
  limboId?: string;
  /** TLS versions the server offers, if the fault is there. */
  tls?: { minVersion: TlsVersion; maxVersion: TlsVersion };
  /** The oldest TLS version that the policy of this case allows; `TLSv1.2` by default. */
  minimumTlsVersion?: 'TLSv1.3';
  /** Why the case cannot be shown over a socket, for the few that cannot. */
  onPaper?: string;
  make(): Promise<MadeChain>;
}

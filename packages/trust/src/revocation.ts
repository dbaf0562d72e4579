/**
 * Whether the certificates of a path are revoked (RFC 5280 6.3.3), by lists that are at hand: complete ones,
 * indirect ones, those for some reasons or one distribution point, and deltas. Nothing is fetched. What is
 * not understood, stale or not signed by the right key leaves it unknown; silence is never taken for good.
 */

import type { Anchor } from './anchors.ts';
import type { Certificate } from './certificate.ts';
import { MAX_LIST_BYTES, type RevocationList } from './crl.ts';
import type { RevokedEntry } from './crl-entries.ts';
import { type Applied, type ListGroup, wordOf } from './crl-group.ts';
import { createSignerSearch, type Signer } from './crl-signers.ts';
import { ALL_REASONS, type Reasons } from './distribution-points.ts';
import type { Path } from './path.ts';
import type { Policy } from './policy.ts';
import type { Problem } from './problem.ts';
import {
  coveredReasons,
  isNamedBy,
  type RevocationFacts,
  revocationFacts,
} from './revocation-scope.ts';

/** Most lists that are looked at: more than the authorities on any path have. */
const MAX_LISTS = 1000;

/** Most certificates judged for one, those that sign lists for each other again and again among them. */
const MAX_JUDGED = 1000;

/** Most reasons given for one certificate. */
const MAX_NOTES = 3;

/** What is known of revocation, and how much of it is needed. */
export interface RevocationInput {
  mode: Policy['revocation'];
  lists: readonly RevocationList[];
  chain: readonly Certificate[];
  anchors: readonly Anchor[];
  serverName: string;
}

/** Problems of revocation at an instant. */
export type RevocationAt = (at: Date) => readonly Problem[];

/**
 * Prepares to say what is to be said of revocation along a path: lists are matched and their signatures
 * checked once, and only the dates of lists and their signers are left to the instant.
 *
 * `required`: every certificate of the path but the anchor must be covered by good lists for every reason.
 * `when-available`: one is passed over if none of the lists is by its issuer. `off`: nothing is looked at.
 */
export function revocationAlong(path: Path, input: RevocationInput): RevocationAt {
  if (input.mode === 'off') return () => [];
  const general = problemsOfLists(input.lists);
  const search = new RevocationSearch(path, input);
  const judged = path.steps
    // A root that is not trusted vouches for itself, which nobody has to revoke.
    .slice(0, path.end === 'untrusted-root' ? -1 : undefined)
    .filter(({ anchor }) => anchor === null)
    .map(({ certificate, position }) => ({ status: search.statusOf(certificate), position }));
  return (at) => {
    const second = Math.floor(at.getTime() / 1000) * 1000;
    const problems = judged.flatMap(({ status, position }): Problem[] => {
      const finding = search.find(status, second);
      switch (finding.kind) {
        case 'revoked':
          return [
            { kind: 'revoked', position, at: isoOf(finding.entry), reason: finding.entry.reason },
          ];
        case 'unknown':
          return [{ kind: 'revocation-unknown', position, reason: finding.reason }];
        default:
          return [];
      }
    });
    return [...general, ...problems];
  };
}

function isoOf({ at }: RevokedEntry): string | null {
  return at === null ? null : at.toISOString();
}

/** A list that cannot be read may be the one that counts, so it is a problem whatever else there is. */
function problemsOfLists(lists: readonly RevocationList[]): readonly Problem[] {
  const problems: Problem[] = [];
  if (lists.length > MAX_LISTS) {
    const [limit, allowed] = ['revocation lists', MAX_LISTS] as const;
    problems.push({ kind: 'limit-exceeded', position: null, limit, allowed, found: lists.length });
  }
  for (const { source, bytes, malformed } of lists.slice(0, MAX_LISTS)) {
    const [first] = malformed;
    if (first === undefined) continue;
    if (bytes > MAX_LIST_BYTES) {
      const [limit, allowed] = ['bytes', MAX_LIST_BYTES] as const;
      const about = { list: source, limit, allowed, found: bytes };
      problems.push({ kind: 'limit-exceeded', position: null, ...about });
    } else {
      problems.push({ kind: 'malformed', position: null, reason: first, list: source });
    }
  }
  return problems;
}

/** Lists that stand together, and who signed them. */
interface Group extends ListGroup {
  signers: Signer[];
}

/** Everything about one certificate that the instant has no part in. */
interface Status {
  certificate: Certificate;
  groups: readonly Group[];
  /** Whether any list is by whoever should issue them. */
  isListed: boolean;
  /** What speaks against taking silence for good, at any instant. */
  obstacle: string | null;
  /** Why lists by that issuer are left aside. */
  notes: readonly string[];
}

type Finding =
  | { kind: 'good' }
  | { kind: 'passed-over' }
  | { kind: 'revoked'; entry: RevokedEntry }
  | { kind: 'unknown'; reason: string };

class RevocationSearch {
  readonly #path: Path;
  readonly #mode: Policy['revocation'];
  readonly #lists: readonly RevocationList[];
  readonly #signersOf: ReturnType<typeof createSignerSearch>;
  readonly #statuses = new Map<Certificate, Status>();
  #left = MAX_JUDGED;

  constructor(path: Path, input: RevocationInput) {
    this.#path = path;
    this.#mode = input.mode;
    this.#lists = input.lists.slice(0, MAX_LISTS).filter(({ malformed }) => malformed.length === 0);
    this.#signersOf = createSignerSearch({ ...input, path });
  }

  /** What is to be said of one certificate at an instant to the second. */
  find(status: Status, at: number): Finding {
    this.#left = MAX_JUDGED;
    return this.#judge(status, at, new Set());
  }

  /** RFC 5280 6.3.3 (b) to (g), for every list. */
  statusOf(certificate: Certificate): Status {
    const known = this.#statuses.get(certificate);
    if (known !== undefined) return known;
    const facts = revocationFacts(certificate);
    const groups = new Map<string, Group>();
    const notes: string[] = [];
    let isListed = false;
    for (const list of this.#lists) {
      if (!isNamedBy(list, facts)) continue;
      isListed = true;
      const applied = this.#apply(list, certificate, facts);
      if (typeof applied === 'string') notes.push(`revocation list "${list.source}": ${applied}`);
      else addTo(groups, list, applied);
    }
    const { obstacle } = facts;
    const status = { certificate, groups: [...groups.values()], isListed, obstacle, notes };
    this.#statuses.set(certificate, status);
    // Now, so that no signature is left to the instant. Signers may lead back here.
    for (const { signers } of status.groups) {
      for (const { steps } of signers) for (const step of steps) this.statusOf(step.certificate);
    }
    return status;
  }

  #apply(
    list: RevocationList,
    certificate: Certificate,
    facts: RevocationFacts,
  ): { applied: Applied; signers: readonly Signer[] } | string {
    const reasons = coveredReasons(list, certificate, facts);
    if (reasons === 0) return 'it does not cover this certificate';
    const found = this.#signersOf(list);
    if ('refusal' in found) return found.refusal;
    const entries = list.find(facts.serialNumber, facts.issuerKey);
    return { applied: { list, reasons, entries }, signers: found.signers };
  }

  /**
   * RFC 5280 6.3.3 (h) to (l). `within` holds what is being judged: a signer
   * whose own list covers it is good until that list says otherwise.
   */
  #judge(status: Status, at: number, within: ReadonlySet<Status>): Finding {
    if (within.has(status)) return { kind: 'good' };
    this.#left -= 1;
    if (this.#left < 0) return { kind: 'unknown', reason: 'too many sign lists for each other' };
    const inside = new Set([...within, status]);
    const notes = [...status.notes];
    let covered: Reasons = 0;
    for (const group of status.groups) {
      const refusal = this.#refusalOf(group.signers, status, at, inside);
      const word = refusal === null ? wordOf(group, at) : { note: refusal };
      if ('revoked' in word) return { kind: 'revoked', entry: word.revoked };
      if ('covers' in word) covered |= word.covers;
      else notes.push(word.note);
    }
    if (!status.isListed && this.#mode === 'when-available') return { kind: 'passed-over' };
    if (status.obstacle !== null) return { kind: 'unknown', reason: status.obstacle };
    if (covered === ALL_REASONS) return { kind: 'good' };
    return { kind: 'unknown', reason: this.#why(status, covered, notes) };
  }

  #why({ certificate, isListed }: Status, covered: Reasons, notes: readonly string[]): string {
    if (!isListed) return `no revocation list of "${certificate.issuer}" is at hand`;
    const partly = covered === 0 ? [] : ['lists cover only some of the reasons for revocation'];
    return [...partly, ...new Set(notes)].slice(0, MAX_NOTES).join('; ');
  }

  /** Why none of these signers counts at this instant, or null where one does. */
  #refusalOf(
    signers: readonly Signer[],
    status: Status,
    at: number,
    within: ReadonlySet<Status>,
  ): string | null {
    const own = this.#path.steps.findIndex(({ certificate }) => certificate === status.certificate);
    let refusal: string | null = null;
    for (const { certificate, steps, index } of signers) {
      // What is wrong with those above on the path is said of them there.
      const isAbove = index > own;
      const fault = isAbove ? null : this.#faultOf(steps, at, within);
      if (fault === null) return null;
      refusal = `revocation lists of "${certificate.subject}" do not count: ${fault}`;
    }
    return refusal;
  }

  #faultOf(steps: Signer['steps'], at: number, within: ReadonlySet<Status>): string | null {
    for (const { certificate } of steps) {
      const { notBefore, notAfter } = certificate;
      if (at < notBefore.getTime() || at > notAfter.getTime()) {
        return 'the certificate that signs them is not valid at this time';
      }
      const finding = this.#judge(this.statusOf(certificate), at, within);
      if (finding.kind === 'revoked') return 'the certificate that signs them has been revoked';
      if (finding.kind === 'unknown') {
        return 'whether the certificate that signs them has been revoked is not known';
      }
    }
    return null;
  }
}

function addTo(
  groups: Map<string, Group>,
  { scope, deltaBase }: RevocationList,
  { applied, signers }: { applied: Applied; signers: readonly Signer[] },
): void {
  for (const signer of signers) {
    const key = `${signer.certificate.spkiSha256} ${scope}`;
    const group = groups.get(key) ?? { signers: [], complete: [], deltas: [] };
    groups.set(key, group);
    if (!group.signers.includes(signer)) group.signers.push(signer);
    const kind = deltaBase === null ? group.complete : group.deltas;
    if (!kind.includes(applied)) kind.push(applied);
  }
}

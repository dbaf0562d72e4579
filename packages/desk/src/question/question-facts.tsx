/**
 * What there is to know of a question: three checks with a mark and a word, causes with cures, old and
 * new side by side. Sentences of the daemon are English, and marked so for whoever reads them aloud.
 */

import type { ComparisonReport, ProblemReport, QuestionReport } from '@postern/connector/api';
import { cut, fingerprint, shortInstant } from '../format.ts';
import { Icon } from '../parts/icon.tsx';
import { t } from '../text/text.ts';

type Check = 'dates' | 'issuer' | 'name';

/** Which check a problem belongs to; every other is listed after the three. */
const CHECK_OF: Readonly<Partial<Record<ProblemReport['kind'], Check>>> = {
  'bad-signature': 'issuer',
  'self-signed': 'issuer',
  'root-not-trusted': 'issuer',
  'issuer-not-found': 'issuer',
  'incomplete-chain': 'issuer',
  'not-a-ca': 'issuer',
  'path-too-long': 'issuer',
  'policy-constraint': 'issuer',
  expired: 'dates',
  'not-yet-valid': 'dates',
  'name-mismatch': 'name',
  'name-constraint': 'name',
};

/** With one of these the chain was not read to its end, or OpenSSL found what we did not: nothing may be called fine. */
const UNREAD: ReadonlySet<ProblemReport['kind']> = new Set<ProblemReport['kind']>([
  'limit-exceeded',
  'malformed',
  'refused-by-openssl',
]);

/** Whatever is wrong with a certificate above the server's is wrong with the issuer. */
function checkOf({ kind, position }: ProblemReport): Check | 'other' {
  return CHECK_OF[kind] ?? (position !== null && position > 0 ? 'issuer' : 'other');
}

/** Issuer, Dates and Name as Outlook has them, the gravest problem first; then every other problem. */
export function Checks({ question: { problems } }: { question: QuestionReport }) {
  const { question: words } = t();
  // As the daemon ranks them, most grave first; a check without a problem comes after those.
  const rank = (check: Check): number => {
    const first = problems.findIndex((one) => checkOf(one) === check);
    return first < 0 ? problems.length : first;
  };
  const isRead = !problems.some(({ kind }) => UNREAD.has(kind));
  const checks = (['issuer', 'dates', 'name'] as const)
    .filter((check) => isRead || rank(check) < problems.length)
    .toSorted((a, b) => rank(a) - rank(b));
  const others = problems.filter((one) => checkOf(one) === 'other');
  return (
    <ul class="checks" aria-label={words.checked}>
      {checks.map((check) => (
        <CheckRow
          key={check}
          title={words.checks[check]}
          problems={problems.filter((one) => checkOf(one) === check)}
          fine={words.fine[check]}
          passed={words.passed[check]}
        />
      ))}
      {others.length > 0 && (
        <CheckRow title={words.checks.other} problems={others} fine="" passed="" />
      )}
    </ul>
  );
}

/** Breaches of form, which do not stand in the way. */
export function Remarks({ question: { remarks } }: { question: QuestionReport }) {
  const { question: words } = t();
  if (remarks.length === 0) return null;
  return (
    <details>
      <summary>{words.remarks(remarks.length)}</summary>
      <ul class="second" lang="en">
        {remarks.map(({ kind, position, sentence }) => (
          <li key={`${kind}@${position}`}>{cut(sentence)}</li>
        ))}
      </ul>
    </details>
  );
}

interface CheckProps {
  title: string;
  problems: readonly ProblemReport[];
  fine: string;
  passed: string;
}

function CheckRow({ title, problems, fine, passed }: CheckProps) {
  const isFine = problems.length === 0;
  return (
    <li class={isFine ? 'tone-ok' : 'tone-danger'}>
      <Icon name={isFine ? 'good' : 'bad'} />
      <b>{title}</b>
      <div>
        {isFine && <p>{fine}</p>}
        {problems.map(({ kind, position, sentence, evidence }) => (
          <div key={`${kind}@${position}`}>
            <p lang="en">{cut(sentence)}</p>
            <p class="hint" lang="en">
              {cut(evidence, 400)}
            </p>
          </div>
        ))}
      </div>
      <b class="check-word">{isFine ? passed : t().question.problem}</b>
    </li>
  );
}

/** Causes with what helps; what was found out and what is only likely have different words. */
export function Causes({ question: { causes } }: { question: QuestionReport }) {
  const { question: words } = t();
  if (causes.length === 0) return null;
  return (
    <section class="box tone-ask causes">
      <h3>{words.behind}</h3>
      <dl>
        {causes.map(({ kind, certainty, sentence, cure }) => (
          <div key={`${kind} ${sentence}`}>
            <dt>{certainty === 'proof' ? words.certain : words.likely}</dt>
            <dd lang="en">{cut(sentence, 600)}</dd>
            <dt>{words.helps}</dt>
            <dd lang="en">{cut(cure, 600)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** The judgement in one sentence, then old and new; rows that differ are marked by word and sign. */
export function Comparison({ comparison }: { comparison: ComparisonReport }) {
  const { question: words } = t();
  const fields: Readonly<Record<string, string>> = words.fields;
  return (
    <section class="comparison">
      <p class="box tone-caution" lang="en">
        {comparison.sentence}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways must be reachable by keyboard */}
      <section class="scrolls" aria-label={words.compared} tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">{words.field}</th>
              <th scope="col">
                {words.before} ({shortInstant(comparison.lastSeenAt)})
              </th>
              <th scope="col">{words.now}</th>
              <th scope="col">=/≠</th>
            </tr>
          </thead>
          <tbody>
            {comparison.rows.map((row) => (
              <tr key={row.field} class={row.differs === true ? 'differs' : undefined}>
                <th scope="row">{fields[row.field] ?? row.field}</th>
                <td>{valueText(row.field, row.old)}</td>
                <td class="new">{valueText(row.field, row.new)}</td>
                <td class="judged">
                  {row.differs === null
                    ? '?'
                    : row.differs
                      ? `≠ ${words.differs}`
                      : `= ${words.same}`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

function valueText(field: string, value: string | null): string {
  if (value === null) return '?';
  if (field === 'sha256' || field === 'spki') return fingerprint(value);
  return field === 'not-after' || field === 'not-before' ? shortInstant(value) : cut(value, 300);
}

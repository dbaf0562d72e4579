/**
 * The question over the window: the Certificate Trust Dialog, then Connect Despite the Risks in another
 * place. Closing without a choice is Work Offline; only Authorize Connections grants anything.
 */

import '../style/question.css';
import type { QuestionReport } from '@postern/connector/api';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiFailure, pathOf, send } from '../client.ts';
import { later, now } from '../clock.ts';
import { listed, shortInstant } from '../format.ts';
import { CopyButton } from '../parts/copy.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Field } from '../parts/form.tsx';
import { Icon } from '../parts/icon.tsx';
import { Away } from '../shell/doorstep.tsx';
import {
  answering,
  askedId,
  closedQuestion,
  link,
  messageOf,
  notify,
  questions,
} from '../state.ts';
import { t } from '../text/text.ts';
import { CertificateDialog } from './certificate-dialog.tsx';
import { Causes, Checks, Comparison, Remarks } from './question-facts.tsx';

type Choice = QuestionReport['choices'][number];

/** Length of each period in ms, for its end in words; the daemon decides it. */
const INTERVAL_MS: Readonly<Record<Choice['interval'], number>> = {
  'until-stop': 86_400_000,
  '1h': 3_600_000,
  '1d': 86_400_000,
  '7d': 7 * 86_400_000,
  '30d': 30 * 86_400_000,
};

/** How long Authorize Connections is deaf, in ms: nobody presses it by a click that was meant for another. */
const DEAF_MS = 500;

/** The open question's dialog, or why it closed by itself. */
export function QuestionDialogs() {
  const shown = questions.value.find(({ id }) => id === askedId.value);
  if (shown !== undefined) return <Question key={shown.id} question={shown} />;
  return closedQuestion.value === null ? null : <Closed />;
}

function Question({ question }: { question: QuestionReport }) {
  const [screen, setScreen] = useState<'authorize' | 'certificate' | 'question'>('question');
  const refuse = (): void => void workOffline(question);
  const back = (): void => setScreen('question');
  if (screen === 'authorize') {
    return <AuthorizeDialog question={question} onBack={back} onRefuse={refuse} />;
  }
  return (
    <>
      <TrustDialog
        question={question}
        onRefuse={refuse}
        onView={() => setScreen('certificate')}
        onConnectDespite={() => setScreen('authorize')}
      />
      {screen === 'certificate' && <CertificateDialog viewed={question} onClose={back} />}
    </>
  );
}

async function workOffline({ id }: QuestionReport): Promise<void> {
  askedId.value = null;
  try {
    await answering(id, () => send('POST', pathOf('trust', id), { kind: 'workOffline' }));
  } catch (error) {
    // Silence means no as well: nothing is sent while the question is open.
    if (!(error instanceof ApiFailure && error.code === 'no-such-question')) {
      notify('danger', rejectionText(error));
    }
  }
}

interface TrustProps {
  question: QuestionReport;
  onRefuse: () => void;
  onView: () => void;
  onConnectDespite: () => void;
}

function TrustDialog({ question, onRefuse, onView, onConnectDespite }: TrustProps) {
  const { question: words } = t();
  const { because, choices, problems, waiting, chain, supportText } = question;
  const title =
    because === 'changed' || because === 'was-secure'
      ? words.titles[because]
      : words.titles.insecure;
  const names: Readonly<Record<string, string>> = t().connections.names;
  const others = waiting.filter((one) => one !== question.purpose);
  return (
    <Dialog
      role="alertdialog"
      width={question.comparison === null ? 'normal' : 'wide'}
      tone={because === 'changed' ? 'caution' : 'danger'}
      icon="shield-warning"
      title={title}
      description={
        <>
          <p>{firstSentence(question)}</p>
          <p class="nothing-sent">
            <Icon name="lock" small />
            <b>{words.nothingSent}</b>
          </p>
        </>
      }
      onDismiss={onRefuse}
      actions={
        <>
          {choices.length > 0 && (
            <button type="button" class="link apart" onClick={onConnectDespite}>
              {words.connectDespite}
            </button>
          )}
          <button type="button" class="button button-filled" autofocus onClick={onRefuse}>
            {words.workOffline}
          </button>
          {chain.length > 0 && (
            <button type="button" class="button" onClick={onView}>
              {t().certificate.view}
            </button>
          )}
        </>
      }
    >
      {link.value !== 'open' && <Away />}
      {(because === 'new-problem' || because === 'override-expired') && (
        <p class="box tone-caution">{words.reasons[because]}</p>
      )}
      {question.comparison !== null && <Comparison comparison={question.comparison} />}
      {because === 'plain-http' ? (
        <p class="box tone-danger">{words.plainRisk}</p>
      ) : (
        <Checks question={question} />
      )}
      <Causes question={question} />
      <Remarks question={question} />
      {choices.length === 0 && (
        <p class="box tone-caution">
          {problems.every(({ overridable }) => overridable) ? words.forbidden : words.hopeless}{' '}
          {supportText}
        </p>
      )}
      <div class="row">
        <CopyButton label={words.copyReport} text={question.administratorReport} />
        {others.length > 0 && (
          <p class="second">
            {words.waiting(others.length, listed(others.map((one) => names[one] ?? one)))}
          </p>
        )}
      </div>
    </Dialog>
  );
}

/** Which connection, which account, which server; no text of a certificate. */
function firstSentence({ because, purpose, email, host }: QuestionReport): string {
  const { question: words } = t();
  const phrases: Readonly<Record<string, string>> = words.phrases;
  const doing = phrases[purpose] ?? purpose;
  if (because === 'plain-http') return words.plain(doing, host);
  return email === null ? words.could(doing, host) : words.couldFor(doing, email, host);
}

interface AuthorizeProps {
  question: QuestionReport;
  onBack: () => void;
  onRefuse: () => void;
}

function AuthorizeDialog({ question, onBack, onRefuse }: AuthorizeProps) {
  const { question: words } = t();
  const { choices, host } = question;
  const [chosen, setChosen] = useState<Choice | null>(
    choices.find((one) => !one.needsFingerprint) ?? null,
  );
  const [typed, setTyped] = useState('');
  const [failure, setFailure] = useState<string | null>(null);
  const isDeaf = useRef(true);
  useEffect(
    () =>
      later(() => {
        isDeaf.current = false;
      }, DEAF_MS),
    [],
  );
  const fingerprint = typed.replaceAll(/[\s:]/g, '').toLowerCase();
  const isFingerprint = /^[0-9a-f]{64}$/.test(fingerprint);

  async function authorize(): Promise<void> {
    if (isDeaf.current || chosen === null) return;
    try {
      await answering(question.id, () =>
        send('POST', pathOf('trust', question.id), {
          kind: 'authorizeConnections',
          leafSha256: question.leafSha256,
          interval: chosen.interval,
          typedFingerprint: isFingerprint ? fingerprint : null,
        }),
      );
    } catch (error) {
      setFailure(rejectionText(error));
    }
  }

  const end = (interval: Choice['interval']): string =>
    shortInstant(new Date(now().getTime() + INTERVAL_MS[interval]));
  return (
    <Dialog
      role="alertdialog"
      width="wide"
      tone="danger"
      icon="shield-warning"
      title={words.connectDespite}
      description={<p>{words.risk}</p>}
      onDismiss={onRefuse}
      actions={
        <>
          <button
            type="button"
            class="button button-danger apart"
            disabled={chosen === null}
            onClick={() => void authorize()}
          >
            {words.authorize}
          </button>
          <button type="button" class="button button-filled" autofocus onClick={onRefuse}>
            {words.workOffline}
          </button>
          <button type="button" class="button" onClick={onBack}>
            {words.back}
          </button>
        </>
      }
    >
      {link.value !== 'open' && <Away />}
      {failure !== null && (
        <p class="box tone-danger" role="alert">
          {failure}
        </p>
      )}
      <div class="authorize">
        <fieldset class="periods">
          <legend>{words.howLong}</legend>
          {choices.map((choice) => {
            const isLocked = choice.needsFingerprint && !isFingerprint;
            return (
              <label key={choice.interval} class="period">
                <input
                  type="radio"
                  name="period"
                  checked={chosen?.interval === choice.interval}
                  disabled={isLocked}
                  onChange={() => setChosen(choice)}
                />
                <span>{words.intervals[choice.interval]}</span>
                <span class="hint">
                  {isLocked ? words.needsFingerprint : words.until(end(choice.interval))}
                </span>
              </label>
            );
          })}
        </fieldset>
        <div class="meaning">
          <Field
            label={words.fingerprint}
            hint={words.fingerprintHint}
            value={typed}
            onInput={(value) => {
              setTyped(value);
              if (chosen?.needsFingerprint === true) setChosen(null);
            }}
            error={typed === '' || isFingerprint ? null : words.notAFingerprint}
            mono
          />
          <h3>{words.meaning}</h3>
          <p>
            {chosen === null || chosen.interval === 'until-stop'
              ? words.meansStop(host)
              : words.means(host, end(chosen.interval))}
          </p>
          <p class="second">{words.noAlways}</p>
        </div>
      </div>
    </Dialog>
  );
}

/** Why an answer was not taken. */
function rejectionText(error: unknown): string {
  const known: Readonly<Record<string, string>> = t().question.rejected;
  return (error instanceof ApiFailure ? known[error.code] : undefined) ?? messageOf(error);
}

function Closed() {
  const { shell } = t();
  const closed = closedQuestion.value;
  if (closed === null) return null;
  const { how, question } = closed;
  const close = (): void => {
    closedQuestion.value = null;
  };
  const said = shell.closed[how];
  return (
    <Dialog
      width="narrow"
      title={shell.product}
      icon="info"
      tone="ask"
      description={<p>{typeof said === 'string' ? said : said(question.host)}</p>}
      onDismiss={close}
      actions={
        <button type="button" class="button button-filled" autofocus onClick={close}>
          {shell.ok}
        </button>
      }
    />
  );
}

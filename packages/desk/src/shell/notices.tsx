/** Notices: what the person should know and need not answer. */

import { Icon } from '../parts/icon.tsx';
import { ask, dismiss, notices, question } from '../state.ts';
import { t } from '../text/text.ts';

const ICONS = { caution: 'info', danger: 'bad', info: 'info', ok: 'good' } as const;

/** All notices, the waiting question first: it only leads to the dialog. */
export function Notices() {
  const { shell } = t();
  const waiting = question.value;
  return (
    <section class="notices" aria-label={shell.notices}>
      {waiting !== null && (
        <div class="box tone-ask notice">
          <Icon name="ask" />
          <p>{shell.questionWaits(waiting.host)}</p>
          <button type="button" class="button button-small" onClick={() => ask(waiting.id)}>
            {shell.answerNow}
          </button>
        </div>
      )}
      {notices.value.map(({ id, tone, text }) => (
        <div
          key={id}
          class={`box tone-${tone} notice`}
          role={tone === 'danger' ? 'alert' : 'status'}
        >
          <Icon name={ICONS[tone]} />
          <p>{text}</p>
          <button
            type="button"
            class="button button-quiet button-icon"
            aria-label={shell.dismiss}
            onClick={() => dismiss(id)}
          >
            <Icon name="close" small />
          </button>
        </div>
      ))}
    </section>
  );
}

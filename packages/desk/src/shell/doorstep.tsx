/** What is shown while there is nothing to show: opening, not signed in, or the daemon is away. */

import { Icon } from '../parts/icon.tsx';
import { link } from '../state.ts';
import { t } from '../text/text.ts';

/** The whole page, before the daemon's first word. */
export function Doorstep() {
  const { link: words, product } = t().shell;
  const said = {
    opening: { title: product, text: words.opening },
    open: { title: product, text: words.opening },
    lost: { title: words.lostTitle, text: words.lostHint },
    'no-session': { title: words.noSessionTitle, text: words.noSession },
    'code-used': { title: words.codeUsedTitle, text: words.codeUsed },
  }[link.value];
  return (
    <main class="doorstep">
      <Icon name="gate" />
      <h1>{said.title}</h1>
      <p role="status">{said.text}</p>
    </main>
  );
}

/** A bar over what was known before: the daemon does not answer, or this window's session has ended. */
export function Away() {
  const { link: words } = t().shell;
  const isSignedOut = link.value === 'no-session';
  return (
    <div class="box tone-danger away" role="alert">
      <Icon name="offline" />
      <div>
        <b>{isSignedOut ? words.noSessionTitle : words.lostTitle}</b>
        <p>{isSignedOut ? words.noSession : words.lost}</p>
      </div>
    </div>
  );
}

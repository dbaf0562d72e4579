/** A state as word, sign and colour together; the word carries the meaning. */

import type { ConnectionSecurity, ProfileReport } from '@postern/connector/api';
import { shortInstant } from '../format.ts';
import { t } from '../text/text.ts';
import { Icon, type IconName } from './icon.tsx';

/** The tone of a state: its colours. */
export type Tone = 'ask' | 'caution' | 'danger' | 'off' | 'ok';

/** How a state is shown. */
export interface StateLook {
  word: string;
  /** What follows the word: until when, or why. */
  detail: string | null;
  icon: IconName;
  tone: Tone;
}

/** How a profile stands as a whole: the least secure of its eight connections. */
export function profileLook(profile: ProfileReport): StateLook {
  const { shell } = t();
  if (profile.questionId !== null) {
    return { word: shell.states.waiting, detail: null, icon: 'ask', tone: 'ask' };
  }
  if (profile.workOffline !== null) {
    const detail = shell.offline[profile.workOffline.reason];
    return { word: shell.states.offline, detail, icon: 'offline', tone: 'off' };
  }
  if (profile.security.kind === 'none') {
    return { word: shell.states.connecting, detail: null, icon: 'clock', tone: 'off' };
  }
  return connectionLook(profile.security);
}

/** How one connection is protected. */
export function connectionLook(security: ConnectionSecurity): StateLook {
  const { shell } = t();
  const { states } = shell;
  switch (security.kind) {
    case 'SECURE':
      return { word: states.secure, detail: null, icon: 'shield-good', tone: 'ok' };
    case 'trusted-by-you': {
      const detail = shell.trustedUntil(shortInstant(security.until));
      return { word: states.trusted, detail, icon: 'shield-half', tone: 'caution' };
    }
    case 'NOT SECURE': {
      const detail = shell.trustedUntil(shortInstant(security.until));
      return { word: states.notSecure, detail, icon: 'shield-bad', tone: 'danger' };
    }
    case 'refused':
      return {
        word: states.notSecure,
        detail: security.reason,
        icon: 'shield-bad',
        tone: 'danger',
      };
    case 'waiting':
      return { word: states.waiting, detail: null, icon: 'ask', tone: 'ask' };
    case 'none':
      return { word: states.resting, detail: null, icon: 'clock', tone: 'off' };
  }
}

/** The state on one line. */
export function State({ look, pill = false }: { look: StateLook; pill?: boolean }) {
  return (
    <span class={`state tone-${look.tone}${pill ? ' pill' : ''}`}>
      <Icon name={look.icon} small />
      <b>{look.word}</b>
      {look.detail !== null && <span class="state-detail">{look.detail}</span>}
    </span>
  );
}

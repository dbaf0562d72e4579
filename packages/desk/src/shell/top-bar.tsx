/** The top of the window: the name, the profile, and Work Offline as a switch. */

import { pathOf, send } from '../client.ts';
import { Switch } from '../parts/form.tsx';
import { Icon } from '../parts/icon.tsx';
import { attempt, chosenProfile, profile, status } from '../state.ts';
import { t } from '../text/text.ts';

/** Send/Receive, as a person's own doing: a question that comes of it opens its dialog. */
export async function sendReceive(name: string): Promise<void> {
  await attempt(() => send('POST', `${pathOf('profiles', name, 'send-receive')}?wait=0`));
}

/** Switches Work Offline. */
export async function workOffline(name: string, on: boolean): Promise<void> {
  await attempt(() => send('POST', pathOf('profiles', name, 'work-offline'), { on }));
}

/** The bar. */
export function TopBar() {
  const { shell } = t();
  const shown = profile.value;
  const all = status.value?.profiles ?? [];
  return (
    <header class="top">
      <div class="brand">
        <Icon name="gate" />
        <span>{shell.product}</span>
      </div>
      <div class="who">
        {shown !== null && (
          <Switch
            label={shell.workOffline}
            on={shown.workOffline !== null && shown.workOffline.reason !== 'starting'}
            onChange={(on) => void workOffline(shown.profile, on)}
          />
        )}
        {all.length > 1 && shown !== null && (
          <select
            class="input"
            aria-label={shell.profileLabel}
            value={shown.profile}
            onChange={(event) => {
              chosenProfile.value = event.currentTarget.value;
            }}
          >
            {all.map((one) => (
              <option key={one.profile} value={one.profile}>
                {one.email}
              </option>
            ))}
          </select>
        )}
      </div>
    </header>
  );
}

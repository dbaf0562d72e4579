/** The line at the bottom: the only place that speaks of security when all is well, and of long work. */

import type { ProfileReport, Progress } from '@postern/connector/api';
import { now } from '../clock.ts';
import { count } from '../format.ts';
import { profileLook, State } from '../parts/state-pill.tsx';
import { profile } from '../state.ts';
import { t } from '../text/text.ts';
import { workOffline } from './top-bar.tsx';

/** State, server, and how far the longest work is. */
export function StatusLine() {
  const { shell } = t();
  const shown = profile.value;
  if (shown === null) return <footer class="status" />;
  const work = longest(shown);
  return (
    <footer class="status">
      <State look={profileLook(shown)} />
      <span>{shown.serverName}</span>
      {shown.questionId !== null && <span>{shell.paused}</span>}
      {shown.workOffline !== null && shown.questionId === null && (
        <button type="button" class="link" onClick={() => void workOffline(shown.profile, false)}>
          {shell.reconnect}
        </button>
      )}
      {work !== null && (
        <span class="status-work number">
          <span>{progressText(work)}</span>
          {work.total !== null && (
            <progress
              class="progress"
              aria-label={progressText(work)}
              max={work.total}
              value={work.done}
            />
          )}
        </span>
      )}
    </footer>
  );
}

/** What is being received, if anything is: the work with most left to do. */
function longest({ connections }: ProfileReport): Progress | null {
  const running = connections.flatMap(({ activity, progress }) =>
    activity === 'running' &&
    progress !== null &&
    progress.done < (progress.total ?? Number.POSITIVE_INFINITY)
      ? [progress]
      : [],
  );
  return running.sort((a, b) => (b.total ?? 0) - b.done - ((a.total ?? 0) - a.done))[0] ?? null;
}

/** "Receiving 12,480 of 20,000 · 3,100/s · 3 s left". */
export function progressText({ done, total, startedAt }: Progress): string {
  const { shell } = t();
  const seconds = Math.max(0.5, (now().getTime() - Date.parse(startedAt)) / 1000);
  const rate = done / seconds;
  const shownRate = count(Math.round(rate));
  if (total === null) return shell.progressOpen(count(done), shownRate);
  const left = rate === 0 ? null : Math.ceil((total - done) / rate);
  return shell.progress(count(done), count(total), shownRate, left === null ? '?' : spanText(left));
}

function spanText(seconds: number): string {
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

/** The window: what stands around the view, and the question over it. */

import '../style/shell.css';
import { useEffect } from 'preact/hooks';
import { Connections } from '../connections/connections.tsx';
import { QuestionDialogs } from '../question/question-dialogs.tsx';
import { askedId, closedQuestion, link, questions, spoken, status } from '../state.ts';
import { t } from '../text/text.ts';
import { Away, Doorstep } from './doorstep.tsx';
import { Notices } from './notices.tsx';
import { StatusLine } from './status-line.tsx';
import { TopBar } from './top-bar.tsx';

/** Everything on the page. */
export function Page() {
  useTitle();
  return (
    <>
      <div class="unseen" role="status" aria-live="polite">
        {spoken.value}
      </div>
      {status.value === null ? <Doorstep /> : <Window />}
    </>
  );
}

function Window() {
  return (
    <div class="window">
      <TopBar />
      <main class="stage">
        {link.value !== 'open' && <Away />}
        <Notices />
        <Connections />
      </main>
      <StatusLine />
      {(askedId.value !== null || closedQuestion.value !== null) && <QuestionDialogs />}
    </div>
  );
}

/** A question that waits is seen on the tab too. */
function useTitle(): void {
  const { connections, shell } = t();
  const waiting = questions.value.length;
  const title = `${waiting > 0 ? `(${waiting}) ` : ''}${connections.title} - ${shell.product}`;
  useEffect(() => {
    document.title = title;
  }, [title]);
}

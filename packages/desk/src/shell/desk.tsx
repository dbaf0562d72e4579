/** The window: what stands around the view, and the question over it. */

import '../style/shell.css';
import { useEffect } from 'preact/hooks';
import { askedId, closedQuestion, link, questions, spoken, status } from '../desk.ts';
import { Overview } from '../overview/overview.tsx';
import { QuestionDialogs } from '../question/question-dialogs.tsx';
import { t } from '../text/text.ts';
import { Away, Doorstep } from './doorstep.tsx';
import { Notices } from './notices.tsx';
import { StatusLine } from './status-line.tsx';
import { TopBar } from './top-bar.tsx';

/** Everything on the page. */
export function Desk() {
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
        <Overview />
      </main>
      <StatusLine />
      {(askedId.value !== null || closedQuestion.value !== null) && <QuestionDialogs />}
    </div>
  );
}

/** A question that waits is seen on the tab too. */
function useTitle(): void {
  const { overview, shell } = t();
  const waiting = questions.value.length;
  const title = `${waiting > 0 ? `(${waiting}) ` : ''}${overview.title} - ${shell.product}`;
  useEffect(() => {
    document.title = title;
  }, [title]);
}

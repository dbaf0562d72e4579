/**
 * A native modal dialog. Escape is never vetoed, because browsers let the second one through anyway:
 * whoever opens a dialog says what closing without a choice means.
 */

import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { t } from '../text/text.ts';
import { Icon, type IconName } from './icon.tsx';

interface DialogProps {
  title: string;
  /** The sentences that a screen reader reads with the title. */
  description?: ComponentChildren;
  /** `alertdialog` for a question, `dialog` for everything else. */
  role?: 'alertdialog' | 'dialog';
  tone?: 'ask' | 'caution' | 'danger' | 'ok' | 'plain';
  icon?: IconName;
  /** `wide` for two columns, `small` for a question of one line. */
  width?: 'narrow' | 'normal' | 'wide';
  /** The row of buttons. */
  actions: ComponentChildren;
  /** Escape, the close button, or the browser closed it: nothing was chosen. */
  onDismiss: () => void;
  /** A close button in the corner, for what is only looked at. */
  canClose?: boolean;
  children?: ComponentChildren;
}

/** Opens with the element that has `autofocus`; gives the focus back when it goes. */
export function Dialog({
  title,
  description,
  role = 'dialog',
  tone = 'plain',
  icon,
  width = 'normal',
  actions,
  onDismiss,
  canClose = false,
  children,
}: DialogProps) {
  const place = useRef<HTMLDialogElement>(null);
  const dismiss = useRef(onDismiss);
  dismiss.current = onDismiss;
  const titleId = useId();
  const descriptionId = useId();

  useEffect(() => {
    const dialog = place.current;
    if (dialog === null) return;
    let isLeaving = false;
    const closed = (): void => {
      if (!isLeaving) dismiss.current();
    };
    dialog.addEventListener('close', closed);
    dialog.showModal();
    return () => {
      isLeaving = true;
      dialog.removeEventListener('close', closed);
      dialog.close();
    };
  }, []);

  return (
    <dialog
      ref={place}
      role={role}
      class={`dialog dialog-${width} tone-${tone}`}
      aria-labelledby={titleId}
      aria-describedby={description === undefined ? undefined : descriptionId}
    >
      <header class="dialog-head">
        {icon !== undefined && (
          <span class="dialog-sign">
            <Icon name={icon} />
          </span>
        )}
        <div class="dialog-lead">
          <h2 id={titleId}>{title}</h2>
          {description !== undefined && <div id={descriptionId}>{description}</div>}
        </div>
        {canClose && (
          <button
            type="button"
            class="button button-quiet button-icon"
            aria-label={t().shell.close}
            onClick={onDismiss}
          >
            <Icon name="close" />
          </button>
        )}
      </header>
      {children !== undefined && <div class="dialog-body">{children}</div>}
      <footer class="dialog-actions">{actions}</footer>
    </dialog>
  );
}

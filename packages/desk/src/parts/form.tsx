/** Fields of a form: label above, hint and error below, tied together for screen readers. */

import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { Icon } from './icon.tsx';

interface FieldProps {
  label: string;
  value: string;
  onInput: (value: string) => void;
  hint: ComponentChildren;
  error: string | null;
  mono?: boolean;
}

/** One line of text. */
export function Field({ label, value, onInput, hint, error, mono = false }: FieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        class={mono ? 'input mono' : 'input'}
        value={value}
        autocomplete="off"
        spellcheck={false}
        aria-invalid={error !== null}
        aria-describedby={error === null ? `${id}-hint` : `${id}-hint ${id}-error`}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      <p class="hint" id={`${id}-hint`}>
        {hint}
      </p>
      {error !== null && (
        <p class="error" id={`${id}-error`}>
          <Icon name="bad" small />
          {error}
        </p>
      )}
    </div>
  );
}

/** A switch: on or off at once, without OK. */
export function Switch({
  label,
  on,
  onChange,
  disabled = false,
}: {
  label: string;
  on: boolean;
  onChange: (on: boolean) => void;
  disabled?: boolean;
}) {
  return (
    <button
      type="button"
      role="switch"
      class="switch"
      aria-checked={on}
      disabled={disabled}
      onClick={() => onChange(!on)}
    >
      <span class="switch-track" aria-hidden="true" />
      {label}
    </button>
  );
}

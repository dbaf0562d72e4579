/**
 * Text that others wrote, made safe to print: what could move a cursor, turn the reading direction
 * or hide is shown as `\u{..}`, and everything has a length.
 */

/** Longest name, in characters: RFC 5280's upper bounds add up to less for any usual name. */
export const MAX_NAME_TEXT = 512;

/** Longest value of one extension as text, in characters: a screen full. */
export const MAX_VALUE_TEXT = 4096;

// Controls (ESC, C1), format characters (bidi, zero width), separators, private use, half surrogates.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\p{Cn}]/gu;

/** Escapes control, bidi and invisible characters, and cuts at `limit` characters with an ellipsis. */
export function printable(text: string, limit: number): string {
  // Cut before escaping too, so that a megabyte of controls costs nothing.
  const escaped = text
    .slice(0, limit + 1)
    .replace(UNSAFE, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
  return escaped.length > limit ? `${escaped.slice(0, limit - 1)}…` : escaped;
}

/** An attribute's value as RFC 4514 2.4 writes it, so that no value can look like another attribute. */
export function escapeAttributeValue(value: string): string {
  return value.replace(/[\\,+"<>;=]/g, '\\$&').replace(/^[ #]| $/g, '\\$&');
}

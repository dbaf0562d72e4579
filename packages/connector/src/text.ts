/** Text that others wrote, made safe to show in a message or a list. Loads nothing: the store's thread uses it too. */

/** Most characters of a server's text that go into a message. */
const EXCERPT_LENGTH = 200;

/** Text of a stranger made safe to print: bounded, without control, bidi and invisible characters. */
export function excerpt(text: string, limit = EXCERPT_LENGTH): string {
  return text
    .slice(0, limit)
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .toWellFormed();
}

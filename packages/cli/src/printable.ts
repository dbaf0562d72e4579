/** Text of strangers, made fit for a terminal: nothing in it can move the cursor or reorder a line. */

/** Controls, format characters (bidi, zero width, tags), line and paragraph separators, private use, lone surrogates. */
const DANGEROUS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu;

/** One line of text with every control, bidi and invisible character written as `\u{202E}`. */
export function printable(text: string): string {
  return text.replace(
    DANGEROUS,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`,
  );
}

/** Several lines: as {@link printable}, but line ends and tabs stay. */
export function printableLines(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .split('\n')
    .map((line) => line.split('\t').map(printable).join('  '))
    .join('\n');
}

/** Cuts a line to `width` columns of text, with an ellipsis where something is missing. */
export function clipped(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width
    ? text
    : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

/** An endpoint as it is typed: `mail.example.com:443`, `[::1]:443`. */
export function endpointText(endpoint: { host: string; port: number }): string {
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host;
  return `${printable(host)}:${endpoint.port}`;
}

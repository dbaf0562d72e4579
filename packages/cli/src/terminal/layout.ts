/** Text in columns: wrapped sentences, labelled values, two certificates side by side. */

/** Breaks text at spaces so that no line is longer than `width`; a longer word stands alone. */
export function wrapped(text: string, width: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if ([...longer].length > width - indent.length && line !== '') {
      lines.push(indent + line);
      line = word;
    } else {
      line = longer;
    }
  }
  lines.push(indent + line);
  return lines;
}

/** A sign or number, then text that hangs from it. */
export function hanging(sign: string, text: string, width: number): string[] {
  const indent = ' '.repeat([...sign].length);
  const [first = '', ...rest] = wrapped(text, width, indent);
  return [sign + first.slice(indent.length), ...rest];
}

/** Lines of `label   value`; a long value hangs under its beginning. */
export function labelled(
  rows: readonly (readonly [label: string, value: string])[],
  width: number,
  indent = '  ',
): string[] {
  const column = Math.max(0, ...rows.map(([label]) => label.length)) + 2;
  return rows.flatMap(([label, value]) => hanging(indent + label.padEnd(column), value, width));
}

/** A fingerprint in two lines of sixteen pairs, as people compare them. */
export function fingerprintLines(text: string): string[] {
  const pairs = text.split(':');
  return [pairs.slice(0, 16).join(':'), pairs.slice(16).join(':')].filter((line) => line !== '');
}

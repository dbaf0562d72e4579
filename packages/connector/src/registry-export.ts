/** Reads a Windows registry export: keys with their text and number values. Never evaluates anything. */

import { FormatError } from '@postern/trust';

/** One key of the export. Values that are neither text nor a number are left out. */
export interface RegistryKey {
  key: string;
  values: ReadonlyMap<string, number | string>;
}

const HEADER = /^(?:Windows Registry Editor Version 5\.00|REGEDIT4)\s*$/;
const VALUE = /^(?:"((?:[^"\\]|\\.)*)"|@)\s*=\s*(.*)$/;

/** Parses decoded text. Throws FormatError ERR_PROFILE_INVALID, naming the line. */
export function parseRegistryExport(text: string, what: string): readonly RegistryKey[] {
  // A backslash at the end of a line continues a hex value on the next one.
  const lines = text.replaceAll(/\\\r?\n[ \t]*/g, '').split(/\r?\n/);
  const [header, ...rest] = lines;
  if (header === undefined || !HEADER.test(header)) {
    throw invalid(what, 1, 'a registry export begins with "Windows Registry Editor Version 5.00"');
  }
  const keys: { key: string; values: Map<string, number | string> }[] = [];
  for (const [index, raw] of rest.entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith(';')) continue;
    if (line.startsWith('[') && line.endsWith(']')) {
      keys.push({ key: line.slice(1, -1), values: new Map() });
      continue;
    }
    const found = VALUE.exec(line);
    const key = keys.at(-1);
    if (found === null || key === undefined) {
      throw invalid(what, index + 2, 'a line is a key in brackets or a "name"=value');
    }
    const value = parseValue(found[2] ?? '');
    if (value !== null) key.values.set(unescaped(found[1] ?? ''), value);
  }
  return keys;
}

function parseValue(text: string): number | string | null {
  const quoted = /^"((?:[^"\\]|\\.)*)"$/.exec(text)?.[1];
  if (quoted !== undefined) return unescaped(quoted);
  const dword = /^dword:([0-9a-f]{1,8})$/i.exec(text)?.[1];
  if (dword !== undefined) return Number.parseInt(dword, 16);
  // hex(1) and hex(2) are text in UTF-16LE; plain hex is how MAPI keeps its string properties.
  const hex = /^hex(?:\([12]\))?:([0-9a-f,\s]*)$/i.exec(text)?.[1];
  if (hex === undefined) return null;
  const bytes = Uint8Array.from(
    hex.split(',').filter((one) => one.trim() !== ''),
    (one) => Number.parseInt(one, 16),
  );
  if (bytes.length % 2 !== 0) return null;
  const decoded = new TextDecoder('utf-16le').decode(bytes).replace(/\0+$/, '');
  return decoded.includes('\0') ? null : decoded;
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, '$1');
}

function invalid(what: string, line: number, why: string): FormatError {
  return new FormatError(
    'ERR_PROFILE_INVALID',
    `line ${line} of "${what}" cannot be read: ${why}`,
    { what },
  );
}

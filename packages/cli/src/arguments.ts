/** What people type as arguments, read once and strictly: endpoints, periods, fingerprints, numbers. */

import { parseFingerprint, TRUST_INTERVALS, type TrustInterval } from '@postern/trust';
import type { Command } from 'commander';
import { UsageError } from './failure.ts';

/** HTTPS without a port in the address (RFC 9110 4.2.2). */
const HTTPS_PORT = 443;

/** `HOST`, `HOST:PORT`, `[IPv6]:PORT` or a bare IPv6 address. Throws UsageError. */
export function parseEndpoint(text: string): { host: string; port: number } {
  if (text.includes('/')) {
    throw new UsageError(`"${text}" is not HOST[:PORT]`, [
      'give the server name without https:// and path',
    ]);
  }
  const bracketed = /^\[([0-9a-fA-F:.]+)\](?::([0-9]+))?$/.exec(text);
  const plain = /^([^:\s]+)(?::([0-9]+))?$/.exec(text);
  const bare = /^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$/.test(text) ? [text, text] : null;
  const found = bracketed ?? plain ?? bare;
  const host = found?.[1];
  if (host === undefined) throw new UsageError(`"${text}" is not HOST[:PORT]`);
  return { host, port: found?.[2] === undefined ? HTTPS_PORT : parsePort(found[2]) };
}

/** A TCP port. Throws UsageError. */
export function parsePort(text: string): number {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new UsageError(`port "${text}" is not between 1 and 65535`);
  return port;
}

/** A period of the drop-list. Throws UsageError. */
export function parseInterval(text: string): TrustInterval {
  const interval = TRUST_INTERVALS.find((known) => known === text);
  if (interval !== undefined) return interval;
  const hints = text.toLowerCase() === 'always' ? ['there is no "Always"'] : [];
  throw new UsageError(`"${text}" is not one of ${TRUST_INTERVALS.join(', ')}`, hints);
}

/** A SHA-256 fingerprint in any usual notation, as lower-case hex. Throws UsageError. */
export function parseSha256(text: string): string {
  const sha256 = parseFingerprint(text);
  if (sha256 !== null) return sha256;
  throw new UsageError(`"${text}" is not a SHA-256 fingerprint`, [
    'it has 64 hexadecimal digits; your administrator has it ("postern server fingerprint" on the server)',
  ]);
}

/** A whole number from 1. Throws UsageError. */
export function parseCount(text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text))
    throw new UsageError(`"${text}" is not a whole number from 1`);
  return Number(text);
}

/** `on` or `off`. Throws UsageError. */
export function parseSwitch(text: string): boolean {
  if (text === 'on' || text === 'off') return text === 'on';
  throw new UsageError(`"${text}" is not "on" or "off"`);
}

/** Declares a verb of a noun, with the options that every command has. */
export function verb(
  noun: Command,
  usage: string,
  description: string,
  examples: readonly string[],
): Command {
  return finish(noun.command(usage).description(description), examples);
}

/** Adds `--json` and examples to a command. */
export function finish(command: Command, examples: readonly string[]): Command {
  return command
    .helpCommand(false)
    .option('--json', 'print the answer as JSON')
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}`);
}

/** A profile and its eight connections as lines: for `status`, for progress, for the live view. Pure. */

import type {
  ConnectionReport,
  ConnectionSecurity,
  OfflineReason,
  ProfileReport,
  Progress,
  UnreadableProfile,
} from '@postern/connector';
import { type Output, table } from '../output.ts';
import { endpointText, printable } from '../printable.ts';
import { connectionName, counted, instantText, sizeText } from './words.ts';

/** Columns of a progress bar. */
const BAR_WIDTH = 16;

/** What a connection is doing, in words. */
const ACTIVITY_WORDS: Readonly<Record<ConnectionReport['activity'], string>> = {
  connecting: 'connecting',
  failed: 'failed',
  idle: 'resting',
  offline: 'offline',
  running: 'running',
  'waiting-for-decision': 'waiting for your decision',
  watching: 'watching',
};

/** Why a profile works offline, in words. */
const OFFLINE_WORDS: Readonly<Record<OfflineReason, string>> = {
  'by-hand': 'you chose to',
  'no-password': 'the password is not known',
  refused: 'you did not allow the connection',
  'server-away': 'the server does not answer',
  'server-refused': 'the server refuses',
  'store-failed': 'what you decide cannot be kept on this computer',
  starting: 'not started yet',
  'stopped-trusting': 'you stopped trusting the server',
  'waiting-for-decision': 'waiting for your decision',
  'wrong-password': 'the server did not accept the password',
};

/** A profile that is there and cannot be used; the reason names the key, and mostly the file as well. */
export function unreadableLine({ name, path, code, message }: UnreadableProfile): string {
  const where = message.includes(path) ? '' : ` (${printable(path)})`;
  return `Profile ${printable(name)} cannot be used${where}: ${code}: ${printable(message)}`;
}

/** As `Date.toISOString` writes it. */
const ISO_INSTANT = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;

/** Items for each second, by connection; null while it is not known. */
export type Rates = (purpose: string) => number | null;

/** How a connection is protected, in words; until when, says the Connection Status. `SECURE` for the verdict `secure` alone. */
function securityText(security: ConnectionSecurity): string {
  switch (security.kind) {
    case 'SECURE':
    case 'NOT SECURE':
      return security.kind;
    case 'trusted-by-you':
      return 'trusted by you';
    case 'refused':
      return `refused: ${printable(security.reason)}`;
    case 'waiting':
      return 'waiting';
    case 'none':
      return '-';
  }
}

/** A bar with counts and a rate, never a spinner alone. */
export function progressText(
  { unit, done, total, bytes }: Omit<Progress, 'startedAt'>,
  rate: number | null,
): string {
  const speed = rate === null || rate < 1 ? '' : ` · ${Math.round(rate).toLocaleString('en-US')}/s`;
  const size = bytes > 0 ? ` · ${sizeText(bytes)}` : '';
  if (total === null) return `${counted(done, singular(unit), unit)}${size}${speed}`;
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const filled = Math.round(share * BAR_WIDTH);
  const bar = `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}]`;
  const of = `${done.toLocaleString('en-US')} of ${counted(total, singular(unit), unit)}`;
  return `${bar} ${of}${size}${speed}`;
}

function singular(unit: string): string {
  return unit.endsWith('ies') ? `${unit.slice(0, -3)}y` : unit.replace(/s$/, '');
}

/** The eight as a table: name, activity, protection, and progress, summary or error. */
function connectionLines(
  connections: readonly ConnectionReport[],
  width: number,
  about: { rates?: Rates } = {},
): string[] {
  const rows = connections.map((connection) => [
    connectionName(connection.purpose),
    ACTIVITY_WORDS[connection.activity],
    securityText(connection.security),
    lastColumn(connection, about.rates?.(connection.purpose) ?? null),
  ]);
  return table(rows, width - 2).map((line) => `  ${line}`);
}

function lastColumn(
  { activity, progress, summary, error }: ConnectionReport,
  rate: number | null,
): string {
  if (activity === 'failed' && error !== null) return printable(error.message);
  if (progress !== null && activity !== 'idle' && activity !== 'watching') {
    return progressText(progress, rate);
  }
  return summary === null ? '' : printable(summary);
}

/** A profile: who, where, Connection Status, why it is offline, then the eight. */
export function profileLines(
  report: ProfileReport,
  output: Pick<Output, 'paint' | 'width'>,
  about: { rates?: Rates; timeZone?: string } = {},
): string[] {
  const scheme = report.useSecureConnection ? '' : ', without Use Secure Connection';
  // The daemon's instants are for programs.
  const status = printable(report.connectionStatus).replace(ISO_INSTANT, (instant) =>
    instantText(instant, about.timeZone),
  );
  const tone =
    status === 'SECURE' ? 'good' : status.startsWith('NOT SECURE') ? 'danger' : 'caution';
  const offline =
    report.workOffline === null ? [] : [`Working offline: ${offlineText(report.workOffline)}`];
  return [
    `${output.paint('strong', printable(report.profile))}   ${printable(report.email)} on ${endpointText({ host: report.serverName, port: report.port })}${scheme}`,
    `Connection Status: ${output.paint(tone, status)}`,
    ...offline,
    ...report.notices.map((notice) => `Notice: ${printable(notice)}`),
    ...connectionLines(report.connections, output.width, about),
  ];
}

/** Why a profile works offline. What the person decided needs no further words; what the server did has some. */
export function offlineText({ reason, detail }: NonNullable<ProfileReport['workOffline']>): string {
  const said = OFFLINE_WORDS[reason];
  const isTheServers = reason === 'server-away' || reason === 'server-refused';
  return isTheServers && detail !== '' ? `${said} (${printable(detail)})` : said;
}

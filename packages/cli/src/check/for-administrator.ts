/** A look as the report that is sent to the administrator of a server: the same text as that of a question. */

import { administratorReport } from '@postern/connector';
import { version } from '../version.ts';
import type { Looked } from './looker.ts';

/** What was typed that whoever looks again must type too. */
export interface Retyped {
  name?: string;
  days?: string;
  strict?: true;
}

/** The report as text, with a line break at its end. No path of this computer is in it. */
export function textForAdministrator({ report, diagnosis }: Looked, retyped: Retyped): string {
  const { host, port, startTls } = report;
  const { name, days, strict } = retyped;
  return administratorReport({
    endpoint: host === null || port === null ? null : { host, port },
    purpose: null,
    at: diagnosis.at,
    isSecure: report.verdict === 'secure',
    diagnosis,
    isNameChecked: report.serverName !== null,
    causes: report.causes,
    versions: {
      postern: version(),
      node: process.version,
      openssl: process.versions.openssl,
    },
    checkOptions: [
      ...(name === undefined ? [] : ['--name', diagnosis.serverName]),
      ...(startTls === null ? [] : ['--starttls', startTls]),
      ...(days === undefined ? [] : ['--days', days]),
      ...(strict === undefined ? [] : ['--strict']),
    ],
  });
}

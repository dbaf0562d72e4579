/**
 * View Certificate for a terminal: General, Details, Certification Path. The certificate was parsed
 * where the gate is; here its text is only laid out.
 */

import type { CertificateReport } from '@postern/connector';
import { formatFingerprint } from '@postern/trust';
import type { Output } from '../output.ts';
import { printable, printableLines } from '../printable.ts';
import { fingerprintLines, hanging, labelled } from './layout.ts';
import { instantText } from './words.ts';

/** What drawing needs to know of the terminal. */
export type Drawing = Pick<Output, 'paint'> & { width: number; timeZone?: string };

/** One element of the path that explains best. */
export interface PathReport {
  position: number | null;
  anchor: string | null;
  status: string;
  sha256: string;
  subject: string;
}

/** General: the verdict in words, who it was issued to and by, from when to when, why it is not trusted. */
export function generalLines(
  certificate: CertificateReport,
  reasons: readonly string[],
  drawing: Drawing,
): string[] {
  const { width, timeZone } = drawing;
  const verdict =
    reasons.length === 0
      ? ['No problem was found with this certificate.']
      : reasons.flatMap((reason) => hanging('x ', printable(reason), width));
  const names =
    certificate.names.length === 0 ? '(none)' : certificate.names.map(printable).join(', ');
  return [
    ...verdict,
    '',
    ...labelled(
      [
        ['Issued to', printable(certificate.subject)],
        ['Issued by', printable(certificate.issuer)],
        ['Names', names],
        ['Valid from', instantText(certificate.notBefore, timeZone)],
        ['Valid to', instantText(certificate.notAfter, timeZone)],
        ['May be used for', usage(certificate)],
        ...fingerprintRows(certificate.sha256),
      ],
      width,
    ),
  ];
}

/** Details: every field and extension as `Field  Value`, then the certificate as PEM. */
export function detailsLines(certificate: CertificateReport, drawing: Drawing): string[] {
  const { width, timeZone } = drawing;
  return [
    ...labelled(
      [
        ['Serial number', printable(certificate.serialNumber)],
        ['Signature algorithm', printable(certificate.signatureAlgorithm)],
        ['Issuer', printable(certificate.issuer)],
        ['Not valid before', instantText(certificate.notBefore, timeZone)],
        ['Not valid after', instantText(certificate.notAfter, timeZone)],
        ['Subject', printable(certificate.subject)],
        ['Public key', printable(certificate.publicKey)],
        ...certificate.extensions.map(
          ({ name, critical, value }) =>
            [printable(name) + (critical ? ' (critical)' : ''), printable(value)] as const,
        ),
        ['SHA-1', formatFingerprint(certificate.sha1)],
        ...fingerprintRows(certificate.sha256),
      ],
      width,
    ),
    '',
    ...printableLines(certificate.pem.trimEnd()).split('\n'),
  ];
}

/** Certification Path: from the root down to the server's certificate, each with its own state. */
export function pathLines(
  path: readonly PathReport[],
  verdict: string,
  drawing: Drawing,
): string[] {
  const rootFirst = [...path].reverse();
  const elements = rootFirst.flatMap((element, depth) => {
    const branch = depth === 0 ? '' : `${'   '.repeat(depth - 1)}└─ `;
    const anchor = element.anchor === null ? '' : ` — ${printable(element.anchor)}`;
    return hanging(
      `  ${branch}`,
      `${printable(element.subject)} [${printable(element.status)}]${anchor}`,
      drawing.width,
    );
  });
  return [...elements, '', ...hanging('  Whole path: ', printable(verdict), drawing.width)];
}

function usage({ isCa, keyUsage, extendedKeyUsage }: CertificateReport): string {
  const uses = [...(extendedKeyUsage ?? []), ...(keyUsage ?? [])].map(printable);
  const authority = isCa === true ? ['issuing certificates (CA)'] : [];
  return [...authority, ...uses].join(', ') || 'anything (not limited)';
}

function fingerprintRows(sha256: string): [string, string][] {
  return fingerprintLines(formatFingerprint(sha256)).map((line, index) => [
    index === 0 ? 'SHA-256' : '',
    line,
  ]);
}

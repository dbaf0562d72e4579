/**
 * Causes in words: what is behind it, what the person in front of the screen can do, and what the
 * administrator of the server has to do. A guess says "may"; only a proof says "is".
 */

import type { Cause } from './causes.ts';
import { formatFingerprint } from './certificate.ts';
import { printable } from './printable.ts';

/** Longest host name that is shown: RFC 1035 2.3.4 allows no longer one. */
const MAX_HOST_TEXT = 253;

/** One sentence for people. */
export function describeCause(cause: Cause): string {
  const isProof = cause.certainty === 'proof';
  switch (cause.kind) {
    case 'clock': {
      const because =
        cause.source === 'release'
          ? `this version of Postern came out on ${day(cause.atLeast)}`
          : `Postern was in use here on ${minute(cause.atLeast)}`;
      return `The clock of this computer ${isProof ? 'is' : 'may be'} wrong: it says ${minute(cause.now)}, and ${because}.`;
    }
    case 'sign-in-page':
      return isProof
        ? 'This network lets nothing through before you have signed in to it.'
        : `This network may want you to sign in to it first: it answers for the server and leads to ${hostOf(cause.location)}.`;
    case 'inspection':
      if (cause.root === null) {
        return 'This server was verified before, and now its certificate comes from an issuer that is not known here: software that inspects connections may be in between, or an attacker.';
      }
      return `Software that inspects connections may be in between: the certificate was issued under "${cause.root}", a root in the store of this computer that is not one of the public ones.`;
    case 'missing-intermediate':
      return isProof
        ? `The server leaves out a certificate that it has to send: "${cause.issuer}".`
        : `The server may leave out a certificate that it has to send: "${cause.issuer}".`;
    case 'private-root':
      return isProof
        ? `The certificate comes from a private authority whose root is not installed on this computer: "${cause.subject}".`
        : `The certificate may come from a private authority whose root is not installed on this computer: "${cause.subject}".`;
    case 'near-miss-name':
      return `The certificate is good for another name: "${cause.suggested}" may be what you want instead of "${cause.typed}".`;
    case 'ended-recently':
      return `${which(cause.position)} ended ${ago(cause.days)}, on ${day(cause.notAfter)}, and has not been renewed.`;
    case 'old-protocols-only':
      return `The server speaks nothing newer than ${cause.protocol}; at least ${cause.minimum} is required.`;
  }
}

/** What the person in front of the screen can do. Never a way around the question. */
export function describeCure(cause: Cause): string {
  switch (cause.kind) {
    case 'clock':
      return 'Compare the date and time of this computer with another clock, set them right if they are wrong, then try again.';
    case 'sign-in-page':
      return 'Open any page in a web browser, sign in to the network there, then try again. Do not enter the password of your mail there.';
    case 'inspection':
      return cause.root === null
        ? 'Work offline until the administrator has said that this is meant.'
        : 'Ask whoever looks after this computer whether its connections are inspected on purpose. Work offline until you know.';
    case 'missing-intermediate':
      return 'You cannot mend this here. Tell the administrator of the server what to add.';
    case 'private-root':
      return 'Ask the administrator for the root CA certificate, and for its fingerprint by another way than mail, then install it. Take it from nobody else.';
    case 'near-miss-name':
      return `Ask the administrator whether "${cause.suggested}" is the right server name. If so, write it into the profile.`;
    case 'ended-recently':
      return 'Tell the administrator of the server to renew it, and try again afterwards.';
    case 'old-protocols-only':
      return 'You cannot mend this here. Tell the administrator of the server to switch on a newer version of TLS.';
  }
}

/** What the administrator of the server has to do, line by line with the commands; null where it is not theirs to mend. */
export function adviceForAdministrator(cause: Cause): string | null {
  switch (cause.kind) {
    case 'clock':
    case 'sign-in-page':
      return null;
    case 'inspection':
      return cause.root === null
        ? null
        : lines(
            `Connections to this server are answered under the root "${cause.root}" of the client's own store.`,
            ...fingerprintLines(cause.sha256),
            'If inspection is meant, exempt this server from it. If the root is your own, see the problems that are listed.',
          );
    case 'missing-intermediate':
      return adviceToAdd(cause);
    case 'private-root':
      return adviceToDeploy(cause);
    case 'near-miss-name':
      return lines(
        `Tell people to use "${cause.suggested}", or put "${cause.typed}" into the certificate as a subject alternative name.`,
        `Zimbra, its own authority: zmcertmgr createcrt -new -subjectAltNames "${cause.suggested},${cause.typed}", then zmcertmgr deploycrt self`,
        `Zimbra, commercial: zmcertmgr createcsr comm -new -subjectAltNames "${cause.suggested},${cause.typed}", have it signed, then zmcertmgr deploycrt comm`,
        'Then zmcontrol restart.',
      );
    case 'ended-recently':
      return cause.position === 0
        ? lines(
            `Renew the certificate of the server; it ended on ${day(cause.notAfter)}.`,
            'Zimbra, its own authority: zmcertmgr createcrt -new -days 365, then zmcertmgr deploycrt self',
            'Zimbra, commercial: zmcertmgr createcsr comm -new, have it signed, then zmcertmgr deploycrt comm commercial.crt commercial_ca.crt',
            'Then zmcontrol restart, and zmcertmgr checkcrtexpiration to see that it is in place.',
          )
        : lines(
            `${which(cause.position)} ended on ${day(cause.notAfter)}: ask your certification authority for its successor and put it in the place of the old one.`,
            'Zimbra: in commercial_ca.crt, then zmcertmgr deploycrt comm commercial.crt commercial_ca.crt and zmcontrol restart',
          );
    case 'old-protocols-only':
      return lines(
        `Switch on ${cause.minimum} or newer; the server speaks nothing newer than ${cause.protocol}.`,
        'Zimbra: zmprov mcf +zimbraReverseProxySSLProtocols TLSv1.2 +zimbraReverseProxySSLProtocols TLSv1.3, then zmproxyctl restart',
        'nginx: ssl_protocols TLSv1.2 TLSv1.3;',
      );
  }
}

function adviceToAdd(cause: Extract<Cause, { kind: 'missing-intermediate' }>): string {
  const { issuer, url, pem, sha256 } = cause;
  const from = url === null ? '' : ` Its certification authority offers it at ${url}`;
  return lines(
    `The server has to send "${issuer}" after its own certificate.${from}`,
    ...fingerprintLines(sha256),
    'If the file is DER: openssl x509 -inform DER -in FILE -out intermediate.pem',
    'Zimbra: put it into commercial_ca.crt, in front of the root; check with zmcertmgr verifycrt comm commercial.key commercial.crt commercial_ca.crt; then zmcertmgr deploycrt comm commercial.crt commercial_ca.crt and zmcontrol restart',
    'nginx, Apache, Postfix, Dovecot: append it to the file with the certificate of the server, after that certificate.',
    ...(pem === null ? [] : [pem.trimEnd()]),
  );
}

/** A Zimbra authority is known by its usual name alone, which anybody can write: it decides nothing but these words. */
function adviceToDeploy({ subject, sha256 }: Extract<Cause, { kind: 'private-root' }>): string {
  const looksLikeZimbra = /(^|,) ?OU=Zimbra Collaboration Server(,|$)/.test(subject);
  const file = looksLikeZimbra ? '/opt/zimbra/ssl/zimbra/ca/ca.pem' : 'root.pem';
  return lines(
    `Give out the root CA certificate "${subject}" and its fingerprint, each by its own way, or use a certificate of a public authority.`,
    ...fingerprintLines(sha256),
    ...(looksLikeZimbra
      ? [`It looks like the authority that zmcertmgr makes; if so, its file is ${file}`]
      : []),
    `Fingerprint: openssl x509 -in ${file} -noout -fingerprint -sha256`,
    `Windows: openssl x509 -in ${file} -out cacert.der -outform DER, then Group Policy: Computer Configuration, Windows Settings, Security Settings, Public Key Policies, Trusted Root Certification Authorities`,
    'Debian, Ubuntu: put it into /usr/local/share/ca-certificates/ as a .crt file in PEM, then update-ca-certificates',
    'Fedora, RHEL: put it into /etc/pki/ca-trust/source/anchors/, then update-ca-trust',
  );
}

/** What was met, to be compared with what the administrator has; never to be given out from here. */
function fingerprintLines(sha256: string | null): string[] {
  return sha256 === null ? [] : [`It was met with the SHA-256 ${formatFingerprint(sha256)}`];
}

function lines(...all: readonly string[]): string {
  return all.join('\n');
}

function hostOf(location: string | null): string {
  const host = location === null ? undefined : URL.parse(location)?.hostname;
  return host === undefined ? 'another place' : `"${printable(host, MAX_HOST_TEXT)}"`;
}

function which(position: number | null): string {
  if (position === null) return 'A certificate that was not sent';
  return position === 0 ? 'The certificate' : `Certificate ${position + 1} of the chain`;
}

function ago(days: number): string {
  if (days < 1) return 'less than a day ago';
  return `${days} ${days === 1 ? 'day' : 'days'} ago`;
}

function day(instant: string): string {
  return instant.slice(0, 10);
}

function minute(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 16)} UTC`;
}

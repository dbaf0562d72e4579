/** The Certificate Trust Dialog, Connect Despite the Risks and Authorize Connections. */

const en = {
  titles: {
    insecure: 'This connection is not secure',
    changed: "The server's certificate has changed",
    'was-secure': 'This server used to be verified and no longer is',
  },
  could: (doing: string, server: string) => `While ${doing}, Postern could not verify ${server}.`,
  couldFor: (doing: string, account: string, server: string) =>
    `While ${doing} for ${account}, Postern could not verify ${server}.`,
  plain: (doing: string, server: string) =>
    `While ${doing}, Postern would have to use ${server} without protection.`,
  plainRisk:
    'This connection would use HTTP: anybody on the way can read and change your password and all your mail.',
  phrases: {
    mail: 'sending and receiving mail',
    folders: 'synchronizing folders',
    gal: 'synchronizing the Global Address List',
    changes: 'detecting changes on the server',
    signatures: 'synchronizing signatures',
    senders: 'synchronizing whitelists and blacklists',
    preferences: 'synchronizing preferences',
    upgrade: 'checking for an upgrade',
  },
  nothingSent: 'Nothing has been sent: no password and no mail.',
  checked: 'What was checked',
  checks: { issuer: 'Issuer', dates: 'Dates', name: 'Name', other: 'Other' },
  fine: {
    issuer: 'The issuer is known and trusted.',
    dates: 'The certificate is valid now.',
    name: 'The certificate is for this server.',
  },
  problem: 'Problem',
  passed: { issuer: 'Trusted', dates: 'Valid', name: 'Matches' },
  behind: 'What is behind this',
  certain: 'Found out',
  likely: 'Likely',
  helps: 'What helps',
  copyReport: 'Copy Report for the Administrator',
  waiting: (count: number, names: string) =>
    count === 1
      ? `One other connection waits for the same answer: ${names}.`
      : `${count} other connections wait for the same answer: ${names}.`,
  workOffline: 'Work Offline',
  connectDespite: 'Connect Despite the Risks',
  authorize: 'Authorize Connections',
  back: 'Back',
  forbidden: 'Your organization does not allow this connection. Only your administrator can help.',
  hopeless:
    'With this problem nobody may allow the connection: it has to be mended on the server, by its administrator.',
  reasons: {
    'new-problem': 'You trusted this certificate before; since then it shows a new problem.',
    'override-expired': 'You trusted this certificate before; that time is over.',
  },
  remarks: (count: number) =>
    count === 1
      ? 'One remark, which does not stand in the way'
      : `${count} remarks, which do not stand in the way`,
  risk: 'If this is not your server, whoever runs it can read your password and all your mail. Has your administrator told you to expect this?',
  howLong: 'How long to trust this certificate',
  intervals: {
    'until-stop': 'Until Postern stops',
    '1h': '1 hour',
    '1d': '1 day',
    '7d': '7 days',
    '30d': '30 days',
  },
  until: (when: string) => `until ${when}`,
  needsFingerprint: 'needs the fingerprint',
  fingerprint: 'Fingerprint from your administrator (SHA-256)',
  fingerprintHint: 'Get it by telephone or in person, never from this connection.',
  notAFingerprint: 'This is no SHA-256 fingerprint: that has 64 hexadecimal digits.',
  meaning: 'What you allow',
  means: (server: string, when: string) =>
    `All eight connections to ${server} go ahead until ${when}, as long as the server shows this certificate and no new problem. Otherwise Postern asks again.`,
  meansStop: (server: string) =>
    `All eight connections to ${server} go ahead until Postern stops, a day at most, as long as the server shows this certificate and no new problem. Otherwise Postern asks again.`,
  noAlways: 'There is no “Always”. Program updates still wait for SECURE.',
  compared: 'The certificate of before and the one of now',
  field: 'Field',
  before: 'Before',
  now: 'Now',
  same: 'Same',
  differs: 'Differs',
  fields: {
    issuer: 'Issued by',
    key: 'Key',
    names: 'Names',
    'not-after': 'Valid to',
    'not-before': 'Valid from',
    'serial-number': 'Serial number',
    sha256: 'SHA-256',
    signature: 'Signature',
    spki: 'SHA-256 of the key',
    subject: 'Issued to',
  },
  rejected: {
    'no-such-question': 'This question is over. Nothing was authorized.',
    'other-certificate': 'The server shows another certificate by now. Nothing was authorized.',
    'fingerprint-differs':
      'This is not the fingerprint of the certificate that the server presents. Do not connect: ask your administrator. Nothing was authorized.',
    'fingerprint-needed': 'This period needs the fingerprint. Nothing was authorized.',
    'interval-not-allowed': 'This period is not allowed any more. Nothing was authorized.',
    ERR_SESSION_IDLE:
      'This window was unused for half an hour, so it may not grant trust any more. Open Postern again on the command line: npx postern open',
    ERR_SESSION_NONE:
      'This window is not signed in any more. Nothing was authorized. Open Postern again on the command line: npx postern open',
    ERR_UNREACHABLE: 'Postern does not answer. Nothing was authorized.',
  },
};

const de: typeof en = {
  titles: {
    insecure: 'Diese Verbindung ist nicht sicher',
    changed: 'Das Zertifikat des Servers hat sich geändert',
    'was-secure': 'Dieser Server ließ sich bisher überprüfen, jetzt nicht mehr',
  },
  could: (doing, server) => `${doing}: Postern konnte ${server} nicht überprüfen.`,
  couldFor: (doing, account, server) =>
    `${doing} für ${account}: Postern konnte ${server} nicht überprüfen.`,
  plain: (doing, server) => `${doing}: Postern müsste ${server} ungeschützt benutzen.`,
  plainRisk:
    'Diese Verbindung würde HTTP benutzen: Jeder auf dem Weg kann Ihr Kennwort und Ihre ganze E-Mail lesen und ändern.',
  phrases: {
    mail: 'Senden und Empfangen von E-Mail',
    folders: 'Abgleich der Ordner',
    gal: 'Abgleich der globalen Adressliste',
    changes: 'Erkennen von Änderungen auf dem Server',
    signatures: 'Abgleich der Signaturen',
    senders: 'Abgleich der erlaubten und gesperrten Absender',
    preferences: 'Abgleich der Einstellungen',
    upgrade: 'Suche nach einer neuen Version',
  },
  nothingSent: 'Nichts wurde gesendet: kein Kennwort und keine E-Mail.',
  checked: 'Was geprüft wurde',
  checks: { issuer: 'Aussteller', dates: 'Gültigkeit', name: 'Name', other: 'Weiteres' },
  fine: {
    issuer: 'Der Aussteller ist bekannt und vertrauenswürdig.',
    dates: 'Das Zertifikat ist jetzt gültig.',
    name: 'Das Zertifikat gehört zu diesem Server.',
  },
  problem: 'Problem',
  passed: { issuer: 'Vertraut', dates: 'Gültig', name: 'Passt' },
  behind: 'Was dahintersteckt',
  certain: 'Festgestellt',
  likely: 'Vermutlich',
  helps: 'Was hilft',
  copyReport: 'Bericht für den Administrator kopieren',
  waiting: (count, names) =>
    count === 1
      ? `Eine weitere Verbindung wartet auf dieselbe Antwort: ${names}.`
      : `${count} weitere Verbindungen warten auf dieselbe Antwort: ${names}.`,
  workOffline: 'Offline arbeiten',
  connectDespite: 'Trotz der Risiken verbinden',
  authorize: 'Verbindungen autorisieren',
  back: 'Zurück',
  forbidden: 'Ihre Organisation erlaubt diese Verbindung nicht. Nur Ihr Administrator kann helfen.',
  hopeless:
    'Mit diesem Problem darf niemand die Verbindung erlauben: Es muss auf dem Server behoben werden, von seinem Administrator.',
  reasons: {
    'new-problem':
      'Sie haben diesem Zertifikat früher vertraut; seitdem zeigt es ein neues Problem.',
    'override-expired': 'Sie haben diesem Zertifikat früher vertraut; diese Zeit ist vorbei.',
  },
  remarks: (count) =>
    count === 1
      ? 'Eine Anmerkung, die nicht im Weg steht'
      : `${count} Anmerkungen, die nicht im Weg stehen`,
  risk: 'Ist dies nicht Ihr Server, kann sein Betreiber Ihr Kennwort und Ihre ganze E-Mail lesen. Hat Ihr Administrator Sie darauf vorbereitet?',
  howLong: 'Wie lange diesem Zertifikat vertraut wird',
  intervals: {
    'until-stop': 'Bis Postern endet',
    '1h': '1 Stunde',
    '1d': '1 Tag',
    '7d': '7 Tage',
    '30d': '30 Tage',
  },
  until: (when) => `bis ${when}`,
  needsFingerprint: 'braucht den Fingerabdruck',
  fingerprint: 'Fingerabdruck von Ihrem Administrator (SHA-256)',
  fingerprintHint: 'Am Telefon oder persönlich, niemals über diese Verbindung.',
  notAFingerprint: 'Das ist kein SHA-256-Fingerabdruck: der hat 64 hexadezimale Ziffern.',
  meaning: 'Was Sie erlauben',
  means: (server, when) =>
    `Alle acht Verbindungen zu ${server} arbeiten bis ${when}, solange der Server dieses Zertifikat und kein neues Problem zeigt. Sonst fragt Postern wieder.`,
  meansStop: (server) =>
    `Alle acht Verbindungen zu ${server} arbeiten, bis Postern endet, höchstens einen Tag, solange der Server dieses Zertifikat und kein neues Problem zeigt. Sonst fragt Postern wieder.`,
  noAlways: 'Ein „Immer“ gibt es nicht. Neue Programmversionen warten weiter auf SICHER.',
  compared: 'Das bisherige Zertifikat und das jetzige',
  field: 'Feld',
  before: 'Bisher',
  now: 'Jetzt',
  same: 'Gleich',
  differs: 'Anders',
  fields: {
    issuer: 'Ausgestellt von',
    key: 'Schlüssel',
    names: 'Namen',
    'not-after': 'Gültig bis',
    'not-before': 'Gültig ab',
    'serial-number': 'Seriennummer',
    sha256: 'SHA-256',
    signature: 'Signatur',
    spki: 'SHA-256 des Schlüssels',
    subject: 'Ausgestellt für',
  },
  rejected: {
    'no-such-question': 'Diese Frage ist vorbei. Nichts wurde autorisiert.',
    'other-certificate':
      'Der Server zeigt inzwischen ein anderes Zertifikat. Nichts wurde autorisiert.',
    'fingerprint-differs':
      'Das ist nicht der Fingerabdruck des Zertifikats, das der Server zeigt. Verbinden Sie sich nicht: Fragen Sie Ihren Administrator. Nichts wurde autorisiert.',
    'fingerprint-needed': 'Diese Dauer braucht den Fingerabdruck. Nichts wurde autorisiert.',
    'interval-not-allowed': 'Diese Dauer ist nicht mehr erlaubt. Nichts wurde autorisiert.',
    ERR_SESSION_IDLE:
      'Dieses Fenster war eine halbe Stunde unbenutzt und darf nichts mehr erlauben. Öffnen Sie Postern auf der Befehlszeile neu: npx postern open',
    ERR_SESSION_NONE:
      'Dieses Fenster ist nicht mehr angemeldet. Nichts wurde autorisiert. Öffnen Sie Postern auf der Befehlszeile neu: npx postern open',
    ERR_UNREACHABLE: 'Postern antwortet nicht. Nichts wurde autorisiert.',
  },
};

/** Sentences of the question. */
export const questionText = { en, de };

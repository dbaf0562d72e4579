/** The window around everything: rail, command bar, status line, notices, and what is said when the daemon is away. */

const en = {
  product: 'Postern',
  workOffline: 'Work Offline',
  sendReceive: 'Send/Receive',
  profileLabel: 'Profile',
  notices: 'Notices',
  dismiss: 'Dismiss',
  close: 'Close',
  ok: 'OK',
  cancel: 'Cancel',
  copied: 'Copied.',
  states: {
    secure: 'SECURE',
    trusted: 'TRUSTED BY YOU',
    waiting: 'WAITING FOR YOUR DECISION',
    notSecure: 'NOT SECURE',
    offline: 'WORKING OFFLINE',
    connecting: 'CONNECTING',
    resting: 'Resting',
  },
  trustedUntil: (until: string) => `until ${until}`,
  offline: {
    'by-hand': 'You chose Work Offline.',
    'no-password': 'Postern has no password for this profile.',
    refused: 'You did not allow the connection.',
    'server-away': 'The server does not answer.',
    'server-refused': 'The server refused Postern.',
    'store-failed': 'The local copy cannot be written.',
    starting: 'Postern is starting.',
    'stopped-trusting': 'You stopped trusting this server.',
    'waiting-for-decision': 'A question waits for your decision.',
    'wrong-password': 'The server did not accept the password.',
  },
  reconnect: 'Connect Again',
  answerNow: 'Answer Now',
  questionWaits: (server: string) =>
    `Postern could not verify ${server}. Nothing is sent until you decide.`,
  paused: 'Send/Receive is paused. Nothing is sent.',
  progress: (done: string, total: string, rate: string, left: string) =>
    `Receiving ${done} of ${total} · ${rate}/s · ${left} left`,
  progressOpen: (done: string, rate: string) => `Receiving ${done} · ${rate}/s`,
  link: {
    opening: 'Opening …',
    lost: 'Postern does not answer. Nothing that you decide here has an effect until it does. This window tries again by itself; if Postern was stopped, open it again on the command line: npx postern open',
    lostTitle: 'Postern does not answer',
    lostHint: 'If it was stopped, start it again on the command line: npx postern open',
    noSessionTitle: 'This window is not signed in',
    noSession: 'Open Postern again on the command line: npx postern open',
    codeUsedTitle: 'This address has been used already',
    codeUsed:
      'This address works once and for one minute. If you did not use it, somebody else did; that session has ended. Open Postern again on the command line: npx postern open',
  },
  closed: {
    answered: 'The question was answered in another window or in the terminal.',
    recovered: (server: string) =>
      `${server} can be verified again. The question has closed itself, and Postern goes on.`,
    replaced: (server: string) =>
      `${server} shows another certificate now. What you saw is void; nothing was authorized.`,
    void: 'The question is over: nothing was authorized.',
  },
};

const de: typeof en = {
  product: 'Postern',
  workOffline: 'Offline arbeiten',
  sendReceive: 'Senden/Empfangen',
  profileLabel: 'Profil',
  notices: 'Hinweise',
  dismiss: 'Ausblenden',
  close: 'Schließen',
  ok: 'OK',
  cancel: 'Abbrechen',
  copied: 'Kopiert.',
  states: {
    secure: 'SICHER',
    trusted: 'VON IHNEN VERTRAUT',
    waiting: 'WARTET AUF IHRE ENTSCHEIDUNG',
    notSecure: 'NICHT SICHER',
    offline: 'ARBEITET OFFLINE',
    connecting: 'VERBINDET',
    resting: 'Ruht',
  },
  trustedUntil: (until) => `bis ${until}`,
  offline: {
    'by-hand': 'Sie haben „Offline arbeiten“ gewählt.',
    'no-password': 'Postern hat kein Kennwort für dieses Profil.',
    refused: 'Sie haben die Verbindung nicht erlaubt.',
    'server-away': 'Der Server antwortet nicht.',
    'server-refused': 'Der Server hat Postern abgewiesen.',
    'store-failed': 'Die lokale Kopie kann nicht geschrieben werden.',
    starting: 'Postern startet.',
    'stopped-trusting': 'Sie vertrauen diesem Server nicht mehr.',
    'waiting-for-decision': 'Eine Frage wartet auf Ihre Entscheidung.',
    'wrong-password': 'Der Server hat das Kennwort nicht angenommen.',
  },
  reconnect: 'Wieder verbinden',
  answerNow: 'Jetzt antworten',
  questionWaits: (server) =>
    `Postern konnte ${server} nicht überprüfen. Bis Sie entscheiden, wird nichts gesendet.`,
  paused: 'Senden/Empfangen ist angehalten. Nichts wird gesendet.',
  progress: (done, total, rate, left) =>
    `${done} von ${total} empfangen · ${rate}/s · noch ${left}`,
  progressOpen: (done, rate) => `${done} empfangen · ${rate}/s`,
  link: {
    opening: 'Wird geöffnet …',
    lost: 'Postern antwortet nicht. Was Sie hier entscheiden, wirkt erst wieder, wenn es antwortet. Dieses Fenster versucht es von selbst erneut; wurde Postern beendet, öffnen Sie es auf der Befehlszeile neu: npx postern open',
    lostTitle: 'Postern antwortet nicht',
    lostHint: 'Wurde es beendet, starten Sie es auf der Befehlszeile neu: npx postern open',
    noSessionTitle: 'Dieses Fenster ist nicht angemeldet',
    noSession: 'Öffnen Sie Postern auf der Befehlszeile neu: npx postern open',
    codeUsedTitle: 'Diese Adresse wurde bereits benutzt',
    codeUsed:
      'Die Adresse gilt einmal und eine Minute lang. Haben Sie sie nicht benutzt, war es jemand anderes; dessen Sitzung ist beendet. Öffnen Sie Postern auf der Befehlszeile neu: npx postern open',
  },
  closed: {
    answered: 'Die Frage wurde in einem anderen Fenster oder im Terminal beantwortet.',
    recovered: (server) =>
      `${server} lässt sich wieder überprüfen. Die Frage hat sich geschlossen, Postern arbeitet weiter.`,
    replaced: (server) =>
      `${server} zeigt jetzt ein anderes Zertifikat. Was Sie sahen, gilt nicht mehr; nichts wurde autorisiert.`,
    void: 'Die Frage ist vorbei: nichts wurde autorisiert.',
  },
};

/** Sentences of the window. */
export const shellText = { en, de };

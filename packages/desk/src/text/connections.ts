/** The eight connections, and Stop Trusting. */

const en = {
  title: 'Connections',
  table: 'The eight connections',
  connection: 'Connection',
  state: 'State',
  received: 'Received',
  sent: 'Sent',
  lastUsed: 'Last used',
  contents: 'Here',
  names: {
    mail: 'Mail',
    folders: 'Folders',
    gal: 'Address list',
    changes: 'Changes',
    signatures: 'Signatures',
    senders: 'Allowed and blocked senders',
    preferences: 'Preferences',
    upgrade: 'Upgrade',
  },
  never: 'not yet',
  stopTrusting: 'Stop Trusting',
  stopEffect: (server: string) =>
    `Stop Trusting ends all eight connections to ${server} at once and works offline. Your mail stays on this computer.`,
  stopDone: (server: string) =>
    `You do not trust ${server} any more. If you have doubts about it, change your password.`,
  server: (server: string, port: number) => `${server}, port ${port}`,
  noProfile: 'There is no profile yet. On the command line: npx postern profile create',
};

const de: typeof en = {
  title: 'Verbindungen',
  table: 'Die acht Verbindungen',
  connection: 'Verbindung',
  state: 'Zustand',
  received: 'Empfangen',
  sent: 'Gesendet',
  lastUsed: 'Zuletzt benutzt',
  contents: 'Hier',
  names: {
    mail: 'E-Mail',
    folders: 'Ordner',
    gal: 'Adressliste',
    changes: 'Änderungen',
    signatures: 'Signaturen',
    senders: 'Erlaubte und gesperrte Absender',
    preferences: 'Einstellungen',
    upgrade: 'Neue Version',
  },
  never: 'noch nicht',
  stopTrusting: 'Nicht mehr vertrauen',
  stopEffect: (server) =>
    `Alle acht Verbindungen zu ${server} enden sofort, und Postern arbeitet offline. Ihre E-Mail bleibt auf diesem Computer.`,
  stopDone: (server) =>
    `Sie vertrauen ${server} nicht mehr. Haben Sie Zweifel an ihm, ändern Sie Ihr Kennwort.`,
  server: (server, port) => `${server}, Port ${port}`,
  noProfile: 'Es gibt noch kein Profil. Auf der Befehlszeile: npx postern profile create',
};

/** Sentences of the Connections view. */
export const connectionsText = { en, de };

/** What each of the eight connections does, in the words of the article. English. */

/** By purpose: `mail: 'sending and receiving mail'`. */
export const PHRASES: Readonly<Record<string, string>> = {
  mail: 'sending and receiving mail',
  folders: 'synchronizing folders',
  gal: 'synchronizing the Global Address List',
  changes: 'detecting changes on the server',
  signatures: 'synchronizing signatures',
  senders: 'synchronizing whitelists and blacklists',
  preferences: 'synchronizing preferences',
  upgrade: 'checking for an upgrade',
};

/**
 * `@postern/server`: a small Zimbra-compatible server that stores for real. {@link createServer} runs it; the other functions
 * administer a home, whether or not it runs.
 */

export type { AccountDraft, NewAccount } from './accounts.ts';
export {
  type AtHome,
  addMailMessages,
  addMessage,
  changeGal,
  createAccount,
  importMail,
  initializeHome,
  listAccounts,
  setMailMode,
  setPassword,
} from './administration.ts';
export { type Fingerprints, serverFingerprint } from './certs/fingerprint.ts';
export { type Configuration, isMailMode, MAIL_MODES, type MailMode } from './configuration.ts';
export type { GalDraft } from './gal.ts';
export { type Home, homePaths } from './home.ts';
export type { ImportProgress, ImportResult, IncomingMessage } from './import/import-mail.ts';
export type { LogEntry } from './log-file.ts';
export {
  createSampleMailbox,
  generatedMessages,
  type SampleMailbox,
  type SampleMessage,
  sampleMessages,
} from './sample.ts';
export {
  createServer,
  DEFAULT_PORTS,
  type Server,
  type ServerAddresses,
  type ServerOptions,
} from './server.ts';
export { UsageFault } from './usage-fault.ts';

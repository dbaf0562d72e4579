/**
 * What the command line does to a home, whether or not its server runs: they meet in the database, and a running
 * server tells its waiting clients of each commit. Each function opens the store and closes it again.
 */

import { type Clock, systemClock } from '@postern/trust';
import {
  type AccountDraft,
  accountNames,
  addAccount,
  changePassword,
  type NewAccount,
} from './accounts.ts';
import { ensureCertificates } from './certs/authority.ts';
import {
  type Configuration,
  isMailMode,
  loadConfiguration,
  type MailMode,
  saveConfiguration,
} from './configuration.ts';
import { type GalDraft, removeGalEntry, setGalEntry } from './gal.ts';
import { homePaths, prepareHome } from './home.ts';
import {
  type ImportProgress,
  type ImportResult,
  type IncomingMessage,
  importFiles,
  importMessages,
} from './import/import-mail.ts';
import { openStore, type Store } from './store/store.ts';
import { UsageFault } from './usage-fault.ts';

/** Which home, and whose time. */
export interface AtHome {
  home: string;
  clock?: Clock;
}

/** Opens a home's store for `work`, and closes it afterwards. */
export async function withStore<T>(
  { home, clock }: AtHome,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const paths = homePaths(home);
  await prepareHome(paths);
  const store = openStore(paths, clock ?? systemClock);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/**
 * Makes home, settings and certificates where they are missing, without starting the server: so that a fingerprint can be
 * told before the first start.
 */
export async function initializeHome({
  home,
  clock,
  hostName,
}: AtHome & { hostName?: string }): Promise<{ created: boolean; configuration: Configuration }> {
  const paths = homePaths(home);
  await prepareHome(paths);
  const configuration = await loadConfiguration(paths, hostName);
  const now = (clock ?? systemClock).now();
  const { created } = await ensureCertificates(paths, configuration.hostName, now);
  return { created, configuration };
}

/** Sets zimbraMailMode; it counts from the next start on. Throws UsageFault. */
export async function setMailMode({ home, mode }: AtHome & { mode: string }): Promise<MailMode> {
  if (!isMailMode(mode)) throw new UsageFault(`"${mode}" is no zimbraMailMode`);
  const paths = homePaths(home);
  await prepareHome(paths);
  await saveConfiguration(paths, { ...(await loadConfiguration(paths)), zimbraMailMode: mode });
  return mode;
}

/** Makes an account; without a password one is made by chance, and is in the answer only. Throws UsageFault. */
export function createAccount(options: AtHome & AccountDraft): Promise<NewAccount> {
  return withStore(options, (store) => addAccount(store, options));
}

/** Gives an account a new password, by chance where none is given, and ends its log-ins. Throws UsageFault. */
export function setPassword(
  options: AtHome & { account: string; password?: string },
): Promise<{ password: string }> {
  return withStore(options, async (store) => ({
    password: await changePassword(store, options.account, options.password),
  }));
}

/** Names of all accounts. */
export function listAccounts(options: AtHome): Promise<readonly string[]> {
  return withStore(options, accountNames);
}

/** Imports `.eml` and mbox files, or all such files in folders. Throws UsageFault. */
export function importMail(
  options: AtHome & {
    account: string;
    /** Files and folders. */
    files: readonly string[];
    /** Path in the mailbox, made where it is missing. Default `/Inbox`. */
    targetFolder?: string;
    onProgress?: (progress: ImportProgress) => void;
  },
): Promise<ImportResult> {
  const { account, files, targetFolder = '/Inbox', onProgress = () => undefined } = options;
  return withStore(options, (store) =>
    importFiles(store, account, files, targetFolder, onProgress),
  );
}

/** Puts messages into a mailbox as they are, and returns their item ids. Throws UsageFault. */
export function addMailMessages(
  options: AtHome & {
    account: string;
    messages: AsyncIterable<IncomingMessage> | Iterable<IncomingMessage>;
    targetFolder?: string;
    onProgress?: (progress: { done: number; bytes: number }) => void;
  },
): Promise<readonly number[]> {
  const { account, messages, targetFolder = '/Inbox', onProgress } = options;
  return withStore(options, async (store) => {
    const { ids } = await importMessages(store, account, messages, targetFolder, onProgress);
    return ids;
  });
}

/** Puts one message into a mailbox as it is, unread, as if it had just arrived; returns its item id. Throws UsageFault. */
export async function addMessage(
  options: AtHome & { account: string; message: Uint8Array; targetFolder?: string; flags?: string },
): Promise<number> {
  const receivedAt = (options.clock ?? systemClock).now();
  const messages = [{ bytes: options.message, flags: options.flags ?? 'u', receivedAt }];
  const [id = 0] = await addMailMessages({ ...options, messages });
  return id;
}

/** Adds, replaces and removes entries of the global address list. */
export function changeGal(
  options: AtHome & { set?: readonly GalDraft[]; removeIds?: readonly string[] },
): Promise<void> {
  return withStore(options, (store) =>
    store.database.write(async (tx) => {
      for (const entry of options.set ?? []) await setGalEntry(tx, entry);
      for (const id of options.removeIds ?? []) await removeGalEntry(tx, id);
    }),
  );
}

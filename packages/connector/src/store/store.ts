/** The local store as its users see it; a thread of its own does the work. */

import { makePrivateFile, openThread } from '../sqlite/thread.ts';
import type { MailStore, StoreOperations } from './records.ts';

/**
 * Opens a store, creating its file with mode 0600. One process at a time.
 * Throws StoreError: ERR_STORE_LOCKED, ERR_STORE_CORRUPT, ERR_STORE_VERSION, ERR_STORE_UNSAFE.
 */
export async function openStore(path: string): Promise<MailStore> {
  makePrivateFile(path);
  const worker = new URL('./worker', import.meta.url);
  const { operation, close } = await openThread<StoreOperations>(path, { worker, transferable });
  return {
    standing: operation('standing'),
    beginInitial: operation('beginInitial'),
    applyDelta: operation('applyDelta'),
    pending: operation('pending'),
    storeBatch: operation('storeBatch'),
    replaceFolders: operation('replaceFolders'),
    folders: operation('folders'),
    messages: operation('messages'),
    item: operation('item'),
    detail: operation('detail'),
    document: operation('document'),
    putDocument: operation('putDocument'),
    applyGal: operation('applyGal'),
    galStanding: operation('galStanding'),
    searchGal: operation('searchGal'),
    enqueue: operation('enqueue'),
    nextToSend: operation('nextToSend'),
    recordAttempt: operation('recordAttempt'),
    recordSent: operation('recordSent'),
    recordFailure: operation('recordFailure'),
    outbox: operation('outbox'),
    close,
  };
}

/** A batch is made to be given away: its bytes move to the store's thread. */
function transferable(operation: string, args: readonly unknown[]): ArrayBuffer[] {
  const [batch] = args;
  if (operation !== 'storeBatch' || typeof batch !== 'object' || batch === null) return [];
  const bytes = 'bytes' in batch ? batch.bytes : null;
  const isWhole = bytes instanceof Uint8Array && bytes.byteLength === bytes.buffer.byteLength;
  return isWhole && bytes.buffer instanceof ArrayBuffer ? [bytes.buffer] : [];
}

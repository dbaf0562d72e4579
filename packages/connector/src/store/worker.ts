/** The local store's thread. */

import { serve } from '../sqlite/serve.ts';
import { createOperations } from './database.ts';
import { openDatabase } from './schema.ts';

serve({ open: openDatabase, operations: createOperations, transferable });

/** The bytes of a message move to the other thread instead of being copied. */
function transferable(result: unknown): ArrayBuffer[] {
  if (typeof result !== 'object' || result === null || !('raw' in result)) return [];
  const { raw } = result;
  const isWhole = raw instanceof Uint8Array && raw.byteLength === raw.buffer.byteLength;
  return isWhole && raw.buffer instanceof ArrayBuffer ? [raw.buffer] : [];
}

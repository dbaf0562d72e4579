/** A map that does not grow without end: beyond its limit what was used longest ago goes first. */

/** Endpoints that a gate remembers; a person's servers are a handful, a crawler's are millions. */
export const MAX_ENDPOINTS = 1024;

export interface Recent<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  delete(key: string): void;
  entries(): IterableIterator<[string, V]>;
}

/** Makes one. `letGo` says whether a value may be forgotten; of those that may not, any number is kept. */
export function createRecent<V>(
  limit: number,
  letGo: (value: V, key: string) => boolean,
): Recent<V> {
  const kept = new Map<string, V>();

  function shrink(newest: string): void {
    for (const [key, value] of kept) {
      if (kept.size <= limit) return;
      if (key !== newest && letGo(value, key)) kept.delete(key);
    }
  }

  return {
    get: (key) => kept.get(key),
    set(key, value) {
      // Last used goes last.
      kept.delete(key);
      kept.set(key, value);
      if (kept.size > limit) shrink(key);
    },
    delete: (key) => void kept.delete(key),
    entries: () => kept.entries(),
  };
}

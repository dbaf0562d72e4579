/** Uploaded files: held until a request uses them, or for a quarter of an hour. */

import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs/promises';
import path from 'node:path';
import type { Upload } from '@postern/soap';
import type { Clock } from '@postern/trust';
import { fault } from './faults.ts';

/** How long an upload is held, in ms (ZCS: FileUploadServlet, 15 minutes). */
const HELD_MS = 15 * 60_000;
/** Uploads held at once for one account; the oldest go first. */
const MAX_HELD = 100;

interface Held {
  accountId: string;
  file: string;
  at: number;
}

/** The files in `store/incoming`. What an earlier run left there is removed at the beginning. */
export class Uploads {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #held = new Map<string, Held>();

  constructor(folder: string, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /** Removes what an earlier run left. */
  async clear(): Promise<void> {
    for (const name of await fs.readdir(this.#folder)) {
      await fs.rm(path.join(this.#folder, name), { force: true });
    }
  }

  /** Keeps bytes for an account. */
  async keep(
    accountId: string,
    bytes: Uint8Array,
    about: { contentType: string | null; fileName: string | null },
  ): Promise<Upload> {
    await this.#expire(accountId);
    const aid = `${accountId}:${randomUUID()}`;
    const file = path.join(this.#folder, randomUUID());
    await fs.writeFile(file, bytes, { mode: 0o600, flag: 'wx' });
    this.#held.set(aid, { accountId, file, at: this.#clock.now().getTime() });
    return { aid, ...about, sizeBytes: bytes.length };
  }

  /** The bytes of an upload. Throws mail.NO_SUCH_UPLOAD, also for another account's. */
  async read(accountId: string, aid: string): Promise<Buffer> {
    await this.#expire(accountId);
    const held = this.#held.get(aid);
    if (held === undefined || held.accountId !== accountId) {
      throw fault.noSuchUpload(aid.slice(0, 100));
    }
    return fs.readFile(held.file);
  }

  async #expire(accountId: string): Promise<void> {
    const oldest = this.#clock.now().getTime() - HELD_MS;
    const own = [...this.#held].filter(([, held]) => held.accountId === accountId);
    const surplus = new Set(
      own.slice(0, Math.max(0, own.length - MAX_HELD + 1)).map(([aid]) => aid),
    );
    for (const [aid, held] of [...this.#held]) {
      if (held.at >= oldest && !surplus.has(aid)) continue;
      this.#held.delete(aid);
      await fs.rm(held.file, { force: true });
    }
  }
}

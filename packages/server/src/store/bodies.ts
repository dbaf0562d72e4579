/**
 * Message bodies: one file each, byte for byte, beside the database. A file is flushed before the row that
 * names it is committed, so a row never lacks its file; a file without a row (after a crash) is swept away
 * later. Names are random: nothing of a message is in them.
 */

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import path from 'node:path';
import { isMissing, syncFolder } from '../home.ts';

/** Files in one folder before another is taken; ZCS keeps its folders near this size too. */
const FILES_PER_FOLDER = 1000;
/** Up to this size a file is read at once: a thread's round trip costs more than these bytes. */
const READ_AT_ONCE_BYTES = 64 * 1024;
/** Files written at the same time: the size of Node's thread pool. */
const WRITERS = 4;
/** A file without a row may be one that is just being stored by another process; after this time it is not. */
const ORPHAN_AGE_MS = 3_600_000;

/** The files of all mailboxes, under `store/0`. */
export class Bodies {
  readonly #root: string;
  #folder: Promise<string> | null = null;
  #filesInFolder = 0;

  constructor(store: string) {
    this.#root = path.join(store, '0');
  }

  /** Stores bodies durably and returns their names, in order. */
  async put(bodies: readonly Uint8Array[]): Promise<readonly string[]> {
    const names: string[] = [];
    const folders = new Set<string>();
    for (const _ of bodies) {
      const folder = await this.#nextFolder();
      folders.add(folder);
      names.push(`${folder}/${randomBytes(12).toString('hex')}.msg`);
    }
    const queue = bodies.entries();
    const writer = async (): Promise<void> => {
      for (const [index, body] of queue) await this.#write(names[index] ?? '', body);
    };
    await Promise.all(Array.from({ length: WRITERS }, writer));
    for (const folder of folders) await syncFolder(path.join(this.#root, folder));
    return names;
  }

  async #write(name: string, body: Uint8Array): Promise<void> {
    const handle = await fs.open(path.join(this.#root, name), 'wx', 0o600);
    try {
      await handle.writeFile(body);
      await handle.datasync();
    } finally {
      await handle.close();
    }
  }

  /** The folder for one more file. Those who store at the same time all wait until it is there. */
  #nextFolder(): Promise<string> {
    if (this.#folder === null || this.#filesInFolder >= FILES_PER_FOLDER) {
      this.#folder = this.#makeFolder();
      this.#filesInFolder = 0;
    }
    this.#filesInFolder++;
    return this.#folder;
  }

  async #makeFolder(): Promise<string> {
    const folder = randomBytes(2).toString('hex').slice(0, 3);
    try {
      await fs.mkdir(path.join(this.#root, folder), { recursive: true, mode: 0o700 });
      await syncFolder(this.#root);
      return folder;
    } catch (error) {
      // A full disk may have room again at the next attempt.
      this.#folder = null;
      throw error;
    }
  }

  /** The bytes of a body. `size` is what the row says, and decides how it is read. */
  async read(name: string, size: number): Promise<Buffer> {
    const file = path.join(this.#root, name);
    return size <= READ_AT_ONCE_BYTES ? readFileSync(file) : fs.readFile(file);
  }

  /** Removes bodies whose rows are gone. A file that is missing already is no error. */
  async remove(names: readonly string[]): Promise<void> {
    for (const name of names) await fs.rm(path.join(this.#root, name), { force: true });
  }

  /** Removes old files that no row names, as a crash leaves them; returns how many. */
  async sweep(isNamed: (name: string) => Promise<boolean>, now: Date): Promise<number> {
    let swept = 0;
    for (const folder of await listIfThere(this.#root)) {
      for (const file of await listIfThere(path.join(this.#root, folder))) {
        const name = `${folder}/${file}`;
        if (await isNamed(name)) continue;
        const found = await fs.stat(path.join(this.#root, name));
        if (now.getTime() - found.mtimeMs < ORPHAN_AGE_MS) continue;
        await this.remove([name]);
        swept++;
      }
    }
    return swept;
  }
}

async function listIfThere(folder: string): Promise<readonly string[]> {
  try {
    return await fs.readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

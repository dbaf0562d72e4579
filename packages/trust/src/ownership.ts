/**
 * Refuses files, folders and sockets that another user of this computer could change, as ssh does
 * with its keys. The whole way to the path is walked, symbolic links included, because whoever can
 * write to a folder above can exchange everything below it.
 *
 * On Windows nothing of this is checked: Node sees no access control lists and reports no owner.
 * There a path is private as far as the user's profile folder is; see {@link OWNERSHIP_IS_CHECKED}.
 */

import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  type Stats,
} from 'node:fs';
import { dirname, join, parse, resolve, sep } from 'node:path';
import { StoreError } from './errors.ts';

/** False on Windows, where owners and access rights are not looked at; for `postern status` to say so. */
export const OWNERSHIP_IS_CHECKED = process.platform !== 'win32';

/** What stands at the path, and how private it has to be. */
export interface PrivacyDemand {
  kind: 'file' | 'folder' | 'socket';
  /** Others may not even read or enter it. Default false: they may read and not write. */
  closed?: boolean;
  /** Whose it must be, beside the system's own user 0. Default: the user of this process. */
  uid?: number;
}

/** `S_IWGRP | S_IWOTH`. A named user's entry in a POSIX access list shows as the group's bit. */
const WRITABLE_BY_OTHERS = 0o022;
/** Every right of group and others. */
const OPEN_TO_OTHERS = 0o077;
/** In a sticky folder (`/tmp`) nobody can rename or remove what belongs to another user. */
const STICKY = 0o1000;
/** Links followed on one way, as Linux has it (path_resolution(7)). */
const MAX_LINKS = 40;
/** More than any policy or list of roots needs; keeps a mistaken path from filling memory. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;

/**
 * Makes sure that nobody but this user and the system can change what stands at the path. Returns
 * false if nothing stands there and the way to it is private, so that it may be created.
 * Throws StoreError ERR_STORE_UNSAFE. On Windows only the kind is checked.
 */
export function assertPrivate(path: string, demand: PrivacyDemand): boolean {
  const found = walk(resolve(path), demand.uid ?? ownUid());
  if (found === null) return false;
  assertKindAndMode(path, found, demand);
  return true;
}

/**
 * Creates a folder with mode 0700 where there is none, and makes sure that it and the way to it are
 * private. An existing folder keeps its mode: `closed` refuses one that others may read.
 * Throws StoreError ERR_STORE_UNSAFE.
 */
export function ensurePrivateFolder(
  path: string,
  about: { closed?: boolean; uid?: number } = {},
): void {
  const demand: PrivacyDemand = { kind: 'folder', ...about };
  if (assertPrivate(path, demand)) return;
  mkdirSync(path, { recursive: true, mode: 0o700 });
  // Again, for what another process may have put there in between.
  assertPrivate(path, demand);
}

/**
 * Reads a file that nobody else can have written, of at most `maxBytes` (4 MiB by default). Returns null
 * if there is none.
 * Throws StoreError ERR_STORE_UNSAFE, or the system's own error when it cannot be read.
 */
export function readPrivateFile(
  path: string,
  about: { uid?: number; maxBytes?: number } = {},
): Uint8Array | null {
  const maxBytes = about.maxBytes ?? MAX_FILE_BYTES;
  const uid = about.uid ?? ownUid();
  const found = walk(resolve(path), uid);
  if (found === null) return null;
  const demand: PrivacyDemand = { kind: 'file', uid };
  assertKindAndMode(path, found, demand);
  const handle = openSync(found.realPath, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  try {
    // What was opened is judged, not what stood there a moment ago.
    const stats = fstatSync(handle);
    assertKindAndMode(path, { realPath: found.realPath, stats }, demand);
    if (stats.size > maxBytes) {
      throw unsafe(path, `"${path}" has ${stats.size} bytes, at most ${maxBytes} are read`);
    }
    return readFileSync(handle);
  } finally {
    closeSync(handle);
  }
}

interface Found {
  realPath: string;
  stats: Stats;
}

/** Walks from the root to the path and checks every folder and link on the way. Null: nothing there. */
function walk(path: string, uid: number): Found | null {
  const { root } = parse(path);
  let pending = path.slice(root.length).split(sep).filter(Boolean);
  let at = root;
  let stats = lstatSync(root);
  let links = 0;
  for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
    assertFolderOnTheWay(path, at, stats, uid);
    const next = join(at, name);
    const entry = lstatSync(next, { throwIfNoEntry: false });
    if (entry === undefined) {
      // A link that leads nowhere is something that was meant to be there.
      if (links > 0)
        throw unsafe(
          path,
          `"${path}" leads through a symbolic link to "${next}", where nothing is`,
        );
      return null;
    }
    if (!entry.isSymbolicLink()) {
      at = next;
      stats = entry;
      continue;
    }
    links += 1;
    if (links > MAX_LINKS)
      throw unsafe(path, `more than ${MAX_LINKS} symbolic links on the way to "${path}"`);
    assertOwner(path, next, entry, uid);
    const target = resolve(dirname(next), readlinkSync(next));
    const targetRoot = parse(target).root;
    pending = [...target.slice(targetRoot.length).split(sep).filter(Boolean), ...pending];
    at = targetRoot;
    stats = lstatSync(targetRoot);
  }
  assertOwner(path, at, stats, uid);
  return { realPath: at, stats };
}

function assertFolderOnTheWay(path: string, at: string, stats: Stats, uid: number): void {
  if (!stats.isDirectory()) throw unsafe(path, `"${at}", on the way to "${path}", is not a folder`);
  if (!OWNERSHIP_IS_CHECKED) return;
  assertOwner(path, at, stats, uid);
  if ((stats.mode & WRITABLE_BY_OTHERS) !== 0 && (stats.mode & STICKY) === 0) {
    throw unsafe(
      path,
      `folder "${at}" has mode ${octal(stats)}: other users can exchange "${path}"`,
    );
  }
}

function assertOwner(path: string, at: string, stats: Stats, uid: number): void {
  if (!OWNERSHIP_IS_CHECKED || stats.uid === uid || stats.uid === 0) return;
  const where = at === path ? '' : `, on the way to "${path}",`;
  throw unsafe(path, `"${at}"${where} belongs to user ${stats.uid}, not to user ${uid}`);
}

function assertKindAndMode(path: string, { stats }: Found, demand: PrivacyDemand): void {
  if (!isKind(stats, demand.kind)) throw unsafe(path, `"${path}" is not a ${demand.kind}`);
  if (!OWNERSHIP_IS_CHECKED) return;
  assertOwner(path, path, stats, demand.uid ?? ownUid());
  if ((stats.mode & WRITABLE_BY_OTHERS) !== 0) {
    throw unsafe(
      path,
      `${demand.kind} "${path}" has mode ${octal(stats)}: other users can write to it`,
    );
  }
  if (demand.closed === true && (stats.mode & OPEN_TO_OTHERS) !== 0) {
    throw unsafe(
      path,
      `${demand.kind} "${path}" has mode ${octal(stats)}: it is open to other users`,
    );
  }
}

function isKind(stats: Stats, kind: PrivacyDemand['kind']): boolean {
  if (kind === 'file') return stats.isFile();
  return kind === 'folder' ? stats.isDirectory() : stats.isSocket();
}

/** The user that the files of this process belong to; on Windows there is none and nothing is compared. */
function ownUid(): number {
  return process.geteuid?.() ?? -1;
}

function octal(stats: Stats): string {
  return (stats.mode & 0o7777).toString(8).padStart(4, '0');
}

function unsafe(path: string, message: string): StoreError {
  return new StoreError('ERR_STORE_UNSAFE', message, { path });
}

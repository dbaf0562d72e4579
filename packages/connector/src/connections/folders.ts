/** The folders connection: the tree with its counts. Article: "to synchronize folders". */

import { type Folder, getFolderRequest, readGetFolderResponse } from '@postern/soap';
import { type ConnectionRun, type ConnectionSummary, counted } from '../connection.ts';
import type { FolderRecord } from '../store/records.ts';

/** Fetches the tree and keeps it in place of the old one. */
export async function synchroniseFolders(run: ConnectionRun): Promise<ConnectionSummary> {
  const startedAt = run.clock.now().toISOString();
  const { body } = await run.session.soap(run.errand, getFolderRequest());
  const folders = flatten(readGetFolderResponse(body), null);
  await run.store.replaceFolders(folders);
  const total = folders.length;
  run.progress({ unit: 'folders', done: total, total, bytes: 0, startedAt });
  return counted(total, 'folder');
}

/** The root is no folder to a person; what is in it is. */
function flatten(folder: Folder, parentPath: string | null): FolderRecord[] {
  const path =
    folder.path ?? (parentPath === null ? '/' : `${parentPath.replace(/\/$/, '')}/${folder.name}`);
  const inside = folder.folders.flatMap((one) => flatten(one, path));
  if (parentPath === null) return inside;
  return [
    {
      id: folder.id,
      parentId: folder.parentId,
      name: folder.name,
      path,
      view: folder.view,
      unread: folder.unread ?? 0,
      total: folder.count ?? 0,
    },
    ...inside,
  ];
}

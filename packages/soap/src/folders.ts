/** Changing folders: CreateFolder, FolderAction. Reading them is in mail-sync.ts. */

import {
  booleanOf,
  type Element,
  element,
  NAMESPACE,
  numberOf,
  requiredChildOf,
  requiredNumberOf,
  requiredTextOf,
  textOf,
} from './element.ts';
import { type Folder, folderElement, isFolderElement, readFolder } from './folder-tree.ts';

/** A folder to be made. */
export interface FolderDraft {
  name: string;
  parentId: number;
  /** What it is for; null for mail. */
  view?: string | null;
  /** Answer the one that exists instead of mail.ALREADY_EXISTS. */
  fetchIfExists?: boolean;
}

/** Builds CreateFolderRequest. */
export function createFolderRequest(folder: FolderDraft): Element {
  return element('CreateFolderRequest', {
    ns: NAMESPACE.mail,
    children: [
      element('folder', {
        form: 'unique',
        attributes: {
          name: folder.name,
          l: String(folder.parentId),
          view: folder.view,
          fie: folder.fetchIfExists ? 1 : null,
        },
      }),
    ],
  });
}

/** Reads CreateFolderRequest; without `l` the parent is the root. */
export function readCreateFolderRequest(request: Element): Required<FolderDraft> {
  const folder = requiredChildOf(request, 'folder');
  return {
    name: requiredTextOf(folder, 'name'),
    parentId: numberOf(folder, 'l') ?? 1,
    view: textOf(folder, 'view'),
    fetchIfExists: booleanOf(folder, 'fie'),
  };
}

/** Builds CreateFolderResponse. */
export function createFolderResponse(folder: Folder): Element {
  return element('CreateFolderResponse', { ns: NAMESPACE.mail, children: [folderElement(folder)] });
}

/** Reads CreateFolderResponse. */
export function readCreateFolderResponse(response: Element): Folder {
  return readFolder(response.children.find(isFolderElement) ?? requiredChildOf(response, 'folder'));
}

/** An action on a folder: `rename`, `move`, `delete`, `trash`, `empty`, `read`. */
export interface FolderAction {
  id: number;
  op: string;
  /** The new name, for `rename`. */
  name?: string | null;
  /** The new parent, for `move` and `rename`. */
  parentId?: number | null;
  /** Also what is in folders inside, for `empty`. */
  recursive?: boolean;
}

/** Builds FolderActionRequest. */
export function folderActionRequest(action: FolderAction): Element {
  const { parentId } = action;
  return element('FolderActionRequest', {
    ns: NAMESPACE.mail,
    children: [
      element('action', {
        form: 'unique',
        attributes: {
          id: String(action.id),
          op: action.op,
          name: action.name,
          l: parentId === undefined || parentId === null ? null : String(parentId),
          recursive: action.recursive ? 1 : null,
        },
      }),
    ],
  });
}

/** Reads FolderActionRequest. */
export function readFolderActionRequest(request: Element): Required<FolderAction> {
  const action = requiredChildOf(request, 'action');
  return {
    id: requiredNumberOf(action, 'id'),
    op: requiredTextOf(action, 'op'),
    name: textOf(action, 'name'),
    parentId: numberOf(action, 'l'),
    recursive: booleanOf(action, 'recursive'),
  };
}

/** Builds FolderActionResponse. */
export function folderActionResponse(action: { id: number; op: string }): Element {
  return element('FolderActionResponse', {
    ns: NAMESPACE.mail,
    children: [
      element('action', { form: 'unique', attributes: { id: String(action.id), op: action.op } }),
    ],
  });
}

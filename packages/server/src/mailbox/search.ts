/** A small part of ZCS's search language: `in:inbox`, `in:"/Inbox/Contracts"`, `inid:2`, `is:unread|read|flagged`. */

import type { SearchQuery, SearchResult } from '@postern/soap';
import { fault } from '../faults.ts';
import type { Tx } from '../store/database.ts';
import { folderAtPath, folderRows } from './folder-rows.ts';
import { syncItem } from './items.ts';

/** Results of one page: default and most (ZCS: SearchRequest limit). */
const LIMIT = { usual: 10, most: 1000 };

const TERM = /^\s*(in|inid|is):(?:"([^"]*)"|([^\s"]+))/;

/** Finds messages, the newest first. Throws mail.QUERY_PARSE_ERROR, mail.NO_SUCH_FOLDER. */
export async function search(
  tx: Tx,
  mailboxId: number,
  query: Required<SearchQuery>,
): Promise<SearchResult> {
  const limit = Math.min(
    query.limit !== null && query.limit > 0 ? query.limit : LIMIT.usual,
    LIMIT.most,
  );
  const offset = Math.max(0, query.offset ?? 0);
  let select = tx
    .selectFrom('items')
    .selectAll()
    .where('mailbox_id', '=', mailboxId)
    .where('kind', '=', 'm');
  for (const { key, value } of termsOf(query.query)) {
    if (key === 'is') {
      if (value === 'unread' || value === 'read') {
        select = select.where('unread', '=', value === 'unread' ? 1 : 0);
      } else if (value === 'flagged') select = select.where('flags', 'like', '%f%');
      else throw fault.queryParseError(query.query.slice(0, 200));
    } else {
      const folderId =
        key === 'inid' ? Number(value) : folderAtPath(await folderRows(tx, mailboxId), value)?.id;
      if (folderId === undefined || Number.isNaN(folderId))
        throw fault.noSuchFolder(value.slice(0, 200));
      select = select.where('folder_id', '=', folderId);
    }
  }
  const rows = await select
    .orderBy('received_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .offset(offset)
    .execute();
  return { more: rows.length > limit, offset, items: rows.slice(0, limit).map(syncItem) };
}

function termsOf(query: string): readonly { key: string; value: string }[] {
  const terms: { key: string; value: string }[] = [];
  let rest = query.slice(0, 2000);
  while (rest.trim() !== '') {
    const found = TERM.exec(rest);
    if (found === null) throw fault.queryParseError(query.slice(0, 200));
    const [all, key = '', quoted, word] = found;
    terms.push({ key, value: quoted ?? word ?? '' });
    rest = rest.slice(all.length);
  }
  return terms;
}

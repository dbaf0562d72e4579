/**
 * `/service/home/~/?id=`: a message's bytes. This is the path that a first sync takes once per message, so it is
 * kept short: the token from memory, one query that is prepared once, one file.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CompiledQuery } from 'kysely';
import type { Identity } from '../access/tokens.ts';
import { flagsOf } from '../mailbox/items.ts';
import type { Database } from '../store/database.ts';
import type { ItemsTable } from '../store/schema.ts';
import type { Store } from '../store/store.ts';

type Row = Omit<ItemsTable, 'mailbox_id' | 'message_id' | 'sender' | 'subject'>;

/** Answers requests for content. */
export class Content {
  readonly #store: Store;
  readonly #query: CompiledQuery;

  constructor(store: Store) {
    this.#store = store;
    this.#query = itemQuery(store.database);
  }

  /** Answers with the item of that id: as it is, or by `fmt=sync` with its place and flags before it. */
  async answer(
    who: Identity,
    parameters: URLSearchParams,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const id = Number(parameters.get('id'));
    const row = Number.isSafeInteger(id) ? await this.#row(who.mailboxId, id) : null;
    if (row === null) {
      response.writeHead(404, { 'Content-Type': 'text/plain', 'Content-Length': 0 }).end();
      return;
    }
    const body =
      parameters.get('body') === '0'
        ? Buffer.alloc(0)
        : await this.#store.bodies.read(row.body, row.size);
    const isSync = parameters.get('fmt') === 'sync';
    const headers = isSync ? syncHeaders(row) : {};
    const bytes = isSync && parameters.get('nohdr') !== '1' ? withHeaders(headers, body) : body;
    response.writeHead(200, {
      'Content-Type': isSync ? 'text/plain' : 'message/rfc822',
      'Content-Length': bytes.length,
      'Cache-Control': 'no-store, no-cache',
      'X-Content-Type-Options': 'nosniff',
      ...headers,
    });
    response.end(request.method === 'HEAD' ? undefined : bytes);
  }

  async #row(mailboxId: number, id: number): Promise<Row | null> {
    const query = { ...this.#query, parameters: [mailboxId, id] };
    const { rows } = await this.#store.database.queries.executeQuery<Row>(query);
    return rows[0] ?? null;
  }
}

function itemQuery(database: Database): CompiledQuery {
  return database.queries
    .selectFrom('items')
    .select([
      'id',
      'kind',
      'folder_id',
      'body',
      'size',
      'received_at',
      'modified_at',
      'mod_metadata',
      'mod_content',
      'unread',
      'flags',
      'tags',
      'conversation_id',
    ])
    .where('mailbox_id', '=', 0)
    .where('id', '=', 0)
    .compile();
}

/** ZCS: SyncFormatter.getXZimbraHeaders. */
function syncHeaders(row: Row): Record<string, string> {
  return {
    'X-Zimbra-ItemId': String(row.id),
    'X-Zimbra-FolderId': String(row.folder_id),
    'X-Zimbra-Tags': row.tags,
    'X-Zimbra-Flags': flagsOf(row),
    'X-Zimbra-Received': String(row.received_at),
    'X-Zimbra-Modified': String(row.modified_at),
    'X-Zimbra-Change': String(row.mod_metadata),
    'X-Zimbra-Revision': String(row.mod_content),
    'X-Zimbra-Conv': String(row.conversation_id),
  };
}

function withHeaders(headers: Readonly<Record<string, string>>, body: Buffer): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(lines.join(''), 'latin1'), body]);
}

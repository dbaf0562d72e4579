/** The tables, as types for the query builder and as statements that make them. */

/** One account with its mailbox. Instants are milliseconds since 1970. */
export interface AccountsTable {
  mailbox_id: number;
  id: string;
  name: string;
  display_name: string;
  password_hash: string;
  is_admin: number;
  /** Grows with each new password, which ends all tokens. */
  validity: number;
  /** The mailbox's change token: every change adds one. */
  change_token: number;
  /** Tombstones up to this token are gone: an older sync must start anew. */
  oldest_token: number;
  next_item_id: number;
  changed_at: number;
}

/** Folders. */
export interface FoldersTable {
  mailbox_id: number;
  id: number;
  parent_id: number | null;
  name: string;
  view: string | null;
  mod_metadata: number;
  mod_content: number;
}

/** Items of any kind; the only kind with a body so far is `m`. */
export interface ItemsTable {
  mailbox_id: number;
  id: number;
  kind: string;
  folder_id: number;
  body: string;
  size: number;
  received_at: number;
  modified_at: number;
  mod_metadata: number;
  mod_content: number;
  unread: number;
  flags: string;
  tags: string;
  conversation_id: number;
  message_id: string | null;
  subject: string;
  sender: string;
}

/** Tags. */
export interface TagsTable {
  mailbox_id: number;
  id: number;
  name: string;
  mod_metadata: number;
}

/** What was deleted, and at which change token. */
export interface TombstonesTable {
  mailbox_id: number;
  sequence: number;
  id: number;
  kind: string;
  deleted_at: number;
}

/** Messages that were sent, by the client's own id, so that none is sent twice. */
export interface SendsTable {
  mailbox_id: number;
  send_uid: string;
  saved_id: number | null;
  sent_at: number;
}

/** Signatures. */
export interface SignaturesTable {
  account_id: string;
  id: string;
  name: string;
  plain: string | null;
  html: string | null;
}

/** Preferences; several values of one name differ in `position`. */
export interface PreferencesTable {
  account_id: string;
  name: string;
  position: number;
  value: string;
}

/** Allowed and blocked senders. */
export interface SendersTable {
  account_id: string;
  list: string;
  address: string;
}

/** The global address list. `fields` is JSON: pairs of name and value. */
export interface GalTable {
  id: string;
  sequence: number;
  name: string;
  fields: string;
  deleted: number;
}

/** Tokens that were logged off before their end. */
export interface EndedTokensTable {
  digest: string;
  expires_at: number;
}

/** All tables. */
export interface Tables {
  accounts: AccountsTable;
  folders: FoldersTable;
  items: ItemsTable;
  tags: TagsTable;
  tombstones: TombstonesTable;
  sends: SendsTable;
  signatures: SignaturesTable;
  preferences: PreferencesTable;
  senders: SendersTable;
  gal: GalTable;
  ended_tokens: EndedTokensTable;
}

/** Version of the tables below, kept in the file itself (`user_version`). */
export const SCHEMA_VERSION = 1;

/** Makes the tables of version 1. */
export const SCHEMA: readonly string[] = [
  `create table accounts (
    mailbox_id integer primary key, id text not null unique, name text not null unique,
    display_name text not null, password_hash text not null, is_admin integer not null,
    validity integer not null, change_token integer not null, oldest_token integer not null,
    next_item_id integer not null, changed_at integer not null) strict`,
  `create table folders (
    mailbox_id integer not null, id integer not null, parent_id integer, name text not null,
    view text, mod_metadata integer not null, mod_content integer not null,
    primary key (mailbox_id, id)) strict, without rowid`,
  'create unique index folders_by_name on folders (mailbox_id, parent_id, lower(name))',
  `create table items (
    mailbox_id integer not null, id integer not null, kind text not null,
    folder_id integer not null, body text not null, size integer not null,
    received_at integer not null, modified_at integer not null, mod_metadata integer not null,
    mod_content integer not null, unread integer not null, flags text not null, tags text not null,
    conversation_id integer not null, message_id text, subject text not null, sender text not null,
    primary key (mailbox_id, id)) strict, without rowid`,
  'create index items_by_change on items (mailbox_id, mod_metadata, id)',
  'create index items_by_folder on items (mailbox_id, folder_id, kind, unread, size)',
  'create index items_by_message_id on items (mailbox_id, message_id) where message_id is not null',
  'create index items_by_conversation on items (mailbox_id, conversation_id)',
  'create index items_by_body on items (body)',
  `create table tags (
    mailbox_id integer not null, id integer not null, name text not null,
    mod_metadata integer not null, primary key (mailbox_id, id)) strict, without rowid`,
  `create table tombstones (
    mailbox_id integer not null, sequence integer not null, id integer not null,
    kind text not null, deleted_at integer not null,
    primary key (mailbox_id, sequence, id)) strict, without rowid`,
  `create table sends (
    mailbox_id integer not null, send_uid text not null, saved_id integer, sent_at integer not null,
    primary key (mailbox_id, send_uid)) strict, without rowid`,
  `create table signatures (
    account_id text not null, id text not null, name text not null, plain text, html text,
    primary key (account_id, id)) strict, without rowid`,
  `create table preferences (
    account_id text not null, name text not null, position integer not null, value text not null,
    primary key (account_id, name, position)) strict, without rowid`,
  `create table senders (
    account_id text not null, list text not null, address text not null,
    primary key (account_id, list, address)) strict, without rowid`,
  `create table gal (
    id text primary key, sequence integer not null unique, name text not null,
    fields text not null, deleted integer not null) strict`,
  'create table ended_tokens (digest text primary key, expires_at integer not null) strict',
];

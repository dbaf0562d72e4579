/**
 * `@postern/soap`: Zimbra's wire format. Pure: no files, sockets, clocks. One element tree, codecs over it (JSON
 * here), envelopes, faults, and one file per family of requests, each read and written both ways.
 */

export * from './admin.ts';
export * from './auth.ts';
export * from './batch.ts';
export * from './element.ts';
export * from './envelope.ts';
export * from './errors.ts';
export * from './fault.ts';
export * from './folder-tree.ts';
export * from './folders.ts';
export * from './gal.ts';
export * from './items.ts';
export * from './json.ts';
export * from './mail-sync.ts';
export * from './noop.ts';
export * from './prefs.ts';
export * from './send.ts';
export * from './senders.ts';
export * from './signatures.ts';
export * from './waitset.ts';

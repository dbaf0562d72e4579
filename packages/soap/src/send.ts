/** Sending: the upload servlet's answer, SendMsg, SaveDraft, AddMsg. */

import {
  booleanOf,
  childOf,
  childrenOf,
  type Element,
  element,
  NAMESPACE,
  numberOf,
  requiredChildOf,
  requiredNumberOf,
  requiredTextOf,
  textOf,
} from './element.ts';
import { SoapFormatError } from './errors.ts';
import { type CodecLimits, fromJson } from './json.ts';
import { itemElement, readItem, type SyncItem } from './mail-sync.ts';

/** A file that the upload servlet holds until it is used. */
export interface Upload {
  aid: string;
  contentType: string | null;
  fileName: string | null;
  sizeBytes: number | null;
}

/** The upload servlet's answer. HTTP says 200 whatever happened: `status` is what counts. */
export interface UploadResult {
  status: number;
  requestId: string | null;
  uploads: readonly Upload[];
}

/** Writes the answer to `fmt=raw` or, with `extended`, `fmt=raw,extended`. */
export function uploadResponse(result: UploadResult, extended: boolean): string {
  const head = `${result.status},'${result.requestId ?? 'null'}'`;
  if (result.status !== 200) return head;
  if (!extended) return `${head},'${result.uploads.map((one) => one.aid).join(',')}'`;
  const files = result.uploads.map((one) => ({
    aid: one.aid,
    ct: one.contentType,
    filename: one.fileName,
    s: one.sizeBytes,
  }));
  return `${head},${JSON.stringify(files)}`;
}

const UPLOAD_LIMITS: CodecLimits = { maxBytes: 1_000_000, maxDepth: 8, maxValues: 10_000 };

/** Reads the answer to `fmt=raw` or `fmt=raw,extended`. Throws ERR_UPLOAD_INVALID for anything else. */
export function readUploadResponse(text: string): UploadResult {
  const what = 'upload answer';
  const bounded = text.slice(0, UPLOAD_LIMITS.maxBytes).trim();
  const found = /^(\d{3}),'([^']*)'(?:,(.*))?$/s.exec(bounded);
  if (found === null) {
    throw new SoapFormatError('ERR_UPLOAD_INVALID', 'upload answer has no status', { what });
  }
  const [, status, requestId, rest] = found;
  return {
    status: Number(status),
    requestId: requestId === 'null' || requestId === undefined ? null : requestId,
    uploads: readUploads(rest ?? '', what),
  };
}

function readUploads(text: string, what: string): readonly Upload[] {
  if (text === '') return [];
  const ids = /^'([^']*)'$/.exec(text)?.[1];
  if (ids !== undefined) {
    return ids
      .split(',')
      .map((aid) => ({ aid, contentType: null, fileName: null, sizeBytes: null }));
  }
  const files = childrenOf(fromJson(`{"file":${text}}`, 'files', what, UPLOAD_LIMITS), 'file');
  return files.map((one) => ({
    aid: requiredTextOf(one, 'aid'),
    contentType: textOf(one, 'ct'),
    fileName: textOf(one, 'filename'),
    sizeBytes: numberOf(one, 's'),
  }));
}

/** A message to send. Its bytes were uploaded before: the server sends them as they are. */
export interface Sending {
  /** The upload's id. */
  aid: string;
  /** The same for every attempt at one message: the server sends it once. */
  sendUid: string | null;
  /** Keep no copy in Sent. */
  noSave?: boolean;
  /** The message that it answers (`r`) or forwards (`w`). */
  answers?: { id: number; kind: 'r' | 'w' } | null;
}

/** Builds SendMsgRequest. */
export function sendMsgRequest(sending: Sending): Element {
  const { answers } = sending;
  return element('SendMsgRequest', {
    ns: NAMESPACE.mail,
    attributes: { suid: sending.sendUid, noSave: sending.noSave ? 1 : null },
    children: [
      element('m', {
        form: 'unique',
        attributes: { aid: sending.aid, origid: answers?.id, rt: answers?.kind },
      }),
    ],
  });
}

/** Who is written to, for a message that the server composes: `t` to, `c` cc, `b` bcc, `f` from. */
export interface Recipient {
  kind: 'b' | 'c' | 'f' | 't';
  address: string;
  name: string | null;
}

/** A message as a request describes it: uploaded bytes, or parts of which the server makes it. */
export interface MessageSource {
  aid: string | null;
  /** RFC 822 text in the request itself. */
  content: string | null;
  recipients: readonly Recipient[];
  subject: string | null;
  /** Text of the only part that is read here: `text/plain`. */
  plain: string | null;
}

/** Reads the `m` element of SendMsg, SaveDraft or AddMsg. */
function readMessageSource(message: Element): MessageSource {
  const part = childOf(message, 'mp');
  return {
    aid: textOf(message, 'aid'),
    content: textOf(message, 'content'),
    recipients: childrenOf(message, 'e').flatMap((one): Recipient[] => {
      const kind = textOf(one, 't');
      if (kind !== 't' && kind !== 'c' && kind !== 'b' && kind !== 'f') return [];
      return [{ kind, address: requiredTextOf(one, 'a'), name: textOf(one, 'p') }];
    }),
    subject: textOf(message, 'su'),
    plain: part === null ? null : textOf(part, 'content'),
  };
}

/** Reads SendMsgRequest. */
export function readSendMsgRequest(request: Element): {
  source: MessageSource;
  sendUid: string | null;
  noSave: boolean;
  answers: { id: number; kind: 'r' | 'w' } | null;
} {
  const message = requiredChildOf(request, 'm');
  const id = numberOf(message, 'origid');
  const kind = textOf(message, 'rt') === 'w' ? 'w' : 'r';
  return {
    source: readMessageSource(message),
    sendUid: textOf(request, 'suid'),
    noSave: booleanOf(request, 'noSave'),
    answers: id === null ? null : { id, kind },
  };
}

/** Builds SendMsgResponse; `savedId` is the copy in Sent. */
export function sendMsgResponse(savedId: number | null): Element {
  return element('SendMsgResponse', {
    ns: NAMESPACE.mail,
    children: [
      element('m', {
        form: 'unique',
        attributes: { id: savedId === null ? null : String(savedId) },
      }),
    ],
  });
}

/** Reads SendMsgResponse. */
export function readSendMsgResponse(response: Element): { savedId: number | null } {
  const message = childOf(response, 'm');
  return { savedId: message === null ? null : numberOf(message, 'id') };
}

/** A draft to save; with `id` it takes the place of an earlier one. */
export interface DraftSaving {
  aid: string;
  id?: number | null;
}

/** Builds SaveDraftRequest. */
export function saveDraftRequest(draft: DraftSaving): Element {
  return element('SaveDraftRequest', {
    ns: NAMESPACE.mail,
    children: [element('m', { form: 'unique', attributes: { aid: draft.aid, id: draft.id } })],
  });
}

/** Reads SaveDraftRequest. */
export function readSaveDraftRequest(request: Element): {
  source: MessageSource;
  id: number | null;
} {
  const message = requiredChildOf(request, 'm');
  return { source: readMessageSource(message), id: numberOf(message, 'id') };
}

/** Builds AddMsgRequest: puts an uploaded message into a folder as it is. */
export function addMsgRequest(message: {
  aid: string;
  folderId: number;
  flags?: string | null;
  receivedAt?: Date | null;
}): Element {
  return element('AddMsgRequest', {
    ns: NAMESPACE.mail,
    children: [
      element('m', {
        form: 'unique',
        attributes: {
          aid: message.aid,
          l: String(message.folderId),
          f: message.flags,
          d: message.receivedAt?.getTime(),
        },
      }),
    ],
  });
}

/** Reads AddMsgRequest. The folder is an id or a path. */
export function readAddMsgRequest(request: Element): {
  source: MessageSource;
  folder: string;
  flags: string;
  receivedAt: Date | null;
} {
  const message = requiredChildOf(request, 'm');
  const receivedMs = numberOf(message, 'd');
  return {
    source: readMessageSource(message),
    folder: requiredTextOf(message, 'l'),
    flags: textOf(message, 'f') ?? '',
    receivedAt: receivedMs === null ? null : new Date(receivedMs),
  };
}

/** Builds SaveDraftResponse or AddMsgResponse. */
export function savedMessageResponse(
  name: 'AddMsgResponse' | 'SaveDraftResponse',
  item: SyncItem,
): Element {
  return element(name, {
    ns: NAMESPACE.mail,
    children: [{ ...itemElement(item), form: 'unique' as const }],
  });
}

/** Reads SaveDraftResponse or AddMsgResponse. */
export function readSavedMessageResponse(response: Element): SyncItem {
  const message = requiredChildOf(response, 'm');
  requiredNumberOf(message, 'id');
  return readItem(message, 'm');
}

/** `/service/upload`: takes files. HTTP status 200 whatever happens; the answer's first word is what counts, as in ZCS. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Upload, type UploadResult, uploadResponse } from '@postern/soap';
import type { Identity } from '../access/tokens.ts';
import type { Services } from '../requests/context.ts';
import { MAX_UPLOAD_BYTES } from '../upload-limit.ts';
import { BodyTooLarge, discardRest, readBody } from './body.ts';

/** Files in one form. */
const MAX_PARTS = 20;
/** What a form adds around its files, in bytes. */
const FORM_OVERHEAD_BYTES = 64 * 1024;

interface FilePart {
  fileName: string | null;
  contentType: string | null;
  bytes: Buffer;
}

/** Answers one upload; `who` is null where the request brought no valid token. */
export async function answerUpload(
  { uploads, store }: Services,
  who: Identity | null,
  parameters: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const formats = (parameters.get('fmt') ?? '').split(',');
  const finish = (result: UploadResult): void => {
    discardRest(request, response, store.clock);
    const text = uploadResponse(result, formats.includes('extended'));
    const body = Buffer.from(`${text}\n`, 'utf8');
    response.writeHead(200, {
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Length': body.length,
    });
    response.end(body);
  };
  const refuse = (status: number): void => finish({ status, requestId: null, uploads: [] });
  if (who === null) return refuse(401);
  try {
    const body = await readBody(request, MAX_UPLOAD_BYTES + FORM_OVERHEAD_BYTES);
    const form = boundaryOf(request.headers['content-type']);
    const { files, requestId } =
      form === null ? { files: [plainPart(request, body)], requestId: null } : readForm(body, form);
    if (requestId !== null && !/^[A-Za-z0-9_.-]{1,128}$/.test(requestId)) return refuse(400);
    if (files.length > MAX_PARTS) return refuse(400);
    if (files.length === 0 || files.every((file) => file.bytes.length === 0)) return refuse(204);
    if (files.some((file) => file.bytes.length > MAX_UPLOAD_BYTES)) return refuse(413);
    const kept: Upload[] = [];
    for (const { bytes, ...about } of files)
      kept.push(await uploads.keep(who.accountId, bytes, about));
    finish({ status: 200, requestId, uploads: kept });
  } catch (error) {
    if (!(error instanceof BodyTooLarge)) throw error;
    refuse(413);
  }
}

function boundaryOf(contentType: string | undefined): string | null {
  const found = /^multipart\/form-data\s*;.*?boundary=(?:"([^"]{1,70})"|([^\s;]{1,70}))/i.exec(
    contentType ?? '',
  );
  return found?.[1] ?? found?.[2] ?? null;
}

function plainPart(request: IncomingMessage, bytes: Buffer): FilePart {
  return {
    fileName: fileNameOf(request.headers['content-disposition'] ?? ''),
    contentType: request.headers['content-type'] ?? null,
    bytes,
  };
}

/** Reads multipart/form-data (RFC 7578): parts with a file name are files, `requestId` is the client's mark. */
function readForm(body: Buffer, boundary: string): { files: FilePart[]; requestId: string | null } {
  const files: FilePart[] = [];
  let requestId: string | null = null;
  const delimiter = Buffer.from(`--${boundary}`, 'latin1');
  let at = body.indexOf(delimiter);
  while (at >= 0 && files.length <= MAX_PARTS) {
    const start = at + delimiter.length + 2;
    const next = body.indexOf(delimiter, start);
    if (next < 0) break;
    const part = body.subarray(start, next - 2);
    const blank = part.indexOf('\r\n\r\n');
    if (blank >= 0) {
      const head = part.subarray(0, blank).toString('utf8');
      const bytes = part.subarray(blank + 4);
      const disposition = /^content-disposition:(.*)$/im.exec(head)?.[1] ?? '';
      const fileName = fileNameOf(disposition);
      if (fileName !== null) {
        const contentType = /^content-type:\s*(\S[^\r\n]*)$/im.exec(head)?.[1] ?? null;
        files.push({ fileName, contentType, bytes });
      } else if (/\bname="?requestId"?/i.test(disposition)) requestId = bytes.toString('utf8');
    }
    at = next;
  }
  return { files, requestId };
}

function fileNameOf(disposition: string): string | null {
  const extended = /filename\*=UTF-8''([^;\s]+)/i.exec(disposition)?.[1];
  if (extended !== undefined) {
    try {
      return decodeURIComponent(extended).slice(0, 255);
    } catch {
      return extended.slice(0, 255);
    }
  }
  const found = /filename=(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(disposition);
  return (found?.[1] ?? found?.[2])?.slice(0, 255) ?? null;
}

/** Attachments made by code: text, tables, pictures, documents. All of them open in the programs for their kind. */

import { crc32, deflateSync } from 'node:zlib';
import type { Random } from './random.ts';

/** A file as an attachment. */
export interface Attachment {
  fileName: string;
  contentType: string;
  bytes: Buffer;
}

/** A table of orders, separated by semicolons as office programs in Europe write it. */
export function csvFile(fileName: string, rows: number, random: Random): Attachment {
  const goods = ['desk', 'chair', 'lamp', 'shelf', 'screen', 'cable', 'keyboard', 'notebook'];
  const lines = ['order;date;article;quantity;price'];
  for (let row = 0; row < rows; row++) {
    const date = `2026-${two(random.integer(1, 12))}-${two(random.integer(1, 28))}`;
    const price = `${random.integer(4, 900)},${two(random.integer(0, 99))}`;
    lines.push(`${10_000 + row};${date};${random.pick(goods)};${random.integer(1, 40)};${price}`);
  }
  return {
    fileName,
    contentType: 'text/csv; charset=utf-8',
    bytes: Buffer.from(`${lines.join('\r\n')}\r\n`, 'utf8'),
  };
}

/** Notes as plain text. */
export function textFile(fileName: string, lines: readonly string[]): Attachment {
  const bytes = Buffer.from(`${lines.join('\n')}\n`, 'utf8');
  return { fileName, contentType: 'text/plain; charset=utf-8', bytes };
}

/** A picture: bars of colour, like a chart (PNG, W3C Recommendation; 8 bits, RGB). */
export function pngFile(
  fileName: string,
  width: number,
  height: number,
  random: Random,
): Attachment {
  const bars = Array.from({ length: 8 }, () => ({
    height: random.integer(Math.floor(height / 5), height),
    colour: [random.integer(40, 220), random.integer(40, 220), random.integer(40, 220)] as const,
  }));
  const rows = Buffer.alloc(height * (1 + width * 3), 0xff);
  for (let y = 0; y < height; y++) {
    const row = y * (1 + width * 3);
    rows[row] = 0;
    for (let x = 0; x < width; x++) {
      const bar = bars[Math.floor((x * bars.length) / width)];
      if (bar !== undefined && height - y <= bar.height) rows.set(bar.colour, row + 1 + x * 3);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const chunks = [
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(rows)),
    pngChunk('IEND', Buffer.alloc(0)),
  ];
  return { fileName, contentType: 'image/png', bytes: Buffer.concat([signature, ...chunks]) };
}

function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(data.length, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}

/** One page of lines (PDF 1.4, with the table of places that a strict reader wants). */
export function pdfFile(fileName: string, lines: readonly string[]): Attachment {
  const shown = lines.map(
    (line) => `(${line.replace(/[^\x20-\x7e]/g, '?').replace(/[\\()]/g, '\\$&')}) Tj T*`,
  );
  const page = `BT /F1 12 Tf 16 TL 72 760 Td\n${shown.join('\n')}\nET`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${page.length} >>\nstream\n${page}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  let text = '%PDF-1.4\n';
  const places: number[] = [];
  for (const [index, object] of objects.entries()) {
    places.push(text.length);
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
  }
  const table = places.map((place) => `${String(place).padStart(10, '0')} 00000 n \n`).join('');
  const start = text.length;
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}`;
  text += `trailer << /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return { fileName, contentType: 'application/pdf', bytes: Buffer.from(text, 'latin1') };
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}

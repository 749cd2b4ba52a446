import { toBase64 } from '@healthchain/core';
import { PDFDocument, StandardFonts } from 'pdf-lib';

/** A one-page letter as base64 PDF; the same input gives the same bytes. */
export async function letter(title: string, lines: readonly string[], date: string): Promise<string> {
  const document = await PDFDocument.create({ updateMetadata: false });
  document.setTitle(title);
  document.setCreationDate(new Date(date));
  document.setModificationDate(new Date(date));
  const page = document.addPage([595, 842]);
  const bold = await document.embedFont(StandardFonts.HelveticaBold);
  const regular = await document.embedFont(StandardFonts.Helvetica);
  page.drawText(title, { x: 56, y: 770, size: 18, font: bold });
  lines.forEach((line, i) => page.drawText(line, { x: 56, y: 735 - 18 * i, size: 11, font: regular }));
  return toBase64(await document.save());
}

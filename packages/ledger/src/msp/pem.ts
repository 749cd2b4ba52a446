import { fromUtf8, toBase64, type Bytes } from '@healthchain/core';
import { LedgerError } from '../error.ts';

const BLOCK = /-----BEGIN ([^-\n]*)-----\r?\n([\s\S]*?)-----END \1-----/;

/** The first PEM block, whatever its label, as Go's pem.Decode. @throws LedgerError MALFORMED */
export function decodePem(pem: Uint8Array | string): Bytes {
  const text = typeof pem === 'string' ? pem : fromUtf8(pem);
  const body = BLOCK.exec(text)?.[2];
  if (body === undefined) throw new LedgerError('MALFORMED', 'Not PEM');
  const base64 = body.replaceAll(/\s/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw new LedgerError('MALFORMED', 'Not PEM');
  return Uint8Array.from(Buffer.from(base64, 'base64'));
}

export function encodePem(label: string, der: Uint8Array): string {
  const lines = toBase64(der).match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

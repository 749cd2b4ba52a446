import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { fromBase64url, toBase64url, utf8 } from '@healthchain/core';
import { RestError } from './error.ts';

/** Longest cursor accepted, in characters. */
const MAX_CURSOR_CHARACTERS = 8_192;
const MAC_BYTES = 16;

/**
 * Where a page ends and the next one begins, kept by the client: signed, so that it cannot be altered; bound to caller and
 * interaction, so that it is no use to anybody else. The server keeps nothing between pages.
 */
export interface Cursors {
  seal(binding: string, state: unknown): string;
  /** @throws RestError PARAMETER when it was not sealed by this server for this binding */
  open(binding: string, cursor: string): unknown;
}

export function createCursors(secret: Uint8Array): Cursors {
  const key = Buffer.from(hkdfSync('sha256', secret, new Uint8Array(), 'healthchain/v1/page-cursor', 32));
  const mac = (binding: string, body: Uint8Array): Buffer =>
    createHmac('sha256', key)
      .update(`${utf8(binding).length}:${binding}`)
      .update(body)
      .digest()
      .subarray(0, MAC_BYTES);
  return {
    seal(binding, state) {
      const body = utf8(JSON.stringify(state));
      return toBase64url(Buffer.concat([mac(binding, body), body]));
    },
    open(binding, cursor) {
      const bytes = decoded(cursor);
      const body = bytes.subarray(MAC_BYTES);
      if (bytes.length <= MAC_BYTES || !timingSafeEqual(mac(binding, body), bytes.subarray(0, MAC_BYTES)))
        throw invalid();
      return JSON.parse(Buffer.from(body).toString('utf8'));
    },
  };
}

function decoded(cursor: string): Uint8Array {
  if (cursor.length > MAX_CURSOR_CHARACTERS) throw invalid();
  try {
    return fromBase64url(cursor);
  } catch (cause) {
    throw invalid(cause);
  }
}

function invalid(cause?: unknown): RestError {
  return new RestError('PARAMETER', 'The page cursor is not one of this search', {
    cause,
    details: { expression: '_cursor' },
  });
}

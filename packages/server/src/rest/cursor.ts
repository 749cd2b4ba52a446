import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { fromBase64url, toBase64url, utf8 } from '@healthchain/core';
import { RestError } from './error.ts';

/** Longest cursor accepted, in characters. */
const MAX_CURSOR_CHARACTERS = 8_192;
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Where a page ends and the next one begins, kept by the client: sealed, so that it can be neither read nor altered (it may hold
 * values that were sorted by, and URLs end up in logs); bound to caller and query, so that it is no use for anything else. The
 * server keeps nothing between pages.
 */
export interface Cursors {
  seal(binding: string, state: string): string;
  /** @throws RestError PARAMETER when it was not sealed by this server for this binding */
  open(binding: string, cursor: string): string;
}

/** @param secret at least 32 bytes; the key is derived from it */
export function createCursors(secret: Uint8Array): Cursors {
  const key = Buffer.from(hkdfSync('sha256', secret, new Uint8Array(), 'healthchain/v1/page-cursor', 32));
  return {
    seal(binding, state) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, key, nonce).setAAD(utf8(binding));
      const body = Buffer.concat([cipher.update(state, 'utf8'), cipher.final()]);
      return toBase64url(Buffer.concat([nonce, cipher.getAuthTag(), body]));
    },
    open(binding, cursor) {
      if (cursor.length > MAX_CURSOR_CHARACTERS) throw invalid();
      try {
        const bytes = fromBase64url(cursor);
        const tag = bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
        const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), {
          authTagLength: TAG_BYTES,
        });
        decipher.setAAD(utf8(binding)).setAuthTag(tag);
        const body = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
        return Buffer.concat([body, decipher.final()]).toString('utf8');
      } catch (cause) {
        throw invalid(cause);
      }
    },
  };
}

function invalid(cause?: unknown): RestError {
  return new RestError('PARAMETER', 'The page cursor is not one of this search', {
    cause,
    details: { expression: '_cursor' },
  });
}

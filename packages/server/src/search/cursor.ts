import { fromBase64url, fromUtf8, toBase64url, utf8 } from '@healthchain/core';
import { SearchError } from './errors.ts';

/** Where a page ended: the sort keys, commit position and id of its last match. Opaque to clients, checked when it comes back. */
export interface Cursor {
  readonly keys: readonly (string | number)[];
  readonly position: number;
  readonly id: string;
}

export function encodeCursor({ keys, position, id }: Cursor): string {
  return toBase64url(utf8(JSON.stringify([keys, position, id])));
}

/** @throws SearchError BAD_CURSOR when it does not fit a query with that many sort keys */
export function decodeCursor(text: string, sortKeys: number): Cursor {
  try {
    const [keys, position, id] = JSON.parse(fromUtf8(fromBase64url(text))) as [unknown, unknown, unknown];
    if (
      Array.isArray(keys) &&
      keys.length === sortKeys &&
      keys.every(isKey) &&
      Number.isSafeInteger(position) &&
      typeof id === 'string'
    ) {
      return { keys, position: position as number, id };
    }
  } catch (cause) {
    throw new SearchError('BAD_CURSOR', 'The page to continue from is not one of ours', { cause });
  }
  throw new SearchError('BAD_CURSOR', 'The page to continue from is not one of this query');
}

function isKey(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

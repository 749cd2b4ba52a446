import { hash } from 'node:crypto';
import type { Bytes } from './bytes.ts';

export function sha256(data: Uint8Array): Bytes {
  return new Uint8Array(hash('sha256', data, 'buffer'));
}

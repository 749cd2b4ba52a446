import { maskedCrc32c } from './crc32c.ts';

export const BLOCK_BYTES = 32 * 1024;
export const HEADER_BYTES = 7;
const Kind = { full: 1, first: 2, middle: 3, last: 4 } as const;

export interface FileDamage {
  readonly file: string;
  readonly offset: number;
  readonly what: string;
}

export interface LogContent {
  readonly records: readonly Uint8Array[];
  /** Places within the file; what a crash left at the end is not among them. */
  readonly damages: readonly Omit<FileDamage, 'file'>[];
  /** Where a record begins that the end of the file cuts off. */
  readonly tornAt: number | undefined;
}

interface Fragment {
  readonly kind: number;
  readonly payload: Uint8Array;
}

/** What stands at one place: a fragment, bytes that are none, or what a write that was interrupted leaves. */
interface Step {
  readonly offset: number;
  readonly found: Fragment | 'damage' | 'torn';
}

/**
 * The records of a log or manifest (LevelDB doc/log_format.md). A record that the end of the file cuts off is what a crash leaves, and no
 * damage unless others follow.
 */
export function readLogFile(bytes: Uint8Array): LogContent {
  const records: Uint8Array[] = [];
  const bad: { readonly offset: number; readonly isDamage: boolean; readonly after: number }[] = [];
  let open: { readonly offset: number; readonly parts: Uint8Array[] } | undefined;
  for (const { offset, found } of steps(bytes)) {
    if (typeof found === 'string') {
      bad.push({ offset: open?.offset ?? offset, isDamage: found === 'damage', after: records.length });
      open = undefined;
      continue;
    }
    if (found.kind === Kind.full || found.kind === Kind.first) open = { offset, parts: [found.payload] };
    else open?.parts.push(found.payload);
    if ((found.kind === Kind.full || found.kind === Kind.last) && open !== undefined) {
      records.push(Buffer.concat(open.parts));
      open = undefined;
    }
  }
  const isNamed = ({ isDamage, after }: (typeof bad)[number]) => isDamage || records.length > after;
  const damages = bad.filter(isNamed).map(({ offset }) => ({ offset, what: 'a record of the log' }));
  const torn = bad.find((place) => !isNamed(place)) ?? open;
  return { records, damages, tornAt: torn?.offset };
}

function* steps(bytes: Uint8Array): Generator<Step> {
  for (let start = 0; start < bytes.length; start += BLOCK_BYTES) {
    const end = Math.min(start + BLOCK_BYTES, bytes.length);
    let offset = start;
    while (end - offset >= HEADER_BYTES) {
      const fragment = fragmentAt(bytes, offset, end);
      if (fragment !== undefined) {
        yield { offset, found: fragment };
        offset += HEADER_BYTES + fragment.payload.length;
        continue;
      }
      const next = nextFragment(bytes, offset + 1, end);
      yield { offset, found: next === undefined && isTorn(bytes, offset) ? 'torn' : 'damage' };
      if (next === undefined) break;
      offset = next;
    }
  }
}

function fragmentAt(bytes: Uint8Array, offset: number, end: number): Fragment | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kind = view.readUInt8(offset + 6);
  const payloadStart = offset + HEADER_BYTES;
  const payloadEnd = payloadStart + view.readUInt16LE(offset + 4);
  if (payloadEnd > end || kind < Kind.full || kind > Kind.last) return undefined;
  if (maskedCrc32c(view.subarray(offset + 6, payloadEnd)) !== view.readUInt32LE(offset)) return undefined;
  return { kind, payload: view.subarray(payloadStart, payloadEnd) };
}

function nextFragment(bytes: Uint8Array, from: number, end: number): number | undefined {
  for (let offset = from; end - offset >= HEADER_BYTES; offset++) {
    if (fragmentAt(bytes, offset, end) !== undefined) return offset;
  }
  return undefined;
}

/** The file ends before the fragment does, or nothing but zeros was written. */
function isTorn(bytes: Uint8Array, offset: number): boolean {
  const length = (bytes[offset + 4] as number) | ((bytes[offset + 5] as number) << 8);
  if (offset + HEADER_BYTES + length > bytes.length) return true;
  return bytes.subarray(offset).every((byte) => byte === 0);
}

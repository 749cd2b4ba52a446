import { LevelBytes } from './reader.ts';

/** Largest block that is unpacked; LevelDB closes a block at 4 KB, but one row may be as large as a value. */
const MAX_UNPACKED_BYTES = 256 * 1024 * 1024;

/** Unpacks Snappy's block format (google/snappy format_description.txt). @throws RangeError when it is none */
export function unpackSnappy(packed: Uint8Array): Buffer {
  const input = new LevelBytes(packed);
  const size = input.varint();
  if (size > MAX_UNPACKED_BYTES) throw new RangeError('An unpacked block is too large');
  const output = Buffer.alloc(size);
  let at = 0;
  while (!input.isAtEnd) {
    const tag = input.byte();
    if ((tag & 3) === 0) {
      const literal = input.take(literalLength(input, tag >>> 2));
      if (at + literal.length > size) throw new RangeError('A literal leads beyond the unpacked size');
      output.set(literal, at);
      at += literal.length;
      continue;
    }
    const { length, offset } = copyOf(input, tag);
    if (offset === 0 || offset > at || at + length > size) throw new RangeError('A copy leads outside');
    for (let i = 0; i < length; i++, at++) output[at] = output[at - offset] as number;
  }
  if (at !== size) throw new RangeError('The unpacked size is another');
  return output;
}

/** Up to 60 in the tag itself, otherwise in the one to four bytes after it. */
function literalLength(input: LevelBytes, inTag: number): number {
  if (inTag < 60) return inTag + 1;
  let length = 0;
  for (let i = 0; i < inTag - 59; i++) length += input.byte() * 2 ** (8 * i);
  return length + 1;
}

function copyOf(input: LevelBytes, tag: number): { readonly length: number; readonly offset: number } {
  if ((tag & 3) === 1) return { length: ((tag >>> 2) & 7) + 4, offset: ((tag >>> 5) << 8) | input.byte() };
  const length = (tag >>> 2) + 1;
  if ((tag & 3) === 2) return { length, offset: input.byte() | (input.byte() << 8) };
  return { length, offset: input.uint32() };
}

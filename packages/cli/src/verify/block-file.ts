import { CliError } from '../error.ts';

/**
 * A file of blocks: marshalled common.Block messages from block 0 on, each after its length as a protobuf varint (the delimited form
 * of protobuf's own libraries). The genesis block alone is a bare message, as `peer channel fetch 0` writes it.
 */
const CONTINUES = 0x80;
const PAYLOAD = 0x7f;
/** A length below 2^35: longer ones are no blocks. */
const MAX_LENGTH_BYTES = 5;

/** A block with its length before it. */
export function delimited(block: Uint8Array): Uint8Array {
  const length: number[] = [];
  for (let rest = block.length; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) {
      length.push(rest);
      break;
    }
    length.push((rest % 128) | CONTINUES);
  }
  return Buffer.concat([Uint8Array.from(length), block]);
}

/** The blocks of a file's bytes. @throws CliError BAD_INPUT when the file ends within a block */
export function* blocksOf(bytes: Uint8Array, file: string): Generator<Uint8Array> {
  let offset = 0;
  while (offset < bytes.length) {
    const { length, next } = lengthAt(bytes, offset, file);
    if (next + length > bytes.length) throw cut(file);
    yield bytes.subarray(next, next + length);
    offset = next + length;
  }
}

function lengthAt(bytes: Uint8Array, offset: number, file: string): { length: number; next: number } {
  let length = 0;
  for (let i = 0; i < MAX_LENGTH_BYTES; i++) {
    const byte = bytes[offset + i];
    if (byte === undefined) throw cut(file);
    length += (byte & PAYLOAD) * 128 ** i;
    if ((byte & CONTINUES) === 0) return { length, next: offset + i + 1 };
  }
  throw cut(file);
}

function cut(file: string): CliError {
  return new CliError('BAD_INPUT', `${file} is no file of blocks, or ends within one`, {
    details: { hint: 'Fetch it with: healthchain blocks --from ORGANISATION --channel CHANNEL --out FILE' },
  });
}

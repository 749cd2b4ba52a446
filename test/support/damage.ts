import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { common } from '@hyperledger/fabric-protos';

/** One channel at one peer, and which of its files are meant: block segments or LevelDB. */
export interface Place {
  readonly peer: string;
  readonly channel: string;
  readonly kind: 'blocks' | 'state';
}

/** Magic, number, length and checksum before each block of a segment. */
const FRAME_HEADER_BYTES = 48;
const FRAME_END_BYTES = 1;
/** Of a frame's magic; zeros behind the last frame are room. */
const FRAME_START = 0x48;
/** Stored length, and length before packing, which is 0 for a short block: it is stored as it is. */
const CHUNK_HEADER_BYTES = 8;
/** The last bytes of a log look like a write that was cut off when their length is changed: they are left alone. */
const LIVE_SHARE = 0.9;

/** Changes one byte that is drawn from the seed; zeros, which may be filling, are passed over. */
export function changeByte(data: string, place: Place, seed: number): { readonly file: string } {
  const draw = (what: string, below: number): number => {
    const name = `${seed}/${place.peer}/${place.channel}/${place.kind}/${what}`;
    return createHash('sha256').update(name).digest().readUInt32BE() % below;
  };
  const files = filesOf(data, place);
  const file = files[draw('file', files.length)] as string;
  const bytes = readFileSync(file);
  const length = bytes.findLastIndex((byte) => byte !== 0) + 1;
  let offset = draw('offset', Math.floor(length * LIVE_SHARE));
  while (bytes[offset] === 0) offset++;
  bytes[offset] = (bytes[offset] as number) ^ (1 + draw('change', 255));
  writeFileSync(file, bytes);
  return { file };
}

/** Changes a byte in the middle of one block; `number` −1 is the last. */
export function changeBlock(data: string, peer: string, channel: string, number: number): void {
  const file = filesOf(data, { peer, channel, kind: 'blocks' }).at(-1) as string;
  const bytes = readFileSync(file);
  const frames: { readonly start: number; readonly length: number }[] = [];
  for (let start = 0; bytes[start] === FRAME_START;) {
    const length = FRAME_HEADER_BYTES + bytes.readUInt32BE(start + 12) + FRAME_END_BYTES;
    frames.push({ start, length });
    start += length;
  }
  const { start, length } = frames.at(number) as (typeof frames)[number];
  const offset = start + Math.floor(length / 2);
  bytes.writeUInt8(bytes.readUInt8(offset) ^ 1, offset);
  writeFileSync(file, bytes);
}

/** Replaces one block of the newest segment by a forged one of the same length, with a checksum that fits. */
export function forgeBlock(
  data: string,
  place: { readonly peer: string; readonly channel: string; readonly number: number },
  forge: (block: common.Block) => void,
): void {
  const { number } = place;
  const file = filesOf(data, { ...place, kind: 'blocks' }).at(-1) as string;
  const bytes = readFileSync(file);
  let start = 0;
  while (bytes.readBigUInt64BE(start + 4) !== BigInt(number))
    start += FRAME_HEADER_BYTES + bytes.readUInt32BE(start + 12) + FRAME_END_BYTES;
  const chunk = start + FRAME_HEADER_BYTES;
  const end = chunk + bytes.readUInt32BE(start + 12);
  const payload = chunk + CHUNK_HEADER_BYTES;
  if (bytes.readUInt32BE(chunk + 4) !== 0) throw new Error(`Block ${number} is packed`);
  const block = common.Block.deserializeBinary(bytes.subarray(payload, end));
  forge(block);
  bytes.set(block.serializeBinary(), payload);
  const digest = createHash('sha256')
    .update(bytes.subarray(start + 4, start + 12))
    .update(bytes.subarray(chunk, end));
  bytes.set(digest.digest(), start + 16);
  writeFileSync(file, bytes);
}

function filesOf(data: string, { peer, channel, kind }: Place): string[] {
  const directory = join(data, 'ledger', 'nodes', peer, channel, kind);
  const names = readdirSync(directory).filter((name) => /\.(blocks|ldb|log)$/.test(name));
  return names.map((name) => join(directory, name)).filter((file) => statSync(file).size > 0);
}

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { isFilling } from '../storage/level/filling.ts';
import { filesWithData } from '../storage/level/index.ts';
import type { Draws } from './draws.ts';

/** What is flipped: a byte of a file, or of one row's value under checksums that hold. */
export const FLIP_KINDS = ['peer blocks', 'peer state', 'peer row', 'orderer blocks', 'signing log'] as const;
export type FlipKind = (typeof FLIP_KINDS)[number];

export interface Flip {
  readonly file: string;
  readonly offset: number;
}

/** Flips one live byte that the seed draws in the folder of one channel at one node. */
export async function flipIn(channelFolder: string, kind: FlipKind, draws: Draws): Promise<Flip> {
  const state = join(channelFolder, 'state');
  if (kind === 'peer row') return flipRow(state, draws);
  if (kind === 'peer state') return flipFile(state, await filesWithData(state), draws);
  const folder = join(channelFolder, kind === 'signing log' ? 'signing' : 'blocks');
  const names = (await readdir(folder)).filter((name) => /\.(blocks|signing)$/.test(name));
  return flipFile(folder, names, draws);
}

/** Each byte of the files is as likely as another. */
async function flipFile(folder: string, names: readonly string[], draws: Draws): Promise<Flip> {
  const files = await Promise.all(
    names.map(async (name) => ({ name, bytes: await readFile(join(folder, name)) })),
  );
  const total = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
  for (;;) {
    let offset = draws.below(total);
    const found = files.find(({ bytes }) => {
      if (offset < bytes.length) return true;
      offset -= bytes.length;
      return false;
    });
    if (found === undefined || isFilling(found.name, found.bytes, offset)) continue;
    flipBit(found.bytes, offset, draws);
    await writeFile(join(folder, found.name), found.bytes);
    return { file: join(folder, found.name), offset };
  }
}

async function flipRow(folder: string, draws: Draws): Promise<Flip> {
  const level = new ClassicLevel<Buffer, Buffer>(folder, { keyEncoding: 'buffer', valueEncoding: 'buffer' });
  await level.open();
  try {
    const rows = (await level.iterator().all()).filter(([, value]) => value.length > 0);
    const [key, value] = rows[draws.below(rows.length)] as [Buffer, Buffer];
    flipBit(value, draws.below(value.length), draws);
    await level.put(key, value);
    return { file: folder, offset: 0 };
  } finally {
    await level.close();
  }
}

function flipBit(bytes: Buffer, offset: number, draws: Draws): void {
  bytes.writeUInt8(bytes.readUInt8(offset) ^ (1 << draws.below(8)), offset);
}

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { utf8 } from '@healthchain/core';
import { diskFiles } from '../storage/index.ts';
import { blockDataHash } from '../validation/index.ts';
import { Authority } from './authority.ts';
import type { Step } from './machine.ts';
import type { SigningRecord } from './records.ts';
import { roundRobin } from './schedule.ts';
import { repairSigningLog } from './signing-repair.ts';
import { SigningLog } from './signing-log.ts';
import { encodeIdentifierHeader, makeProposal } from './turn-metadata.ts';

const RECORDS: readonly SigningRecord[] = [5, 6, 7].map((height) => ({ kind: 'voted', height, turn: 0 }));
const COUNCIL = { channel: 'c', authorities: [1], schedule: roundRobin, mayTakePart: () => true };

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'signing-repair-'));
  const { log } = await SigningLog.open(diskFiles, directory);
  for (const record of RECORDS) await log.append([record]);
  await log.close();
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function spoil(offset: number): Promise<string> {
  const [name = ''] = (await readdir(directory)).filter((file) => file.endsWith('.signing'));
  const bytes = await readFile(join(directory, name));
  bytes.writeUInt8(bytes.readUInt8(offset) ^ 1, offset);
  await writeFile(join(directory, name), bytes);
  return join(directory, name);
}

describe('a signing log', () => {
  it('is left alone when nothing is damaged', async () => {
    expect(await repairSigningLog(diskFiles, directory, 3)).toEqual({ findings: [], silentBelow: undefined });
    const { log, records } = await SigningLog.open(diskFiles, directory);
    await log.close();
    expect(records).toEqual(RECORDS);
  });

  it.each([
    ['what it says itself', 3, 8],
    ['what others have', 20, 21],
  ])(
    'that is damaged ends in silence up to the highest that may have been signed, by %s',
    async (_, known, silentBelow) => {
      const file = await spoil(60);
      const repaired = await repairSigningLog(diskFiles, directory, known);
      expect(repaired).toMatchObject({ findings: [{ file, offset: expect.any(Number) }], silentBelow });
      const { log, records } = await SigningLog.open(diskFiles, directory);
      await log.close();
      expect(records).toEqual([{ kind: 'silentBelow', height: silentBelow }]);
    },
  );
});

describe('an authority that has lost what it signed', () => {
  it('says nothing below the height that its log names, and takes part from there on', () => {
    const authority = new Authority(
      { self: 1, timeoutMs: 100, downTimeoutMs: 5 },
      {
        sign: () => utf8('signature'),
        signBlock: () => ({ identifierHeader: encodeIdentifierHeader(1, utf8('n')), signature: utf8('s') }),
        propose: (turn, certificate) => proposalAt(authority.height, turn, certificate),
      },
      { height: 3, council: COUNCIL, records: [{ kind: 'silentBelow', height: 5 }] },
    );
    const said = (step: Step): boolean => step.records.length > 0;
    expect(said(authority.resume())).toBe(false);
    for (const height of [3, 4]) {
      expect(said(authority.handle({ kind: 'pending', requests: 1 }))).toBe(false);
      expect(said(authority.handle({ kind: 'timer', height, turn: 0 }))).toBe(false);
      const step = authority.handle({ kind: 'committed', height: height + 1, council: COUNCIL, requests: 1 });
      expect(said(step)).toBe(height === 4);
    }
  });
});

function proposalAt(
  height: number,
  turn: number,
  certificate: undefined | Parameters<typeof makeProposal>[2]['certificate'],
) {
  const data = [utf8('request')];
  const header = { number: BigInt(height), previousHash: new Uint8Array(32), dataHash: blockDataHash(data) };
  return makeProposal(header, data, { lastConfig: 0, turn, height, certificate });
}

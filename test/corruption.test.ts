import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { common } from '@hyperledger/fabric-protos';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { control, verifyConsortium, type VerifyReport } from '@healthchain/cli';
import { changeBlock, changeByte, forgeBlock, type Place } from './support/damage.ts';
import { startProgram, type Program } from './support/program.ts';
import { patient, recordOf } from './support/resources.ts';

const SEED = 20_261_121;
const ROUNDS = 6;
/** One change in each copy that is changed at a time; of every channel at least one copy stays whole. */
const PLACES: readonly Place[] = [
  { peer: 'peer0.north', channel: 'care', kind: 'blocks' },
  { peer: 'peer0.south', channel: 'care', kind: 'state' },
  { peer: 'peer0.acme', channel: 'consortium', kind: 'state' },
  { peer: 'peer0.south', channel: 'consortium', kind: 'blocks' },
];

let program: Program;
/** What was written before any byte was changed. */
const sound = mkdtempSync(join(tmpdir(), 'healthchain-sound-'));
let observation: string;

beforeAll(async () => {
  program = await startProgram();
  const nina = await program.client('nina');
  const created = async (type: string, body: object): Promise<string> => {
    const { text } = await nina.expect('POST', type, JSON.stringify(body));
    return (JSON.parse(text) as { id: string }).id;
  };
  const id = await created('Patient', patient('Corruption', '19800101-0002'));
  for (let i = 0; i < 10; i++)
    observation = await created('Observation', recordOf('Observation', id, `${i}`));
  for (let i = 0; i < 3; i++) await nina.expect('GET', `Observation/${observation}`);
  await program.stop();
  cpSync(program.data, sound, { recursive: true });
}, 120_000);
afterAll(async () => {
  await program?.close();
  rmSync(sound, { recursive: true, force: true });
});

describe('with nothing running, a changed byte', () => {
  it('is nowhere in what was written', async () => {
    expect(await verify()).toMatchObject({ ok: true });
  });

  it.each(Array.from({ length: ROUNDS }, (_, i) => SEED + i))(
    'of blocks and state is named with its peer and channel, and with nothing else (seed %i)',
    async (seed) => {
      restore();
      const changes = PLACES.map((place) => ({ ...place, ...changeByte(program.data, place, seed) }));
      const { ok, copies } = await verify();
      expect(ok).toBe(false);
      const named = copies.filter(({ findings }) => findings.length > 0);
      expect(named.map(({ peer, channel }) => `${peer} ${channel}`).toSorted()).toEqual(
        changes.map(({ peer, channel }) => `${peer} ${channel}`).toSorted(),
      );
      for (const { peer, channel, kind, file } of changes) {
        const findings = named.find((copy) => copy.peer === peer && copy.channel === channel)?.findings ?? [];
        expect(findings.map(({ problem }) => problem).join('\n')).toContain(file);
        if (kind === 'blocks') expect(findings.map(({ block }) => typeof block)).toContain('number');
      }
    },
  );
});

describe('with nothing running, a forged block whose checksum fits', () => {
  const place = { peer: 'peer0.north', channel: 'care', number: 8 };
  const metadataOf = (block: common.Block) => block.getMetadata()?.getMetadataList_asU8() ?? [];

  it.each([
    [
      'with another validation code',
      (block: common.Block) => {
        const list = metadataOf(block);
        list[common.BlockMetadataIndex.TRANSACTIONS_FILTER]?.fill(11);
        block.getMetadata()?.setMetadataList(list);
      },
      {
        code: 'CODE',
        block: 8,
        transaction: 0,
        problem: expect.stringContaining('11 (MVCC_READ_CONFLICT)') as string,
      },
    ],
    [
      'with another commit hash',
      (block: common.Block) => {
        const list = metadataOf(block);
        list[common.BlockMetadataIndex.COMMIT_HASH]?.subarray(2).reverse();
        block.getMetadata()?.setMetadataList(list);
      },
      { code: 'COMMIT_HASH', block: 8 },
    ],
    [
      'with another transaction, and a data hash that fits it',
      (block: common.Block) => {
        const data = block.getData()?.getDataList_asU8() ?? [];
        const last = data[0]?.subarray(-1);
        last?.fill((last[0] ?? 0) ^ 1);
        block.getData()?.setDataList(data);
        block.getHeader()?.setDataHash(createHash('sha256').update(Buffer.concat(data)).digest());
      },
      { code: 'SIGNATURES', block: 8 },
    ],
  ])('%s is named with its peer, and nobody else is', async (_, forge, expected) => {
    restore();
    forgeBlock(program.data, place, forge);
    const { ok, copies } = await verify();
    expect(ok).toBe(false);
    const named = copies.filter(({ findings }) => findings.length > 0);
    expect(named).toMatchObject([{ peer: place.peer, channel: place.channel }]);
    expect(named[0]?.findings[0]).toMatchObject(expected);
  });
});

describe('with nothing running, an entry of a custodian’s access log that was changed', () => {
  it('is named with its custodian and its place', async () => {
    restore();
    const log = new DatabaseSync(join(program.data, 'north', 'custody', 'care', 'access-log.sqlite'));
    log.exec("UPDATE entries SET text = replace(text, 'TREAT', 'HOPERAT') WHERE sequence = 1");
    log.close();
    const { ok, accessLogs } = await verify();
    expect(ok).toBe(false);
    const named = accessLogs.filter(({ findings }) => findings.length > 0);
    expect(named).toMatchObject([{ custodian: 'north', channel: 'care' }]);
    expect(named[0]?.findings[0]).toEqual({ sequence: 1, code: 'LEAF_DIFFERS' });
  });
});

describe('a consortium in which one peer’s files were changed', () => {
  beforeAll(async () => {
    restore();
    changeBlock(program.data, 'peer0.north', 'care', -1);
    changeByte(program.data, { peer: 'peer0.south', channel: 'consortium', kind: 'state' }, SEED);
    await program.start();
  }, 120_000);

  it('starts without those peers and says why', async () => {
    const { nodes } = await control<Status>(program.data, 'status');
    const failed = nodes.filter(({ state }) => state === 'failed');
    expect(failed.map(({ organisation, part }) => `${part} ${organisation}`)).toEqual([
      'peer north',
      'peer south',
    ]);
    for (const { reason } of failed) expect(reason).toMatch(/is damaged|are damaged/);
  });

  it('verify names both and nobody else', async () => {
    const { copies } = await verify();
    const named = copies.filter(({ findings }) => findings.length > 0);
    expect(new Set(named.map(({ peer }) => peer))).toEqual(new Set(['peer0.north', 'peer0.south']));
    const { code, stdout } = await program.run('verify', '--json');
    expect(code).toBe(1);
    expect((JSON.parse(stdout) as VerifyReport).ok).toBe(false);
  });

  it('is whole again after a repair of each, which says what it found and did', async () => {
    const north = await program.run('peer', 'repair', 'north');
    expect(north).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/care: repaired block \d+ from other peers/),
    });
    expect(north.stdout).toMatch(/block \d+ is damaged \(.*\.blocks at byte \d+\)/);
    const south = await program.expect('peer', 'repair', 'peer0.south', '--channel', 'consortium', '--json');
    expect(JSON.parse(south)).toMatchObject({ node: 'peer0.south', channels: [{ isStateRebuilt: true }] });
    const { nodes } = await control<Status>(program.data, 'status');
    expect(nodes.filter(({ state }) => state === 'failed')).toEqual([]);
    expect(await verify()).toMatchObject({ ok: true });
  });

  it('refuses to repair what there is not, and says so', async () => {
    const nobody = await program.run('peer', 'repair', 'nobody');
    expect(nobody).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('There is no node peer0.nobody'),
    });
    const channel = await program.run('peer', 'rebuild', 'south', '--channel', 'nowhere');
    expect(channel).toMatchObject({ code: 1, stderr: expect.stringContaining('keeps nothing of nowhere') });
    expect(await program.run('peer', 'mend', 'south')).toMatchObject({ code: 2 });
  });
});

describe('a changed block in the middle of a running peer’s chain', () => {
  beforeAll(async () => {
    await program.stop();
    restore();
    changeBlock(program.data, 'peer0.north', 'care', 5);
    await program.start();
  }, 120_000);

  it('is refused and named; everybody goes on reading and writing', async () => {
    const { copies } = await verify();
    const named = copies.filter(({ findings }) => findings.length > 0);
    expect(named).toHaveLength(1);
    expect(named[0]).toMatchObject({ peer: 'peer0.north', channel: 'care', state: 'running' });
    expect(named[0]?.findings).toMatchObject([{ block: 5 }]);
    const nina = await program.client('nina');
    const { text } = await nina.expect('GET', `Observation/${observation}`);
    await nina.expect('PUT', `Observation/${observation}`, text, { 'if-match': 'W/"1"' });
  });

  it('is there again after a repair, and the state can be made again from the blocks', async () => {
    const repaired = await program.expect('peer', 'repair', 'north', '--channel', 'care', '--json');
    expect(JSON.parse(repaired)).toMatchObject({ channels: [{ channel: 'care', blocks: [5] }] });
    const rebuilt = await program.expect('peer', 'rebuild', 'north');
    expect(rebuilt).toMatch(/peer0\.north care: rebuilt from \d+ blocks with \d+ transactions/);
    expect(await verify()).toMatchObject({ ok: true });
    const nina = await program.client('nina');
    await nina.expect('GET', `Observation/${observation}`);
  });
});

interface Status {
  readonly nodes: readonly { organisation: string; part: string; state: string; reason?: string }[];
}

function verify(): Promise<VerifyReport> {
  return verifyConsortium(program.data, program.state(), () => undefined);
}

function restore(): void {
  rmSync(program.data, { recursive: true });
  cpSync(sound, program.data, { recursive: true });
}

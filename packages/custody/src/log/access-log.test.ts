import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  fromBase64,
  fromHex,
  toHex,
  verifyConsistency,
  verifyInclusion,
  verifyMapProof,
} from '@healthchain/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshBytes } from '../envelope/envelope.ts';
import type { CustodianLog } from '../proof/format.ts';
import { ecdsaSigner, verifySignature } from '../signature.ts';
import { draftAbout, personOf } from '../testing/entries.ts';
import { AccessLog, type AccessLogOptions } from './access-log.ts';
import { auditLogFile } from './audit-file.ts';
import { mapKey, mapValue, type Checkpoint, type CheckpointMaterial } from './checkpoint.ts';
import { entryLeafHash, entryMessage, parseEntry, type SignedEntry } from './format.ts';
import { StoredTree } from './stored-tree.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const signer = ecdsaSigner(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());
let directory: string;
let file: string;
let time: number;
let log: AccessLog;

function open(overrides: Partial<AccessLogOptions> = {}): AccessLog {
  const now = (): number => time;
  const fixed = {
    file,
    channel: 'care',
    mspId: 'NorthMSP',
    lastCheckpoint: undefined,
    signer,
    now,
    random: freshBytes,
  };
  return new AccessLog({ ...fixed, ...overrides });
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'access-log-'));
  file = join(directory, 'access-log.sqlite');
  time = Date.parse('2026-03-01T12:00:00Z');
  log = open();
});
afterEach(async () => {
  await log.close().catch(() => undefined);
  rmSync(directory, { recursive: true, force: true });
});

function checkpointOf(material: CheckpointMaterial | undefined): Checkpoint {
  if (material === undefined) throw new Error('nothing to checkpoint');
  const { custodian, channel, size, root, mapRoot } = material;
  return { custodian, channel, size, root, mapRoot };
}

const numbersOf = (entries: readonly SignedEntry[]): number[] =>
  entries.map(({ text }) => parseEntry(text).number);

function assertProven(
  { custodian, checkpoint, head, mapProof, entries }: CustodianLog,
  person: string,
): void {
  if (checkpoint === null || mapProof === null) throw new Error('not checkpointed');
  for (const { inclusion, ...entry } of entries) {
    const proof = inclusion.map(fromHex);
    const { sequence: index } = parseEntry(entry.text);
    const root = fromHex(checkpoint.root);
    expect(
      verifyInclusion({ leafHash: entryLeafHash(entry), index, size: checkpoint.size, proof, root }),
    ).toBe(true);
  }
  const shown = verifyMapProof(fromHex(checkpoint.mapRoot), mapKey('care', custodian, person), {
    entry:
      mapProof.entry === null
        ? undefined
        : { key: fromHex(mapProof.entry.key), value: fromHex(mapProof.entry.value) },
    siblings: mapProof.siblings.map(fromHex),
  });
  if (head === null) expect(shown).toBe('absent');
  else expect(shown).toEqual(mapValue(fromHex(head.salt), head.count, fromHex(head.head)));
}

describe('entries', () => {
  it('carry running numbers and name the entry before, patient by patient', async () => {
    const signed = await log.append([draftAbout(1), draftAbout(2), draftAbout(1)]);
    const [first, second, third] = signed.map(({ text }) => parseEntry(text));
    expect([first?.number, second?.number, third?.number]).toEqual([1, 1, 2]);
    expect([first?.previous, second?.previous]).toEqual([null, null]);
    expect(third?.previous).toBe(toHex(entryLeafHash(signed[0] as SignedEntry)));
    expect([first?.sequence, second?.sequence, third?.sequence]).toEqual([0, 1, 2]);
  });

  it('are signed by the custodian', async () => {
    const [signed] = (await log.append([draftAbout(1)])) as [SignedEntry];
    const message = entryMessage(entryLeafHash(signed));
    expect(verifySignature(publicKey, message, fromBase64(signed.signature))).toBe(true);
    const altered = { ...signed, text: signed.text.replace('TREAT', 'PATRQT') };
    expect(
      verifySignature(publicKey, entryMessage(entryLeafHash(altered)), fromBase64(signed.signature)),
    ).toBe(false);
  });

  it('that are refused leave nothing of their group', async () => {
    const broken = draftAbout(2, { person: null as unknown as string });
    const results = await Promise.allSettled([log.append([draftAbout(1), broken])]);
    expect(results[0]?.status).toBe('rejected');
    expect(log.size).toBe(0);
    expect(numbersOf(await log.append([draftAbout(1)]))).toEqual([1]);
  });

  it('of concurrent callers share a commit', async () => {
    const walPages = (): number =>
      Number(new DatabaseSync(file).prepare('PRAGMA wal_checkpoint(passive)').get()?.['log']);
    await Promise.all(Array.from({ length: 100 }, (_, i) => log.append([draftAbout(i)])));
    const together = walPages();
    for (let i = 0; i < 100; i++) await log.append([draftAbout(i)]);
    expect(log.size).toBe(200);
    expect(walPages() - together).toBeGreaterThan(2 * together);
  });
});

describe('checkpoints', () => {
  it('prove every entry, the number of a patient’s entries, and that a patient has none', async () => {
    await log.append([draftAbout(1), draftAbout(2), draftAbout(1), draftAbout(3)]);
    log.confirm(checkpointOf(log.checkpoint()));
    for (const person of [1, 2, 3, 4].map(personOf)) assertProven(log.personLog(person), person);
    expect(log.personLog(personOf(1)).head?.count).toBe(2);
    expect(log.personLog(personOf(4)).head).toBeNull();
  });

  it('prove each other’s growth', async () => {
    let before: CheckpointMaterial | undefined;
    for (let round = 1; round <= 9; round++) {
      await log.append(Array.from({ length: round }, (_, i) => draftAbout(i)));
      const material = log.checkpoint() as CheckpointMaterial;
      expect(material.previousSize).toBe(before?.size ?? 0);
      const grown = verifyConsistency({
        oldSize: material.previousSize,
        oldRoot: fromHex(material.previousRoot),
        size: material.size,
        root: fromHex(material.root),
        proof: material.consistency.map(fromHex),
      });
      expect(grown).toBe(before !== undefined);
      if (before !== undefined) expect(material.previousRoot).toBe(before.root);
      log.confirm(checkpointOf(material));
      before = material;
    }
  });

  it('stay the same until they are confirmed, also over a restart', async () => {
    await log.append([draftAbout(1)]);
    const material = log.checkpoint();
    await log.append([draftAbout(1)]);
    expect(log.checkpoint()).toEqual(material);
    await log.close();
    log = open();
    expect(log.checkpoint()).toEqual(material);
    expect(log.personLog(personOf(1))).toMatchObject({ checkpoint: null, entries: [] });
    log.confirm(checkpointOf(material));
    const shown = log.personLog(personOf(1));
    expect([shown.entries.length, shown.uncheckpointed.length]).toEqual([1, 1]);
    assertProven(shown, personOf(1));
    expect(log.checkpoint()?.size).toBe(2);
  });

  it('prove the same after a restart', async () => {
    await log.append([draftAbout(1), draftAbout(2)]);
    log.confirm(checkpointOf(log.checkpoint()));
    const shown = log.personLog(personOf(2));
    await log.close();
    log = open();
    expect(log.personLog(personOf(2))).toEqual(shown);
    expect(log.checkpoint()).toBeUndefined();
  });

  it('are due after 1 s for an emergency, 10 s for routine, 1 h for the rest', async () => {
    expect(log.checkpointDue()).toBeUndefined();
    await log.append([draftAbout(1, { kind: 'refused' })]);
    expect(log.checkpointDue()).toBe(time + 3_600_000);
    await log.append([draftAbout(1)]);
    expect(log.checkpointDue()).toBe(time + 10_000);
    await log.append([draftAbout(1, { kind: 'released', emergency: '0'.repeat(64) })]);
    expect(log.checkpointDue()).toBe(time + 1_000);
    log.confirm(checkpointOf(log.checkpoint()));
    expect(log.checkpointDue()).toBeUndefined();
  });

  it('that the log never made are refused, and so is everything after', async () => {
    await log.append([draftAbout(1)]);
    const material = checkpointOf(log.checkpoint());
    expect(() => log.confirm({ ...material, channel: 'consortium' })).toThrow(
      expect.objectContaining({ code: 'STORE_MISMATCH' }),
    );
    const forged = { ...material, mapRoot: '0'.repeat(64) };
    expect(() => log.confirm(forged)).toThrow(
      expect.objectContaining({ code: 'LOG_DIFFERS_FROM_CHECKPOINT' }),
    );
    await expect(log.append([draftAbout(1)])).rejects.toMatchObject({ code: 'LOG_DIFFERS_FROM_CHECKPOINT' });
    expect(() => log.personLog(personOf(1))).toThrow(
      expect.objectContaining({ code: 'LOG_DIFFERS_FROM_CHECKPOINT' }),
    );
  });
});

describe('a log that is not whole', () => {
  async function checkpointed(): Promise<Checkpoint> {
    await log.append([draftAbout(1), draftAbout(2)]);
    await log.close();
    const backup = readFileSync(file);
    log = open();
    await log.append([draftAbout(1)]);
    const checkpoint = checkpointOf(log.checkpoint());
    log.confirm(checkpoint);
    await log.close();
    writeFileSync(join(directory, 'backup'), backup);
    return checkpoint;
  }
  it('is refused when an older copy took its place', async () => {
    const lastCheckpoint = await checkpointed();
    writeFileSync(file, readFileSync(join(directory, 'backup')));
    expect(() => open({ lastCheckpoint })).toThrow(
      expect.objectContaining({ code: 'LOG_SHORTER_THAN_CHECKPOINT' }),
    );
  });

  it('is refused when it was replaced by an empty one', async () => {
    const lastCheckpoint = await checkpointed();
    rmSync(file);
    expect(() => open({ lastCheckpoint })).toThrow(
      expect.objectContaining({ code: 'LOG_SHORTER_THAN_CHECKPOINT' }),
    );
  });

  it('is refused when a copy grew differently', async () => {
    const lastCheckpoint = await checkpointed();
    writeFileSync(file, readFileSync(join(directory, 'backup')));
    const other = open();
    await other.append([draftAbout(5), draftAbout(6)]);
    await other.close();
    expect(() => open({ lastCheckpoint })).toThrow(
      expect.objectContaining({ code: 'LOG_DIFFERS_FROM_CHECKPOINT' }),
    );
  });

  it('is refused when a head was altered', async () => {
    await checkpointed();
    const database = new DatabaseSync(file);
    database.exec(`UPDATE entries SET number = 7 WHERE person = '${personOf(2)}'`);
    database.close();
    expect(() => open()).toThrow(expect.objectContaining({ code: 'LOG_DIFFERS_FROM_CHECKPOINT' }));
  });

  it('is refused as the log of another custodian', async () => {
    await log.close();
    expect(() => open({ mspId: 'SouthMSP' })).toThrow(expect.objectContaining({ code: 'STORE_MISMATCH' }));
  });
});

describe('an audit', () => {
  const damage: readonly [string, string][] = [
    ['UNREADABLE', "UPDATE entries SET text = '{}' WHERE sequence = 1"],
    ['LEAF_DIFFERS', "UPDATE entries SET text = replace(text, 'TREAT', 'PATRQT') WHERE sequence = 1"],
    ['LEAF_DIFFERS', 'UPDATE entries SET random = zeroblob(32) WHERE sequence = 1'],
    ['LEAF_DIFFERS', 'UPDATE entries SET leaf = zeroblob(32) WHERE sequence = 1'],
    ['MISSING', 'DELETE FROM entries WHERE sequence = 1'],
    ['TREE_DIFFERS', 'UPDATE nodes SET hash = zeroblob(32) WHERE level = 1 AND position = 0'],
  ];
  it.each(damage)('finds %s: %s', async (code, statement) => {
    await log.append([draftAbout(1), draftAbout(2), draftAbout(1)]);
    expect(log.audit()).toEqual([]);
    const database = new DatabaseSync(file);
    database.exec(statement);
    database.close();
    expect(log.audit().map((finding) => finding.code)).toContain(code);
    expect(auditLogFile(file, undefined).findings).toEqual(log.audit());
  });

  it('needs no running custodian, and finds a log that is gone or no longer a log', async () => {
    await log.append([draftAbout(1), draftAbout(2)]);
    const checkpoint = checkpointOf(log.checkpoint());
    expect(auditLogFile(file, checkpoint)).toEqual({ entries: 2, findings: [] });
    await log.close();
    expect(auditLogFile(file, checkpoint)).toEqual({ entries: 2, findings: [] });
    const gone = [{ sequence: 0, code: 'CHECKPOINT_DIFFERS' }];
    expect(auditLogFile(`${file}.elsewhere`, checkpoint).findings).toEqual(gone);
    writeFileSync(file, 'no database');
    expect(auditLogFile(file, checkpoint).findings).toEqual([{ sequence: 0, code: 'UNREADABLE' }]);
    rmSync(file);
    log = open();
  });

  it('finds what was changed together with everything that depends on it', async () => {
    await log.append([draftAbout(1), draftAbout(2), draftAbout(1)]);
    log.confirm(checkpointOf(log.checkpoint()));
    const database = new DatabaseSync(file);
    database.exec(
      "DELETE FROM nodes; UPDATE entries SET text = replace(text, 'TREAT', 'PATRQT') WHERE sequence = 2",
    );
    const leaf = entryLeafHash(
      database
        .prepare('SELECT text, lower(hex(random)) AS random FROM entries WHERE sequence = 2')
        .get() as never,
    );
    database.prepare('UPDATE entries SET leaf = ? WHERE sequence = 2').run(leaf);
    const tree = new StoredTree(database);
    database
      .prepare('SELECT leaf FROM entries ORDER BY sequence')
      .all()
      .forEach((row, i) => tree.append(i, row['leaf'] as Uint8Array<ArrayBuffer>));
    database.close();
    expect(log.audit()).toEqual([{ sequence: 3, code: 'CHECKPOINT_DIFFERS' }]);
  });
});

describe('kill -9', () => {
  it('loses nothing that was durable and leaves nothing half-written', async () => {
    await log.close();
    for (const after of [1, 4, 9]) {
      const child = spawn(process.execPath, [
        join(import.meta.dirname, '../testing/append-forever.worker.ts'),
        file,
      ]);
      let printed = '';
      let groups = 0;
      for await (const chunk of child.stdout) {
        printed += String(chunk);
        groups = printed.split('\n').length - 1;
        if (groups >= after) break;
      }
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      const durable = Number(printed.split('\n')[groups - 1]);
      const survived = open();
      expect(survived.size).toBeGreaterThanOrEqual(durable);
      const material = survived.checkpoint() as CheckpointMaterial;
      survived.confirm(checkpointOf(material));
      const all = Array.from({ length: 7 }, (_, i) => survived.personLog(personOf(i)));
      all.forEach((shown, i) => assertProven(shown, personOf(i)));
      expect(all.reduce((sum, { entries }) => sum + entries.length, 0)).toBe(survived.size);
      for (const { entries } of all) expect(numbersOf(entries)).toEqual(entries.map((_, i) => i + 1));
      await survived.close();
    }
    log = open();
  });
});

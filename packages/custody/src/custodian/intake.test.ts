import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256, toHex } from '@healthchain/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { freshBytes } from '../envelope/envelope.ts';
import { importIntakeKey, type PublicIntakeKey } from '../sealing/intake-key.ts';
import { sealShareMessage } from '../sealing/share-message.ts';
import { shareHash } from '../shares/shares.ts';
import { IntakeKeyFiles } from '../store/intake-keys.ts';
import { Vault } from '../store/vault.ts';
import { Consortium, tipOf } from '../testing/consortium.ts';
import { headerOf, HIV, LABORATORY, observation } from '../testing/records.ts';
import type { Custodian } from './api.ts';
import type { BlockFacts, CommittedWrite } from './facts.ts';
import { Intake } from './intake.ts';

const laboratory = { header: headerOf(1), labels: LABORATORY, type: 'Observation', resource: observation(1) };
const hiv = {
  header: headerOf(2, { categories: ['restricted'] }),
  labels: HIV,
  type: 'Observation',
  resource: observation(2),
};
let consortium: Consortium;
let north: Custodian;
beforeEach(() => {
  consortium = new Consortium();
  north = consortium.custodian('NorthMSP');
});
afterEach(() => consortium.close());

/** A block whose one write was altered on its way to North. */
function ingestAltered(alter: (write: CommittedWrite) => CommittedWrite): void {
  const write = consortium.write([laboratory, hiv])('NorthMSP');
  consortium.height++;
  north.ingest({ ...tipOf(consortium.height), writes: [alter(write)], intakeEvents: [] });
}

const block = (height: number, overrides: Partial<BlockFacts> = {}): BlockFacts => ({
  ...tipOf(height),
  writes: [],
  intakeEvents: [],
  ...overrides,
});

describe('ingestion', () => {
  it('takes blocks in order, and the same block twice without harm', () => {
    consortium.commit([laboratory]);
    expect(north.ingested).toEqual(tipOf(1));
    north.ingest(block(1));
    expect(() => north.ingest(block(3))).toThrow(expect.objectContaining({ code: 'OUT_OF_ORDER' }));
    north.ingest(block(2));
    expect(north.ingested).toEqual(tipOf(2));
  });

  it('goes on where it was after a restart', async () => {
    consortium.commit([laboratory]);
    await north.close();
    north = consortium.open('NorthMSP');
    expect(north.ingested).toEqual(tipOf(1));
    consortium.commit([hiv]);
    expect((await consortium.ask([laboratory, hiv], ['NorthMSP'])).answers[0]?.answer.body).toContain(
      '"missing":[]',
    );
  });

  const altered: readonly [string, string, (write: CommittedWrite) => CommittedWrite][] = [
    ['NOT_SEALED', 'no message', (write) => ({ ...write, sealed: undefined })],
    ['NOT_SEALED', 'another message', (write) => ({ ...write, sealed: new Uint8Array(100) })],
    ['NOT_SEALED', 'nothing addressed', (write) => ({ ...write, write: { ...write.write, sealed: [] } })],
    [
      'NOT_OPENED',
      'another author',
      (write) => ({ ...write, author: { ...write.author, mspId: 'SouthMSP' } }),
    ],
    ['NOT_OPENED', 'another epoch', (write) => ({ ...write, epoch: { ...write.epoch, number: 2 } })],
    [
      'KEY_DESTROYED',
      'a key that is not here',
      (write) => ({
        ...write,
        write: {
          ...write.write,
          sealed: write.write.sealed.map((item) => ({ ...item, intakeKeyId: '0'.repeat(64) })),
        },
      }),
    ],
    [
      'NOT_OPENED',
      'another share hash',
      (write) => ({
        ...write,
        write: {
          ...write.write,
          operations: write.write.operations.map((operation) =>
            operation.kind === 'put'
              ? { ...operation, shareHashes: operation.shareHashes.map(() => '0'.repeat(64)) }
              : operation,
          ),
        },
      }),
    ],
  ];
  it.each(altered)('reports %s with its author: %s', (reason, _, alter) => {
    ingestAltered(alter);
    const [rejected] = north.rejected();
    expect(rejected).toMatchObject({ height: 1, reason });
    expect(rejected?.author.mspId).toMatch(/North|South/);
    expect(consortium.alarms).toMatchObject([{ code: 'SHARE_REJECTED', details: { reason } }]);
    expect(north.ingested).toEqual(tipOf(1));
    expect(north.rejected(2)).toEqual([]);
  });

  it('reports a share that is not the one of its hash, and labels that the header denies', () => {
    const { write, ...committed } = consortium.write([laboratory, hiv])('NorthMSP');
    const intakeKey = consortium.intakeKeys.find(({ mspId }) => mspId === 'NorthMSP') as PublicIntakeKey;
    const y = new Uint8Array(32).fill(7);
    const operations = write.operations.flatMap((operation) => (operation.kind === 'put' ? [operation] : []));
    const lies = operations.map((operation, i) => {
      const { recordId, version } = operation.header;
      const honest = toHex(shareHash({ recordId, version, epoch: 1, index: 1, y }));
      return {
        ...operation,
        shareHashes: [i === 0 ? '0'.repeat(64) : honest, ...operation.shareHashes.slice(1)],
      };
    });
    const facts = {
      channel: 'care',
      custodian: 'NorthMSP',
      index: 1,
      intakeKeyId: intakeKey.keyId,
      author: 'NorthMSP',
      epoch: 1,
      records: lies.map(({ header, ciphertextHash, shareHashes }) => ({
        header,
        ciphertextHash,
        shareHash: shareHashes[0] ?? '',
      })),
    };
    const sealed = sealShareMessage(importIntakeKey('care', intakeKey), facts, [
      { y, labels: LABORATORY },
      { y, labels: LABORATORY },
    ]);
    const addressed = { mspId: 'NorthMSP', intakeKeyId: intakeKey.keyId, hash: toHex(sha256(sealed)) };
    const lie = { ...committed, sealed, write: { ...write, operations: lies, sealed: [addressed] } };
    north.ingest(block(1, { writes: [lie] }));
    expect(north.rejected().map(({ reason, record }) => [reason, record?.recordId])).toEqual([
      ['SHARE_MISMATCH', laboratory.header.recordId],
      ['LABELS_MISMATCH', hiv.header.recordId],
    ]);
  });
});

describe('an intake key', () => {
  const keyId = (): string => consortium.intakeKeys.find(({ mspId }) => mspId === 'NorthMSP')?.keyId ?? '';

  it('is destroyed by height: when the last block that may use it is durable', () => {
    expect(north.intakeKeys()).toEqual([{ keyId: keyId(), state: 'open' }]);
    const next = north.createIntakeKey();
    expect(north.intakeKeys().find((key) => key.keyId === next.keyId)?.state).toBe('created');
    north.ingest(
      block(1, {
        intakeEvents: [
          { kind: 'opened', keyId: next.keyId },
          { kind: 'closing', keyId: keyId(), lastHeight: 3 },
        ],
      }),
    );
    north.ingest(block(2));
    consortium.time += 365 * 86_400_000;
    expect(north.intakeKeys().find((key) => key.keyId === keyId())).toMatchObject({
      state: 'closing',
      lastHeight: 3,
    });
    north.ingest(block(3));
    expect(north.intakeKeys()).toEqual([{ keyId: next.keyId, state: 'open' }]);
  });

  it('is destroyed after everything that it opened was synced', () => {
    const steps: string[] = [];
    const owner = { channel: 'care', mspId: 'NorthMSP' };
    const vault = new Vault(join(consortium.directory, 'other.sqlite'), owner);
    const keys = new IntakeKeyFiles(join(consortium.directory, 'other-keys'), owner);
    const take = vault.take.bind(vault);
    vi.spyOn(vault, 'take').mockImplementation((taken, { synced }) => {
      take(taken, { synced });
      steps.push(`take ${taken.height}${synced ? ' synced' : ''}`);
    });
    vi.spyOn(keys, 'destroy').mockImplementation(() => void steps.push('destroy'));
    const intake = new Intake({ ...owner, vault, keys, random: freshBytes, alarm: () => undefined });
    const { keyId: closingKey } = intake.createKey();
    intake.ingest(block(0));
    intake.ingest(block(1, { intakeEvents: [{ kind: 'closing', keyId: closingKey, lastHeight: 3 }] }));
    intake.ingest(block(2));
    intake.ingest(block(3));
    intake.ingest(block(4));
    vault.close();
    expect(steps).toEqual(['take 0', 'take 1 synced', 'take 2 synced', 'take 3 synced', 'destroy', 'take 4']);
  });

  it('that should be gone is destroyed at the next start', async () => {
    const file = join(consortium.directory, 'NorthMSP', 'keys', `${keyId()}.key`);
    const bytes = readFileSync(file);
    north.ingest(block(1, { intakeEvents: [{ kind: 'closing', keyId: keyId(), lastHeight: 1 }] }));
    await north.close();
    writeFileSync(file, bytes);
    north = consortium.open('NorthMSP');
    expect(north.intakeKeys()).toEqual([]);
  });
});

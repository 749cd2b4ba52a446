import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshBytes } from '../envelope/envelope.ts';
import { tipOf } from '../testing/consortium.ts';
import { DOCTOR, HIV, MARIA, recordIdOf } from '../testing/records.ts';
import { Vault, type VaultShare } from './vault.ts';

const owner = { channel: 'care', mspId: 'NorthMSP' };
let directory: string;
let vault: Vault;
const open = (): Vault => new Vault(join(directory, 'vault.sqlite'), owner);
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vault-'));
  vault = open();
});
afterEach(() => {
  vault.close();
  rmSync(directory, { recursive: true, force: true });
});

function shareOf(n: number, epoch = 1): VaultShare {
  return {
    share: { recordId: recordIdOf(n), version: 1, epoch, index: 1, y: freshBytes(32) },
    labels: HIV,
    persons: [MARIA],
    author: { mspId: 'NorthMSP', userId: DOCTOR },
  };
}
const take = (taken: ReturnType<typeof block>): void => vault.take(taken, { synced: false });
const block = (height: number, shares: readonly VaultShare[]) => ({
  ...tipOf(height),
  shares,
  rejected: [],
  intakeEvents: [],
});

describe('the vault', () => {
  it('gives back what it took, of the newest epoch, after a restart too', () => {
    const [old, redealt] = [shareOf(1), shareOf(1, 2)];
    take(block(0, [old]));
    expect(vault.find(recordIdOf(1), 1)).toEqual(old);
    take(block(1, [redealt]));
    vault.close();
    vault = open();
    expect(vault.find(recordIdOf(1), 1)).toEqual(redealt);
    expect(vault.find(recordIdOf(1), 2)).toBeUndefined();
    expect(vault.progress).toEqual(tipOf(1));
  });

  it('takes a block whole or not at all', () => {
    const broken = { ...shareOf(2), author: { mspId: 'NorthMSP', userId: null as unknown as string } };
    expect(() => take(block(0, [shareOf(1), broken]))).toThrow(/NOT NULL/);
    expect(vault.find(recordIdOf(1), 1)).toBeUndefined();
    expect(vault.progress).toBeUndefined();
    take(block(0, [shareOf(1)]));
    expect(() => take(block(0, []))).toThrow(expect.objectContaining({ code: 'OUT_OF_ORDER' }));
  });

  it('is the owner’s alone, in every file', () => {
    take(block(0, [shareOf(1)]));
    for (const name of readdirSync(directory))
      expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
    vault.close();
    expect(() => new Vault(join(directory, 'vault.sqlite'), { ...owner, channel: 'consortium' })).toThrow(
      expect.objectContaining({ code: 'STORE_MISMATCH' }),
    );
    vault = open();
  });

  it('leaves nothing of a deleted share in any file', () => {
    const shares = Array.from({ length: 40 }, (_, i) => shareOf(i));
    take(block(0, shares));
    vault.close();
    const erasing = new DatabaseSync(join(directory, 'vault.sqlite'));
    erasing.exec('PRAGMA secure_delete = on; DELETE FROM shares; PRAGMA wal_checkpoint(truncate)');
    erasing.close();
    const bytes = Buffer.concat(readdirSync(directory).map((name) => readFileSync(join(directory, name))));
    expect(shares.filter(({ share }) => bytes.includes(Buffer.from(share.y)))).toEqual([]);
    vault = open();
    expect(vault.find(recordIdOf(1), 1)).toBeUndefined();
  });
});

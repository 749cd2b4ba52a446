import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '@healthchain/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshBytes } from '../envelope/envelope.ts';
import { IntakeKeyFiles } from './intake-keys.ts';

const owner = { channel: 'care', mspId: 'NorthMSP' };
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'intake-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('intake keys', () => {
  it('are one file each that the owner alone may read, and load again', () => {
    const files = new IntakeKeyFiles(directory, owner);
    const [a, b] = [files.create(freshBytes), files.create(freshBytes)];
    expect(files.list()).toEqual([a.keyId, b.keyId].sort());
    for (const name of readdirSync(directory))
      expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
    const again = new IntakeKeyFiles(directory, owner);
    expect(toHex(again.load(a.keyId)?.publicKey.bytes ?? new Uint8Array(0))).toBe(toHex(a.publicKey));
    expect(again.load('0'.repeat(64))).toBeUndefined();
    expect(again.load('../../etc/passwd')).toBeUndefined();
  });

  it('are gone when they are destroyed, and destroying twice does no harm', () => {
    const files = new IntakeKeyFiles(directory, owner);
    const { keyId } = files.create(freshBytes);
    files.destroy(keyId, freshBytes);
    files.destroy(keyId, freshBytes);
    expect(readdirSync(directory)).toEqual([]);
    expect(files.load(keyId)).toBeUndefined();
  });

  it('are overwritten before they are unlinked', () => {
    const files = new IntakeKeyFiles(directory, owner);
    const { keyId } = files.create(freshBytes);
    const before = readFileSync(join(directory, `${keyId}.key`));
    let overwritten: Buffer | undefined;
    const noise = (length: number): Uint8Array<ArrayBuffer> => {
      overwritten = readFileSync(join(directory, `${keyId}.key`));
      return new Uint8Array(length).fill(0x55);
    };
    files.destroy(keyId, noise);
    expect(overwritten).toEqual(before);
  });

  it('whose file was not finished are forgotten; of another format are refused', () => {
    writeFileSync(join(directory, `${'1'.repeat(64)}.key.part`), 'half');
    writeFileSync(join(directory, `${'2'.repeat(64)}.key`), 'something else\n');
    const files = new IntakeKeyFiles(directory, owner);
    expect(files.list()).toEqual(['2'.repeat(64)]);
    expect(() => files.load('2'.repeat(64))).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
  });
});

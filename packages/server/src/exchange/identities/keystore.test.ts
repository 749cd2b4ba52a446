import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { randomPersonId } from '@healthchain/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Keystore } from './keystore.ts';

const PAIR = { certificate: 'CERTIFICATE', privateKey: '-----BEGIN PRIVATE KEY-----secret' };
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'keystore-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('a key pair comes back after reopening, and its private key stands in no file', () => {
  const userId = randomPersonId();
  const first = Keystore.open(directory);
  first.put(userId, 'doctor', PAIR);
  first.close();
  for (const file of ['keystore.sqlite', 'keystore.key']) {
    expect(readFileSync(join(directory, file)).includes('PRIVATE KEY')).toBe(false);
    expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600);
  }
  const second = Keystore.open(directory);
  expect(second.keyPair(userId)).toEqual(PAIR);
  expect(second.users()).toEqual([{ userId, role: 'doctor', certificate: 'CERTIFICATE' }]);
  second.close();
});

test('a sealed key moved to another user does not open', () => {
  const [alice, mallory] = [randomPersonId(), randomPersonId()];
  const keystore = Keystore.open(directory);
  keystore.put(alice, 'doctor', PAIR);
  keystore.put(mallory, 'clerk', { certificate: 'CERTIFICATE', privateKey: 'other' });
  const raw = new DatabaseSync(join(directory, 'keystore.sqlite'));
  raw
    .prepare('UPDATE user SET sealedKey = (SELECT sealedKey FROM user WHERE userId = ?) WHERE userId = ?')
    .run(alice, mallory);
  raw.close();
  expect(() => keystore.keyPair(mallory)).toThrow('cannot be opened');
  expect(() => keystore.keyPair(randomPersonId())).toThrow('keeps no key');
  keystore.close();
});

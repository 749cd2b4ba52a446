import { mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { openSecrets, Secret } from './secrets.ts';

const folder = (): string => mkdtempSync(join(tmpdir(), 'secrets-'));

describe('secrets', () => {
  it('are drawn once, kept, and readable by their owner alone', () => {
    const directory = join(folder(), 'keys');
    const first = openSecrets(directory);
    const second = openSecrets(directory);
    expect(second.cursorKey.reveal()).toEqual(first.cursorKey.reveal());
    expect(second.tokenPublicKey.equals(first.tokenPublicKey)).toBe(true);
    expect(statSync(join(directory, 'token-key.pem')).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, 'cursor-key')).mode & 0o777).toBe(0o600);
    expect(openSecrets(folder()).cursorKey.reveal()).not.toEqual(first.cursorKey.reveal());
  });

  it('refuse a file that holds something else', () => {
    const directory = folder();
    writeFileSync(join(directory, 'cursor-key'), 'short');
    expect(() => openSecrets(directory)).toThrow('cursor-key: ');
    const other = folder();
    writeFileSync(join(other, 'token-key.pem'), 'no key');
    expect(() => openSecrets(other)).toThrow('token-key.pem: ');
  });

  it('show in no text', () => {
    const secret = new Secret('hunter2');
    const shown = [
      String(secret),
      JSON.stringify({ secret }),
      inspect(secret),
      inspect({ deep: { secret } }),
      inspect(secret, { showHidden: true }),
    ];
    for (const text of shown) expect(text).not.toContain('hunter2');
    expect(secret.reveal()).toBe('hunter2');
  });
});

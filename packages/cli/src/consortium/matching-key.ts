import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MatchingKey } from '@healthchain/server';
import type { OrganisationState } from './state.ts';

const KEY_BYTES = 32;

/** The key under which hospitals and authority index identifiers; an insurer has one of its own (custody.md section 2). */
export function matchingKeyOf(data: string, organisation: OrganisationState): MatchingKey {
  const circle = organisation.kind === 'insurer' ? organisation.name : 'care';
  const file = join(data, 'matching', `${circle}.key`);
  if (!existsSync(file)) {
    mkdirSync(join(data, 'matching'), { recursive: true, mode: 0o700 });
    writeFileSync(file, randomBytes(KEY_BYTES), { mode: 0o600, flush: true });
  }
  return { version: 1, key: readFileSync(file) };
}

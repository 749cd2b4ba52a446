import { readFileSync } from 'node:fs';
import { reference } from '@healthchain/contracts';
import { expect, it } from 'vitest';

it('docs/contracts.md is what the registry says (npm run reference writes it)', () => {
  expect(readFileSync(new URL('../docs/contracts.md', import.meta.url), 'utf8')).toBe(reference());
});

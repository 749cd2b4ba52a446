// Writes docs/contracts.md from the registry of contract functions; test/reference.test.ts checks that it is in step.
import { writeFileSync } from 'node:fs';
import { reference } from '@healthchain/contracts';

writeFileSync(new URL('../docs/contracts.md', import.meta.url), reference());

import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// Whatever any part writes into the data directory is its owner's alone.
process.umask(0o077);
// Stripping types and compiling are most of the time of a short command; a cache that cannot be written changes nothing else.
enableCompileCache(join(import.meta.dirname, '../../../node_modules/.cache/healthchain'));
const { main } = await import('./program.ts');
const code = await main(process.argv.slice(2));
// What a failed command could not close must not keep the process.
if (code !== 0) process.exit(code);

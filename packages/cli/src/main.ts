import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// Whatever any part writes into the data directory is its owner's alone.
process.umask(0o077);
// Stripping types and compiling are most of the time of a short command, and a thread that need not strip takes 20 MB less; threads
// and child processes find the cache by the variable. One that cannot be written changes nothing else.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, '../../../node_modules/.cache/healthchain');
enableCompileCache();
const { main } = await import('./program.ts');
const code = await main(process.argv.slice(2));
// What a failed command could not close must not keep the process.
if (code !== 0) process.exit(code);

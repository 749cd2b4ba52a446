// The static checks, in one run: types, lint, format, unused code, import directions, host names in committed files.
import { spawnSync } from 'node:child_process';
import { checkImports } from './imports.mjs';

const steps = [
  ['types', 'tsc', ['--noEmit', '-p', 'tsconfig.json']],
  [
    'lint',
    'oxlint',
    ['--type-aware', '--tsconfig', 'tsconfig.json', '--quiet', 'packages', 'test', 'tools', 'bin'],
  ],
  ['format', 'oxfmt', ['--check', 'packages', 'test', 'tools', 'bin']],
  ['unused code', 'knip', ['--no-progress']],
];

let failed = false;
for (const [name, program, args] of steps) {
  const run = spawnSync(program, args, { encoding: 'utf8' });
  const ok = run.status === 0;
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}`);
  if (!ok) console.log(`${run.stdout ?? ''}${run.stderr ?? ''}${run.error?.message ?? ''}`);
  failed ||= !ok;
}
const breaches = checkImports();
console.log(`${breaches.length === 0 ? 'ok  ' : 'FAIL'} import directions`);
for (const breach of breaches) console.log(breach);
if (failed || breaches.length > 0) process.exit(1);

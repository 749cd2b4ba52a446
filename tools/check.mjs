// The static checks, in one run: types, lint, format, unused code, import directions.
import { spawnSync } from 'node:child_process';
import { checkImports } from './imports.mjs';

const FOLDERS = ['packages', 'test', 'tools', 'bin'];
const STEPS = [
  { name: 'types', program: 'tsc', args: ['--noEmit', '-p', 'tsconfig.json'] },
  {
    name: 'lint',
    program: 'oxlint',
    args: ['--type-aware', '--tsconfig', 'tsconfig.json', '--quiet', ...FOLDERS],
  },
  { name: 'format', program: 'oxfmt', args: ['--check', ...FOLDERS] },
  { name: 'unused code', program: 'knip', args: ['--no-progress'] },
];

let failed = false;
for (const { name, program, args } of STEPS) {
  const run = spawnSync(program, args, { encoding: 'utf8' });
  report(name, run.status === 0, `${run.stdout ?? ''}${run.stderr ?? ''}${run.error?.message ?? ''}`);
}
const breaches = checkImports();
report('import directions', breaches.length === 0, breaches.join('\n'));
if (failed) process.exit(1);

/**
 * @param {string} name
 * @param {boolean} ok
 * @param {string} output
 */
function report(name, ok, output) {
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}`);
  if (ok) return;
  failed = true;
  console.log(output);
}

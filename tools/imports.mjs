// Imports between packages point one way. This table is the rule; ARCHITECTURE.md draws it.
import { readFileSync } from 'node:fs';
import { globSync } from 'node:fs';

const MAY_IMPORT = {
  core: [],
  contracts: ['core'],
  ledger: ['core'],
  custody: ['core'],
  server: ['core', 'contracts', 'ledger', 'custody'],
  cli: ['core', 'contracts', 'ledger', 'custody', 'server'],
};

/** Returns one line for each import that the table forbids, or that reaches into another package's files. */
export function checkImports() {
  const breaches = [];
  for (const file of globSync('packages/*/{src,conformance}/**/*.ts')) {
    const own = file.split('/')[1];
    const allowed = MAY_IMPORT[own];
    if (allowed === undefined) {
      breaches.push(`${file}: package ${own} is not in the table of tools/imports.mjs`);
      continue;
    }
    for (const [, name, rest] of readFileSync(file, 'utf8').matchAll(
      /from '@healthchain\/([a-z]+)(\/[^']*)?'/g,
    )) {
      if (!allowed.includes(name)) breaches.push(`${file}: ${own} must not import ${name}`);
      if (rest !== undefined) breaches.push(`${file}: import @healthchain/${name}, not its file ${rest}`);
    }
  }
  return breaches;
}

import { parseArgs } from 'node:util';
import { CASES } from './cases/index.ts';
import { exceptionsOf } from './exceptions.ts';
import { recordChains } from './record.ts';
import { runCases } from './run.ts';
import type { Result } from './run.ts';
import type { Target } from './target.ts';

const USAGE = `usage: npm run test:conformance -- [--engine embedded|fabric] [--transport inproc|grpc] [--consensus raft|bft]
                                   [--case TEXT] [--record FOLDER] [--json]
  --engine     embedded (default): this program's own; fabric: a network of Fabric's programs started for the run
  --transport  how the embedded engine is reached; Fabric is always reached by grpc
  --consensus  of the Fabric network
  --case       only cases whose name or source contains TEXT
  --record     afterwards write the chains into FOLDER: vectors for the validator's own tests`;

const options = {
  engine: { type: 'string', default: 'embedded' },
  transport: { type: 'string' },
  consensus: { type: 'string', default: 'raft' },
  case: { type: 'string', default: '' },
  record: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** One line per way to run; what is not in the table is refused. */
const TARGETS: Readonly<Record<string, () => Promise<Target>>> = {
  'embedded inproc': async () => (await import('./embedded-target.ts')).embeddedTarget('inproc'),
  'embedded grpc': async () => (await import('./embedded-target.ts')).embeddedTarget('grpc'),
  'fabric grpc raft': async () => (await import('./fabric-target.ts')).fabricTarget('raft'),
  'fabric grpc bft': async () => (await import('./fabric-target.ts')).fabricTarget('bft'),
};

function print({ outcome, name, milliseconds, reason }: Result): void {
  console.log(`${outcome.padEnd(10)} ${name} (${milliseconds} ms)`);
  if (reason !== undefined) console.log(`           ${reason.replaceAll('\n', '\n           ')}`);
}

function printExceptions(name: string): void {
  const own = exceptionsOf(name);
  console.log(own.length === 0 ? 'no exceptions' : 'exceptions:');
  for (const each of own) console.log(`  ${each.case}: ${each.reason}`);
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const transport = values.transport ?? (values.engine === 'fabric' ? 'grpc' : 'inproc');
  const wanted = [values.engine, transport, ...(values.engine === 'fabric' ? [values.consensus] : [])].join(
    ' ',
  );
  const start = TARGETS[wanted];
  if (start === undefined) {
    console.error(`cannot run "${wanted}"; known: ${Object.keys(TARGETS).join(', ')}\n${USAGE}`);
    return 2;
  }
  const cases = CASES.filter(({ name, source }) => `${name} ${source}`.includes(values.case));
  const target = await start();
  try {
    const results = await runCases(target, cases, values.json ? undefined : print);
    if (values.record !== undefined) await recordChains(target, values.record);
    const failed = results.filter(({ outcome }) => outcome === 'FAIL').length;
    if (values.json) console.log(JSON.stringify({ target: target.name, results }, undefined, 2));
    else printExceptions(target.name);
    if (!values.json) console.log(`${target.name}: ${results.length} cases, ${failed} failed`);
    return failed === 0 ? 0 : 1;
  } finally {
    await target.close();
  }
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return 2;
});

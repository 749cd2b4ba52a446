import { readFileSync } from 'node:fs';
import { decodeBlock } from '../engine/decode-block.ts';
import { openOfflineLedger } from '../engine/offline.ts';
import { checkOrdering } from '../ordering/index.ts';
import { ValidationCode } from '../validation/index.ts';
import { verifyChain } from '../verify/index.ts';

const [directory = '', peer = '', channel = '', list = ''] = process.argv.slice(2);
const expected = new Set(JSON.parse(readFileSync(list, 'utf8')) as string[]);
const ledger = await openOfflineLedger({ directory, peer, channel });

/** Passes the blocks on and crosses off what is VALID in them. */
async function* counted(): AsyncGenerator<Uint8Array> {
  for await (const bytes of ledger.blocks()) {
    for (const { txId, code } of decodeBlock(bytes).transactions) {
      if (code === ValidationCode.VALID) expected.delete(txId);
    }
    yield bytes;
  }
}

const report = await verifyChain({ blocks: counted(), state: ledger.state(), ordering: checkOrdering });
await ledger.close();
const missing =
  expected.size === 0 ? [] : [`${expected.size} acknowledged transactions are not VALID in the blocks`];
const problems = [...report.findings.map(({ block, problem }) => `block ${block}: ${problem}`), ...missing];
if (problems.length > 0) {
  process.stderr.write(problems.slice(0, 10).join('\n'));
  process.exitCode = 1;
}

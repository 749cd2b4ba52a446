import { fromUtf8, toHex } from '@healthchain/core';
import { VerificationCache, createVerifier } from '../crypto/index.ts';
import { openOfflineLedger, startEngine, type KeyPair } from '../engine/index.ts';
import { checkOrdering, decodeBlock } from '../ordering/index.ts';
import { blockHeaderHash } from '../validation/index.ts';
import { verifyChain } from '../verify/index.ts';
import { CHANNEL, CONTRACT, contractOf, COUNTER, DEFINITION, faultChaincode } from './consortium.ts';

/** Peers that do not have the same blocks by then do not agree. */
const AGREE_TIMEOUT_MS = 20_000;
/** Signatures verified before, in checks of the same chain. */
const VERIFIED = new VerificationCache();
const PEERS = DEFINITION.organisations.map(({ name }) => `peer0.${name}`);

/** What clients were told to be VALID. */
export interface Acknowledged {
  readonly directory: string;
  readonly writers: ReadonlyMap<string, KeyPair>;
  readonly acknowledged: Set<string>;
  increments: number;
}

/** All nodes start, take another write and agree; every peer's files verify and hold what was acknowledged. @throws Error */
export async function checkAfterCut(life: Acknowledged): Promise<void> {
  await writeAgain(life);
  const states: string[] = [];
  for (const peer of PEERS) states.push(await checkPeer(life, peer));
  if (new Set(states).size > 1) throw new Error(`the peers do not agree: ${states.join(', ')}`);
}

async function writeAgain(life: Acknowledged): Promise<void> {
  const engine = await startEngine({
    directory: life.directory,
    chaincodes: { [CONTRACT]: faultChaincode },
    worker: false,
  });
  try {
    const lame = (await engine.status()).filter(({ state }) => state !== 'running');
    if (lame.length > 0) throw new Error(lame.map(({ id, reason }) => `${id}: ${reason}`).join('; '));
    const [[mspId, writer] = []] = life.writers;
    if (mspId === undefined || writer === undefined) throw new Error('nobody writes');
    const client = contractOf(engine, mspId, writer);
    const key = `after-${life.acknowledged.size}`;
    await client.contract.submitTransaction('put', key, key);
    life.acknowledged.add(key);
    client.close();
    await agreement(() => engine.status());
  } finally {
    await engine.close();
  }
}

async function agreement(status: () => ReturnType<Awaited<ReturnType<typeof startEngine>>['status']>) {
  const end = performance.now() + AGREE_TIMEOUT_MS;
  for (;;) {
    const tips = (await status()).map(({ channels }) => `${channels[0]?.height} ${channels[0]?.headerHash}`);
    if (new Set(tips).size === 1) return;
    if (performance.now() > end) throw new Error(`the nodes do not agree: ${tips.join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** The peer's tip, once its chain and state have been verified and hold what they must. */
async function checkPeer(life: Acknowledged, peer: string): Promise<string> {
  const ledger = await openOfflineLedger({ directory: life.directory, peer, channel: CHANNEL });
  try {
    const report = await verifyChain({
      blocks: ledger.blocks(),
      state: ledger.state(),
      ordering: checkOrdering,
      verifier: createVerifier({ cache: VERIFIED }),
    });
    const [finding] = report.findings;
    if (finding !== undefined) throw new Error(`${peer}: ${finding.problem} (block ${finding.block})`);
    const keys = new Set<string>();
    let counter = 0;
    for await (const { namespace, key, value } of ledger.state()) {
      if (namespace !== CONTRACT) continue;
      keys.add(key);
      if (key === COUNTER) counter = Number(fromUtf8(value));
    }
    const lost = [...life.acknowledged].filter((key) => !keys.has(key));
    if (lost.length > 0) throw new Error(`${peer} has lost ${lost.join(', ')}`);
    if (counter < life.increments)
      throw new Error(`${peer} counts ${counter} of ${life.increments} increments`);
    const { header } = decodeBlock(await ledger.block(ledger.height - 1));
    return `${ledger.height} ${toHex(blockHeaderHash(header))}`;
  } finally {
    await ledger.close();
  }
}

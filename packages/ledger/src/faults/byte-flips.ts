import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVerifier, VerificationCache } from '../crypto/index.ts';
import {
  createNetwork,
  openOfflineLedger,
  startEngine,
  type Engine,
  type RepairReport,
} from '../engine/index.ts';
import { LedgerError } from '../error.ts';
import { checkOrdering, SigningLog } from '../ordering/index.ts';
import { diskFiles } from '../storage/index.ts';
import { verifyChain } from '../verify/index.ts';
import { CHANNEL, CONTRACT, contractOf, DEFINITION, enrolWriter, faultChaincode } from './consortium.ts';
import { Draws } from './draws.ts';
import { FLIP_KINDS, flipIn, type Flip, type FlipKind } from './flip-places.ts';
import {
  ordererAnswers,
  peerAnswers,
  questionsOf,
  REFUSED,
  type Answers,
  type Questions,
} from './ledger-content.ts';

const WRITES = 12;
/** Restarts before the flips, so that LevelDB has tables beside its log. */
const RESTARTS = 3;
const PEER = 'peer0.south';
const ORDERER = 'orderer0.south';
const NODES: Readonly<Record<FlipKind, string>> = {
  'peer blocks': PEER,
  'peer state': PEER,
  'peer row': PEER,
  'orderer blocks': ORDERER,
  'signing log': ORDERER,
};

export interface ByteFlipOptions {
  readonly flips: number;
  readonly firstSeed: number;
  readonly onProgress?: (line: string) => void;
}

export interface ByteFlipReport {
  readonly flips: number;
  readonly firstSeed: number;
  /** Each was named by its file, refused wherever it was asked for, and repaired. */
  readonly byKind: Readonly<Record<FlipKind, number>>;
  readonly seconds: number;
}

/** A consortium that runs but for the victims, whose files are put back before each flip. */
interface Bench {
  readonly folder: string;
  readonly engine: Engine;
  readonly questions: Questions;
  readonly sound: Readonly<Record<string, Answers>>;
  readonly cache: VerificationCache;
}

/**
 * Flips single bits of live bytes of a stopped peer or orderer of a running consortium. Each must be named with its file, never
 * be served as truth, and be gone after the repair, which `verify` confirms.
 * @throws LedgerError NOT_DURABLE, which names the seed and the place
 */
export async function playByteFlips(options: ByteFlipOptions): Promise<ByteFlipReport> {
  const start = performance.now();
  const byKind = Object.fromEntries(FLIP_KINDS.map((kind) => [kind, 0])) as Record<FlipKind, number>;
  const folder = await mkdtemp(join(tmpdir(), 'ledger-flips-'));
  let bench: Bench | undefined;
  try {
    bench = await prepare(folder);
    for (let seed = options.firstSeed; seed < options.firstSeed + options.flips; seed++) {
      const draws = new Draws(seed);
      const kind = draws.oneOf(FLIP_KINDS);
      await flipOnce(bench, kind, seed, draws);
      byKind[kind] += 1;
      options.onProgress?.(`seed ${seed}: ${kind}, named, refused and repaired`);
    }
  } finally {
    await bench?.engine.close();
    await rm(folder, { recursive: true, force: true });
  }
  const seconds = Number(((performance.now() - start) / 1000).toFixed(1));
  return { flips: options.flips, firstSeed: options.firstSeed, byKind, seconds };
}

async function prepare(folder: string): Promise<Bench> {
  const directory = join(folder, 'live');
  await createNetwork({ directory, definition: DEFINITION, now: new Date() });
  const open = () => startEngine({ directory, chaincodes: { [CONTRACT]: faultChaincode }, worker: false });
  let engine = await open();
  await engine.deploy();
  const mspId = DEFINITION.organisations[0]?.mspId ?? '';
  const writer = await enrolWriter(directory, mspId);
  for (let i = 0; i < WRITES; i++) {
    const client = contractOf(engine, mspId, writer);
    await client.contract.submitTransaction('put', `k${i}`, `value ${i}`);
    client.close();
    if (i % (WRITES / RESTARTS) !== 0) continue;
    await engine.close();
    engine = await open();
  }
  for (const node of [PEER, ORDERER]) {
    await engine.stop(node);
    await cp(nodeFolder(folder, node), soundFolder(folder, node), { recursive: true });
  }
  const ledger = await openOfflineLedger({ directory, peer: PEER, channel: CHANNEL });
  const questions = questionsOf(await Array.fromAsync(ledger.blocks()));
  await ledger.close();
  const bench = { folder, engine, questions, sound: {}, cache: new VerificationCache() };
  const sound = { [PEER]: await answersOf(bench, PEER), [ORDERER]: await answersOf(bench, ORDERER) };
  return { ...bench, sound };
}

async function flipOnce(bench: Bench, kind: FlipKind, seed: number, draws: Draws): Promise<void> {
  const { folder, engine } = bench;
  const node = NODES[kind];
  await rm(nodeFolder(folder, node), { recursive: true });
  await cp(soundFolder(folder, node), nodeFolder(folder, node), { recursive: true });
  const flip = await flipIn(join(nodeFolder(folder, node), CHANNEL), kind, draws);
  try {
    await mustBeRefused(bench, kind);
    const [report] = await engine.repair(node, CHANNEL);
    mustBeNamed(flip, report);
    await engine.stop(node);
    await mustBeSound(bench, node);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const place = `${kind}, ${flip.file} at byte ${flip.offset}`;
    throw new LedgerError('NOT_DURABLE', `Flip of seed ${seed} (${place}): ${reason}`, {
      cause,
      details: { seed, kind, ...flip },
    });
  }
}

/** Asked for everything, the damaged files give right answers or none, and none at least once. */
async function mustBeRefused(bench: Bench, kind: FlipKind): Promise<void> {
  if (kind === 'signing log') {
    const code = await inCopy(bench, ORDERER, (directory) =>
      SigningLog.open(diskFiles, join(directory, 'signing')).then(
        async ({ log }) => {
          await log.close();
          return 'opened';
        },
        (error: unknown) => (error instanceof LedgerError ? error.code : String(error)),
      ),
    );
    if (code !== 'SIGNING_CORRUPT') throw new Error(`the signing log was not refused: ${code}`);
    return;
  }
  const answers = await answersOf(bench, NODES[kind]);
  const wrong = differences(bench, NODES[kind], answers).filter(([, answer]) => answer !== REFUSED);
  if (wrong.length > 0) throw new Error(`served as truth: ${wrong.map(([question]) => question).join(', ')}`);
  if (![...answers.values()].includes(REFUSED)) throw new Error('nothing was refused');
}

function mustBeNamed({ file, offset }: Flip, report: RepairReport | undefined): void {
  const findings = report?.findings.filter(({ carriesData }) => carriesData) ?? [];
  const named = findings.find(
    (finding) => finding.file === file && (!file.endsWith('.blocks') || (finding.offset ?? 0) <= offset),
  );
  if (named === undefined) throw new Error(`not named: ${JSON.stringify(report?.findings ?? [])}`);
}

async function mustBeSound(bench: Bench, node: string): Promise<void> {
  const wrong = differences(bench, node, await answersOf(bench, node));
  if (wrong.length > 0) throw new Error(`not repaired: ${wrong.map(([question]) => question).join(', ')}`);
  if (node === ORDERER) return;
  const directory = join(bench.folder, 'live');
  const ledger = await openOfflineLedger({ directory, peer: node, channel: CHANNEL });
  const { findings } = await verifyChain({
    blocks: ledger.blocks(),
    state: ledger.state(),
    ordering: checkOrdering,
    verifier: createVerifier({ cache: bench.cache }),
  });
  await ledger.close();
  if (findings[0] !== undefined) throw new Error(`verify finds: ${findings[0].problem}`);
}

/** Answers that are not those of the sound files. */
function differences(bench: Bench, node: string, answers: Answers): [string, string | undefined][] {
  const sound = bench.sound[node] ?? new Map<string, string>();
  if (answers.has('open')) return [['open', answers.get('open')]];
  const questions = new Set([...sound.keys(), ...answers.keys()]);
  return [...questions]
    .filter((question) => answers.get(question) !== sound.get(question))
    .map((question) => [question, answers.get(question)]);
}

function answersOf(bench: Omit<Bench, 'sound'>, node: string): Promise<Answers> {
  const ask = node === PEER ? peerAnswers : ordererAnswers;
  return inCopy(bench, node, (directory) => ask(directory, bench.questions));
}

/** Opening a store changes its files. */
async function inCopy<T>(
  { folder }: Pick<Bench, 'folder'>,
  node: string,
  work: (directory: string) => Promise<T>,
): Promise<T> {
  const copy = join(folder, 'copy');
  await cp(join(nodeFolder(folder, node), CHANNEL), copy, { recursive: true });
  try {
    return await work(copy);
  } finally {
    await rm(copy, { recursive: true });
  }
}

function nodeFolder(folder: string, node: string): string {
  return join(folder, 'live', 'nodes', node);
}

function soundFolder(folder: string, node: string): string {
  return join(folder, 'sound', node);
}

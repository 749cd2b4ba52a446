import { toBase64 } from '@healthchain/core';
import { LedgerError, type Engine } from '@healthchain/ledger';
import type { ControlHandler } from '../control/server.ts';
import { toWire, type BlockAnswer } from '../verify/copies.ts';
import { number, optionalRow, optionalText, text } from './params.ts';

/** Blocks of one answer: as many as stay below both. */
const BLOCKS_AT_ONCE = 256;
/** Between two lines of progress. */
const PROGRESS_MS = 500;
const BYTES_AT_ONCE = 8 * 1024 * 1024;

/** What `verify` reads of running peers: their own blocks and state, unjudged. */
export function ledgerHandlers(engine: Engine): Readonly<Record<string, ControlHandler>> {
  return {
    'ledger.snapshot': (params) => engine.openSnapshot(text(params, 'peer'), text(params, 'channel')),
    'ledger.blocks': (params) =>
      blocksFrom(engine, text(params, 'peer'), text(params, 'channel'), number(params, 'from')),
    'ledger.rows': async (params) =>
      toWire(await engine.stateRows(number(params, 'snapshot'), optionalRow(params, 'after'))),
    'ledger.repair': (params, progress) =>
      whileTelling(engine, text(params, 'node'), progress, (node) =>
        engine.repair(node, optionalText(params, 'channel')),
      ),
    'ledger.rebuild': (params, progress) =>
      whileTelling(engine, text(params, 'node'), progress, (node) =>
        engine.rebuild(node, optionalText(params, 'channel')),
      ),
    'ledger.close': (params) => engine.closeSnapshot(number(params, 'snapshot')),
  };
}

/** Says how far a node's state is while it follows the blocks. */
async function whileTelling<T>(
  engine: Engine,
  node: string,
  progress: (line: string) => void,
  work: (node: string) => Promise<T>,
): Promise<T> {
  const tell = async (): Promise<void> => {
    const replay = (await engine.status()).find(({ id }) => id === node)?.replay;
    if (replay !== undefined) progress(`${node} ${replay.channel}: block ${replay.done} of ${replay.total}`);
  };
  const timer = setInterval(() => void tell(), PROGRESS_MS);
  try {
    return await work(node);
  } finally {
    clearInterval(timer);
  }
}

async function blocksFrom(
  engine: Engine,
  peer: string,
  channel: string,
  from: number,
): Promise<BlockAnswer[]> {
  const answers: BlockAnswer[] = [];
  let bytes = 0;
  while (answers.length < BLOCKS_AT_ONCE && bytes < BYTES_AT_ONCE) {
    const answer = await blockOf(engine, peer, channel, from + answers.length);
    if ('code' in answer && answer.code === 'NOT_FOUND') break;
    answers.push(answer);
    bytes += 'bytes' in answer ? answer.bytes.length : 0;
  }
  return answers;
}

async function blockOf(engine: Engine, peer: string, channel: string, block: number): Promise<BlockAnswer> {
  try {
    return { bytes: toBase64(await engine.block(peer, channel, block)) };
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    if (error.code !== 'BLOCK_CORRUPT' && error.code !== 'NOT_FOUND') throw error;
    return { code: error.code, problem: error.message };
  }
}

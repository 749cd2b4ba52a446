import { toHex } from '@healthchain/core';
import { LedgerError } from '../error.ts';
import { BlockStore, decodeBlock, MetadataIndex } from '../ordering/index.ts';
import { parsedOnce } from '../ordering/parsed.ts';
import { decodeStateRow, diskFiles, LedgerStore, openLevel } from '../storage/index.ts';
import { blockHeaderHash } from '../validation/index.ts';

/** Every answer that a store gives, by what was asked; `refused` where it says that it is damaged. */
export type Answers = ReadonlyMap<string, string>;
export const REFUSED = 'refused';

/** What is asked of every store: what the sound one holds. */
export interface Questions {
  readonly height: number;
  readonly txIds: readonly string[];
  readonly headerHashes: readonly Uint8Array[];
}

export function questionsOf(blocks: readonly Uint8Array[]): Questions {
  const decoded = blocks.map((bytes) => decodeBlock(bytes));
  return {
    height: blocks.length,
    txIds: decoded.flatMap(({ data }) => data.map((envelope) => parsedOnce(envelope).txId)),
    headerHashes: decoded.map(({ header }) => blockHeaderHash(header)),
  };
}

/** Opens a peer's ledger as a starting peer does, and asks it for everything. */
export async function peerAnswers(directory: string, questions: Questions): Promise<Answers> {
  const answers = new Map<string, string>();
  const opened = await refusable(() => LedgerStore.open(diskFiles, openLevel, directory));
  if (opened === REFUSED) return new Map([['open', REFUSED]]);
  const { store } = opened;
  try {
    for (let number = 0; number < questions.height; number++)
      answers.set(`block ${number}`, await refusable(async () => contentOf(await store.block(number))));
    for (const txId of questions.txIds)
      answers.set(`transaction ${txId}`, textOf(await refusable(() => store.transaction(txId))));
    for (const hash of questions.headerHashes)
      answers.set(`header ${textOf(hash)}`, textOf(await refusable(() => store.blockNumberByHash(hash))));
    const view = store.view();
    for await (const { namespace, key, row } of view.rows())
      answers.set(
        `row ${namespace} ${key}`,
        textOf(await refusable(() => decodeStateRow(namespace, key, row).value)),
      );
    await view.close();
  } finally {
    await store.close();
  }
  return answers;
}

/** Opens an orderer's blocks as a starting orderer does, and reads them all. */
export async function ordererAnswers(directory: string, { height }: Questions): Promise<Answers> {
  const answers = new Map<string, string>();
  const store = await refusable(() => BlockStore.open(diskFiles, directory));
  if (store === REFUSED) return new Map([['open', REFUSED]]);
  try {
    for (let number = 0; number < height; number++)
      answers.set(`block ${number}`, await refusable(async () => contentOf(await store.block(number))));
  } finally {
    await store.close();
  }
  return answers;
}

/** What all copies of a block have in common: which of the orderers' signatures a copy carries depends on who sealed it. */
function contentOf(bytes: Uint8Array): string {
  const { header, data, metadata } = decodeBlock(bytes);
  const outcome = [MetadataIndex.transactionsFilter, MetadataIndex.commitHash].map((slot) => metadata[slot]);
  const parts = [blockHeaderHash(header), ...data, ...outcome];
  return parts.map((part) => toHex(part ?? new Uint8Array())).join(' ');
}

async function refusable<T>(read: () => T | Promise<T>): Promise<T | typeof REFUSED> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof LedgerError) return REFUSED;
    throw error;
  }
}

function textOf(answer: unknown): string {
  if (answer === REFUSED) return REFUSED;
  return answer instanceof Uint8Array ? Buffer.from(answer).toString('latin1') : JSON.stringify(answer);
}

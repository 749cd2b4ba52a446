import { bundleOf, type ProofBundle, type SignedEntry } from '@healthchain/custody';
import { toBase64, type PersonId } from '@healthchain/core';
import type { RequestContext } from '../ports.ts';
import type { Receipts } from './custody/receipts.ts';
import { readLogs, type LogOptions } from './logs.ts';

/** Blocks of one channel that an export carries. Whoever has a longer chain fetches the blocks from a peer instead. */
const MAX_EXPORTED_BLOCKS = 20_000;

/** Everything that an offline check of one person's access log on one channel needs beside the genesis block. */
export interface ChannelLogExport {
  readonly bundle: ProofBundle;
  /** Custodians that gave no log. */
  readonly missing: readonly string[];
  /** The transactions of the checkpoints that the proofs refer to. */
  readonly checkpoints: readonly {
    readonly custodian: string;
    readonly size: number;
    readonly transactionId: string;
    readonly blockNumber: number;
  }[];
  /** Entries that this server's readers got with their answers: each must be in the log. */
  readonly kept: readonly SignedEntry[];
  /** Marshalled common.Block messages from block 0 to the last checkpoint, base64. Empty when there are too many to carry. */
  readonly blocks: readonly string[];
}

export interface AccessLogExport {
  readonly format: 'healthchain/v1/access-log-export';
  readonly person: PersonId;
  readonly channels: readonly ChannelLogExport[];
}

export interface ExportOptions extends LogOptions {
  readonly receipts: Receipts;
  readonly block: (channel: string, number: number) => Promise<Uint8Array>;
}

/** The proofs about one person of all custodians of all circles of this server. */
export async function exportAccessLog(
  options: ExportOptions,
  context: RequestContext,
  person: PersonId,
): Promise<AccessLogExport> {
  const logs = await readLogs(options, context, person);
  const channels = await Promise.all(
    logs.map(async ({ channel, personId, logs: custodians, missing }): Promise<ChannelLogExport> => {
      const checkpoints = custodians.flatMap(({ custodian, checkpoint }) =>
        checkpoint === null ? [] : checkpointPlace(options, channel, custodian, checkpoint.size),
      );
      const last = Math.max(-1, ...checkpoints.map(({ blockNumber }) => blockNumber));
      return {
        bundle: bundleOf({ channel, person: personId }, custodians),
        missing,
        checkpoints,
        kept: options.receipts.of(personId),
        blocks: last < MAX_EXPORTED_BLOCKS ? await blocksUpTo(options, channel, last) : [],
      };
    }),
  );
  return { format: 'healthchain/v1/access-log-export', person, channels };
}

function checkpointPlace({ facts }: LogOptions, channel: string, custodian: string, size: number) {
  const place = facts.row(channel, 'checkpoint', `${custodian}/${size}`);
  if (place === undefined) return [];
  return [{ custodian, size, transactionId: place.transactionId, blockNumber: place.blockNumber }];
}

async function blocksUpTo({ block }: ExportOptions, channel: string, last: number): Promise<string[]> {
  const blocks: string[] = [];
  for (let number = 0; number <= last; number++) blocks.push(toBase64(await block(channel, number)));
  return blocks;
}

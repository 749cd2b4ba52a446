import { bundleOf, type ProofBundle, type SignedEntry } from '@healthchain/custody';
import { toBase64, type PersonId } from '@healthchain/core';
import type { RequestContext } from '../ports.ts';
import type { Receipts } from './custody/receipts.ts';
import { readLogs, type LogOptions } from './logs.ts';

/** Everything that an offline check of one person's access log on one channel needs beside the channel's blocks. */
export interface ChannelLogExport {
  readonly bundle: ProofBundle;
  /** Custodians that gave no log. */
  readonly missing: readonly string[];
  /** The transactions of the checkpoints that the proofs refer to, each endorsed by the organisations that cosign it. */
  readonly checkpoints: readonly {
    readonly custodian: string;
    readonly size: number;
    readonly transactionId: string;
    readonly blockNumber: number;
    /** The marshalled common.Block that holds the transaction, base64. */
    readonly block: string;
  }[];
  /** Entries that this server's readers got with their answers: each must be in the log. */
  readonly kept: readonly SignedEntry[];
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
      return {
        bundle: bundleOf({ channel, person: personId }, custodians),
        missing,
        checkpoints: await Promise.all(
          checkpoints.map(async (place) => ({
            ...place,
            block: toBase64(await options.block(channel, place.blockNumber)),
          })),
        ),
        kept: options.receipts.of(personId),
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

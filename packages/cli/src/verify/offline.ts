import { readFileSync } from 'node:fs';
import { toHex } from '@healthchain/core';
import { parseProofBundle, type AccessLogReport } from '@healthchain/custody';
import { checkOrdering, decodeBlock, verifyChain, type DecodedBlock } from '@healthchain/ledger';
import { verifyLogExport } from '@healthchain/server';
import { z } from 'zod';
import { CliError } from '../error.ts';
import { blocksOf } from './block-file.ts';
import { ledgerFinding, type LedgerFinding } from './report.ts';

/** What the patient has: nothing of it comes from the organisation that is checked, but the export. */
export interface OfflineFiles {
  /** The channel's genesis block, from whomever the patient trusts for it. */
  readonly genesis: string;
  /** Blocks from block 0 on, best fetched from another organisation than the exporter. */
  readonly blocks: string;
  /** What `access-log --export` wrote. */
  readonly bundle: string;
}

export interface OfflineReport {
  readonly ok: boolean;
  readonly chain: {
    readonly channel: string;
    readonly genesisHash: string;
    readonly blocks: number;
    readonly transactions: number;
    readonly findings: readonly LedgerFinding[];
  };
  /** Of the export's channels, the one of the blocks; absent when the chain does not hold or the export has none of it. */
  readonly log?: AccessLogReport & { readonly person: string; readonly unanswered: readonly string[] };
  /** What these files do not show. */
  readonly notChecked: readonly string[];
}

const exportShape = z.object({
  format: z.literal('healthchain/v1/access-log-export'),
  channels: z.array(
    z.object({
      bundle: z.unknown(),
      missing: z.array(z.string()),
      kept: z.array(z.strictObject({ text: z.string(), random: z.string(), signature: z.string() })),
    }),
  ),
});
type ExportedChannel = z.infer<typeof exportShape>['channels'][number];

/**
 * Verifies the chain from the genesis block, and then the export against it: every entry included under a checkpoint of the chain,
 * no number missing, and the custodians' logs in agreement. Reads the files and nothing else.
 *
 * @throws CliError BAD_INPUT for a file that is not what it has to be
 */
export async function verifyOffline(files: OfflineFiles): Promise<OfflineReport> {
  const exported = readExport(files.bundle);
  const genesis = decodeGenesis(files.genesis);
  const blocks = readBlocks(files.blocks);
  const report = await verifyChain({
    blocks,
    genesisHash: genesis.headerHash,
    ordering: checkOrdering,
  });
  const chain = {
    channel: report.channelId,
    genesisHash: toHex(genesis.headerHash),
    blocks: Number(report.height),
    transactions: report.transactions,
    findings: report.findings.map(ledgerFinding),
  };
  const log = report.ok ? verifyLog(exported, report.channelId, blocks) : undefined;
  return {
    ok: log?.ok ?? false,
    chain,
    ...(log === undefined ? {} : { log }),
    notChecked: [...notSeen(exported, report.channelId), ...report.notChecked],
  };
}

function verifyLog(
  exported: readonly ExportedChannel[],
  channel: string,
  blocks: readonly Uint8Array[],
): OfflineReport['log'] {
  const [found] = exported.filter(({ bundle }) => channelOf(bundle) === channel);
  if (found === undefined) return undefined;
  const bundle = parseProofBundle(found.bundle);
  const report = verifyLogExport({ bundle, kept: found.kept }, decoded(blocks));
  return { ...report, person: bundle.person, unanswered: found.missing };
}

function* decoded(blocks: readonly Uint8Array[]): Generator<DecodedBlock> {
  for (const block of blocks) yield decodeBlock(block);
}

function notSeen(exported: readonly ExportedChannel[], channel: string): string[] {
  return exported
    .map(({ bundle }) => channelOf(bundle))
    .filter((name) => name !== channel)
    .map((name) => `the log on the channel ${name}: its genesis block and blocks are needed too`);
}

function channelOf(bundle: unknown): string {
  return String((bundle as { channel?: unknown } | null)?.channel);
}

function readBlocks(file: string): Uint8Array[] {
  return [...blocksOf(readBytes(file), file)];
}

function decodeGenesis(file: string): DecodedBlock {
  const bytes = readBytes(file);
  try {
    return decodeBlock(bytes);
  } catch (cause) {
    throw new CliError('BAD_INPUT', `${file} is no block`, { cause });
  }
}

function readExport(file: string): readonly ExportedChannel[] {
  const parsed = exportShape.safeParse(parseJson(file));
  if (parsed.success) return parsed.data.channels;
  const place = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new CliError(
    'BAD_INPUT',
    `${file} is no export of an access log: it breaks the format at '${place}'`,
    {
      details: { hint: 'Write one with: healthchain access-log --as PATIENT --patient ID --export FILE' },
    },
  );
}

function parseJson(file: string): unknown {
  try {
    return JSON.parse(Buffer.from(readBytes(file)).toString('utf8'));
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    throw new CliError('BAD_INPUT', `${file} is not JSON`, { cause });
  }
}

function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new CliError('BAD_INPUT', `${file} cannot be read`, { cause });
  }
}

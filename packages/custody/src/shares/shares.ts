import { equalBytes, labelled, labelledHash, uint32, utf8, type Bytes } from '@healthchain/core';
import type { Epoch } from '../epoch.ts';
import { CustodyError } from '../errors.ts';
import { expand, extract } from '../hpke/hkdf.ts';
import { evaluate, multiply, weightsAtZero } from './gf256.ts';

export const DATA_KEY_LENGTH = 32;

/** What a share belongs to. */
interface ShareContext {
  readonly recordId: string;
  readonly version: number;
  readonly epoch: number;
}

/** One custodian's share of one data key (custody.md section 2). */
export interface Share extends ShareContext {
  /** The custodian's fixed x. */
  readonly index: number;
  readonly y: Bytes;
}

/**
 * The author's dealing: one share for each custodian of the epoch, in the epoch's order. Everything follows from the data key,
 * so that whoever has the key can deal again and prove a bad share.
 *
 * @throws CustodyError BAD_THRESHOLD, BAD_INDEX when the epoch cannot be dealt to; BAD_KEY
 */
export function dealShares(
  dataKey: Uint8Array,
  record: { readonly recordId: string; readonly version: number },
  epoch: Epoch,
): Share[] {
  assertEpoch(epoch);
  if (dataKey.length !== DATA_KEY_LENGTH) throw new CustodyError('BAD_KEY', 'A data key has 32 bytes');
  const context = { recordId: record.recordId, version: record.version, epoch: epoch.number };
  const coefficients = coefficientsOf(dataKey, context, epoch.threshold - 1);
  return epoch.custodians.map(({ index }) => ({
    ...context,
    index,
    y: new Uint8Array(evaluate(dataKey, coefficients, index)),
  }));
}

/** What the ledger shows of a share. */
export function shareHash(share: Share): Bytes {
  return labelledHash(
    'share',
    utf8(share.recordId),
    uint32(share.version),
    uint32(share.epoch),
    Uint8Array.of(share.index),
    share.y,
  );
}

export function matchesShareHash(share: Share, hash: Uint8Array): boolean {
  return equalBytes(shareHash(share), hash);
}

/**
 * The data key, from the first k of the shares, which the caller has checked against their hashes. Any k shares of an honest
 * dealing give the same key; of a dishonest one, some key that opens nothing.
 *
 * @throws CustodyError TOO_FEW_SHARES, BAD_INDEX when two shares have one index
 */
export function combineShares(shares: readonly Share[], threshold: number): Bytes {
  const used = shares.slice(0, threshold);
  if (threshold < 1 || used.length < threshold) {
    throw new CustodyError('TOO_FEW_SHARES', `${used.length} of ${threshold} shares`);
  }
  const points = used.map(({ index }) => index);
  if (new Set(points).size < points.length) throw new CustodyError('BAD_INDEX', 'Two shares have one index');
  return interpolate(used, weightsFor(points));
}

/**
 * Indexes whose share hash on the ledger is not that of the author's own dealing: proof, for everyone who holds the data key,
 * that the author dealt a bad share. Not for a dealing by k holders, whose coefficients nobody can derive.
 */
export function proveBadShares(
  dataKey: Uint8Array,
  record: { readonly recordId: string; readonly version: number },
  epoch: Epoch,
  shareHashes: readonly Uint8Array[],
): number[] {
  return dealShares(dataKey, record, epoch)
    .filter((share, i) => !matchesShareHash(share, shareHashes[i] ?? new Uint8Array(0)))
    .map(({ index }) => index);
}

/** @throws CustodyError BAD_THRESHOLD, BAD_INDEX */
function assertEpoch(epoch: Epoch): void {
  const indexes = epoch.custodians.map(({ index }) => index);
  if (!Number.isInteger(epoch.threshold) || epoch.threshold < 1 || epoch.threshold > indexes.length) {
    throw new CustodyError('BAD_THRESHOLD', `${epoch.threshold} of ${indexes.length} custodians`);
  }
  const valid = indexes.every((index) => Number.isInteger(index) && index >= 1 && index <= 255);
  if (!valid || new Set(indexes).size < indexes.length) {
    throw new CustodyError('BAD_INDEX', 'Custodians need different indexes from 1 to 255');
  }
}

function coefficientsOf(dataKey: Uint8Array, context: ShareContext, count: number): Uint8Array[] {
  const info = labelled(
    'share-coefficients',
    utf8(context.recordId),
    uint32(context.version),
    uint32(context.epoch),
  );
  const output = expand(extract(new Uint8Array(0), dataKey), info, count * DATA_KEY_LENGTH);
  return Array.from({ length: count }, (_, i) =>
    output.subarray(i * DATA_KEY_LENGTH, (i + 1) * DATA_KEY_LENGTH),
  );
}

function interpolate(shares: readonly Share[], weights: readonly number[]): Bytes {
  const secret = new Uint8Array(DATA_KEY_LENGTH);
  shares.forEach(({ y }, share) => {
    const weight = weights[share] as number;
    for (let i = 0; i < DATA_KEY_LENGTH; i++) {
      secret[i] = (secret[i] as number) ^ multiply(y[i] ?? 0, weight);
    }
  });
  return secret;
}

const WEIGHTS_KEPT = 64;
const weightsBySet = new Map<string, number[]>();

/** The same few sets of custodians answer again and again; indexes are public. */
function weightsFor(points: readonly number[]): number[] {
  const name = points.join();
  const kept = weightsBySet.get(name);
  if (kept !== undefined) return kept;
  const weights = weightsAtZero(points);
  if (weightsBySet.size >= WEIGHTS_KEPT) weightsBySet.clear();
  weightsBySet.set(name, weights);
  return weights;
}

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeChain } from '../../conformance/chain-file.ts';
import { createVerifier, VerificationCache } from '../crypto/index.ts';
import { decodeBlockMessage } from '../validation/block.ts';
import { verifyChain } from './index.ts';

/** Blocks that are flipped in; the one behind them closes the last one's header. */
const BLOCKS = 12;
const RUNS = 100;
const BITS = 8;

const chainOf = (name: string): Uint8Array[] =>
  decodeChain(
    readFileSync(new URL(`../../conformance/vectors/fabric-v3.1.5-${name}.chain.br`, import.meta.url)),
  ).slice(0, BLOCKS + 1);

function flipped(block: Uint8Array, at: number, bit: number): Uint8Array {
  const copy = Uint8Array.from(block);
  copy[at] = (copy[at] ?? 0) ^ (1 << bit);
  return copy;
}

/** Where each message of a block lies in it: everything up to the first envelope, every envelope, every metadata entry. */
function messagesOf(block: Uint8Array): { readonly from: number; readonly length: number }[] {
  const { data, metadata } = decodeBlockMessage(block);
  const parts = [...data, ...metadata]
    .filter(({ length }) => length > 0)
    .map((part) => ({ from: part.byteOffset - block.byteOffset, length: part.length }));
  return [{ from: 0, length: parts[0]?.from ?? block.length }, ...parts];
}

describe.each(['raft-side', 'bft-side'])('in %s no byte is without meaning', (name) => {
  const chain = chainOf(name);
  // Outcomes by key, message and signature: a flipped one is another.
  const verifier = createVerifier({ cache: new VerificationCache() });
  const isFound = async (number: number, block: Uint8Array): Promise<boolean> => {
    const blocks = chain.slice(0, number + 2).with(number, block);
    const { ok, findings } = await verifyChain({ blocks, verifier });
    // What is wrong with a block 0 that is still in its only encoding is seen by its successor.
    expect(findings[0]?.block ?? -1n).toBeGreaterThanOrEqual(BigInt(number));
    expect(findings[0]?.block ?? -1n).toBeLessThanOrEqual(BigInt(number + 1));
    return !ok;
  };

  it('a flipped bit is found in every message of every block', async () => {
    for (const [number, block] of chain.slice(0, BLOCKS).entries()) {
      for (const { from, length } of messagesOf(block)) {
        const [at = from, bit = 0] = fc.sample(fc.tuple(fc.nat(length - 1), fc.nat(BITS - 1)), 1)[0] ?? [];
        expect(await isFound(number, flipped(block, from + at, bit)), `byte ${from + at} of ${number}`).toBe(
          true,
        );
      }
    }
  });

  it('a flipped bit is found wherever it is in the metadata of block 0, which nobody signs', async () => {
    const [genesis = new Uint8Array()] = chain;
    const [from = 0] = messagesOf(genesis)
      .slice(2)
      .map((message) => message.from);
    for (let at = from; at < genesis.length; at++) {
      for (let bit = 0; bit < BITS; bit++)
        expect(await isFound(0, flipped(genesis, at, bit)), `byte ${at}`).toBe(true);
    }
  });

  it('a flipped bit is found wherever it is', async () => {
    const place = fc
      .nat(BLOCKS - 1)
      .chain((number) =>
        fc.tuple(fc.constant(number), fc.nat((chain[number]?.length ?? 1) - 1), fc.nat(BITS - 1)),
      );
    await fc.assert(
      fc.asyncProperty(place, ([number, at, bit]) =>
        isFound(number, flipped(chain[number] as Uint8Array, at, bit)),
      ),
      { numRuns: RUNS },
    );
  });
});

import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { common } from '@hyperledger/fabric-protos';
import { expect, test } from 'vitest';
import { computeConfigUpdate } from './index.ts';

/** Configurations of one channel before and after a change, and what configtxlator v3.1.5 computes between them; as Latin-1. */
interface Recorded {
  readonly name: string;
  readonly original: string;
  readonly updated: string;
  readonly update: string;
}

const FIXTURE = new URL('./configtxlator-updates.fixture.br', import.meta.url);
const recorded = JSON.parse(
  brotliDecompressSync(readFileSync(FIXTURE)).toString('latin1'),
) as readonly Recorded[];

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
/** Go writes the entries of a map in no order; here they are in the order of their keys. */
const content = (update: Uint8Array): object => common.ConfigUpdate.deserializeBinary(update).toObject();

test.each(recorded)('$name: the update is what configtxlator computes', ({ original, updated, update }) => {
  const computed = computeConfigUpdate('care', bytes(original), bytes(updated));
  expect(content(computed)).toEqual(content(bytes(update)));
});

test('an update that leaves something out differs', () => {
  const [first, second] = recorded as [Recorded, Recorded];
  const computed = computeConfigUpdate('care', bytes(first.original), bytes(second.updated));
  expect(content(computed)).not.toEqual(content(bytes(first.update)));
});

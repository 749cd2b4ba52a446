import { sha256, toHex, utf8 } from '@healthchain/core';
import { ledger } from '@hyperledger/fabric-protos';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compareKeys,
  decodeMetadata,
  decodeReadWriteSet,
  encodeStateMetadata,
  RangeReads,
  ReadWriteSetBuilder,
  versionBytes,
} from './index.ts';

const { kvrwset, TxReadWriteSet } = ledger.rwset;
const version = (block: number, transaction: number) => ({
  block: BigInt(block),
  transaction: BigInt(transaction),
});

function sample(): Uint8Array {
  const builder = new ReadWriteSetBuilder();
  builder.addRead('b', 'z', version(3, 0));
  builder.addRead('b', 'a', undefined);
  builder.addWrite('b', 'k', utf8('1'));
  builder.addWrite('b', 'k', utf8('2'));
  builder.addDelete('a', 'gone');
  builder.addMetadataWrite('a', 'm', new Map([['VALIDATION_PARAMETER', utf8('p')]]));
  builder.addRangeQuery('a', {
    startKey: 'a',
    endKey: 'c',
    iteratorExhausted: true,
    reads: { kind: 'raw', reads: [{ key: 'b', version: version(1, 0) }] },
  });
  builder.addCollectionWrite('_lifecycle', '_implicit_org_A', 'key', utf8('value'));
  return builder.finish();
}

describe('read-write sets', () => {
  test('come out sorted, with the last write of a key', () => {
    const { namespaces } = decodeReadWriteSet(sample());
    expect(namespaces.map(({ namespace }) => namespace)).toEqual(['_lifecycle', 'a', 'b']);
    expect(namespaces[2]?.reads).toEqual([
      { key: 'a', version: undefined },
      { key: 'z', version: version(3, 0) },
    ]);
    expect(namespaces[2]?.writes).toMatchObject([{ key: 'k', isDelete: false, value: utf8('2') }]);
    expect(namespaces[1]?.writes).toMatchObject([{ key: 'gone', isDelete: true }]);
  });

  test('are the bytes that another protobuf implementation writes', () => {
    expect(toHex(TxReadWriteSet.deserializeBinary(sample()).serializeBinary())).toBe(toHex(sample()));
    const namespace = TxReadWriteSet.deserializeBinary(sample()).getNsRwsetList()[1];
    const set = kvrwset.KVRWSet.deserializeBinary(namespace?.getRwset_asU8() ?? new Uint8Array());
    expect(toHex(set.serializeBinary())).toBe(toHex(namespace?.getRwset_asU8() ?? new Uint8Array()));
    expect(set.getRangeQueriesInfoList()[0]?.getRawReads()?.getKvReadsList()[0]?.getKey()).toBe('b');
  });

  test('publish hashes of collections only', () => {
    const set = decodeReadWriteSet(sample()).namespaces[0]?.collections[0];
    expect(set?.writes).toEqual([
      { key: toHex(sha256(utf8('key'))), isDelete: false, isPurge: false, value: sha256(utf8('value')) },
    ]);
    const plain = new kvrwset.KVRWSet();
    const write = new kvrwset.KVWrite();
    write.setKey('key');
    write.setValue(utf8('value'));
    plain.addWrites(write);
    expect(set?.privateSetHash).toEqual(sha256(plain.serializeBinary()));
  });

  test('are refused when a key is no text or a field is cut', () => {
    const bytes = sample();
    expect(() => decodeReadWriteSet(bytes.subarray(0, bytes.length - 1))).toThrowError(/read-write set/);
    expect(() => decodeReadWriteSet(Uint8Array.of(0x12, 0x03, 0x0a, 0x01, 0xff))).toThrowError(
      /read-write set/,
    );
  });

  test('decode whatever was built', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(fc.tuple(name, name, fc.uint8Array({ minLength: 1, maxLength: 9 }))), (writes) => {
        const builder = new ReadWriteSetBuilder();
        const expected = new Map<string, string>();
        for (const [namespace, key, value] of writes) {
          builder.addWrite(namespace, key, value);
          expected.set(`${namespace}\0${key}`, toHex(value));
        }
        const found = decodeReadWriteSet(builder.finish()).namespaces.flatMap((set) =>
          set.writes.map((write) => [`${set.namespace}\0${write.key}`, toHex(write.value)] as const),
        );
        expect(new Map(found)).toEqual(expected);
      }),
    );
  });

  test('keep metadata by name', () => {
    const bytes = encodeStateMetadata([{ name: 'a', value: utf8('1') }]);
    expect(decodeMetadata(bytes)).toEqual(new Map([['a', utf8('1')]]));
    expect(decodeMetadata(undefined).size).toBe(0);
  });
});

describe('order and versions', () => {
  test('keys compare by their UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (a, b) => {
        expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
    expect(compareKeys('\uffff', '\u{10000}')).toBe(-1);
  });

  test.each([
    [0, 0, '0000'],
    [1, 0, '010100'],
    [256, 5, '0201000105'],
    [65_535, 70_000, '02ffff03011170'],
  ])('height %i:%i', (block, transaction, hex) => {
    expect(toHex(versionBytes(version(block, transaction)))).toBe(hex);
  });
});

describe('range reads', () => {
  const read = (i: number) => ({ key: `key${i}`, version: version(1, i) });
  const collect = (count: number, degree: number) => {
    const reads = new RangeReads(degree);
    for (let i = 0; i < count; i++) reads.add(read(i));
    return reads.finish();
  };

  test('of nothing say nothing', () => {
    expect(collect(0, 3)).toEqual({ kind: 'none' });
  });

  test('up to the degree stand as they are', () => {
    expect(collect(3, 3)).toMatchObject({ kind: 'raw', reads: [read(0), read(1), read(2)] });
  });

  // The counts of Fabric's query_results_helper_test.go for degree 3 (leaves of four results).
  test.each([
    [4, 1, 1],
    [5, 1, 2],
    [12, 1, 3],
    [13, 2, 1],
    [16, 2, 1],
    [17, 2, 2],
    [52, 3, 1],
  ])('%i results: level %i with %i hashes', (count, level, hashes) => {
    const reads = collect(count, 3);
    expect(
      reads.kind === 'merkle' ? [reads.summary.maxLevel, reads.summary.maxLevelHashes.length] : reads.kind,
    ).toEqual([level, hashes]);
  });

  test('another result, or another version, is another summary', () => {
    expect(collect(60, 50)).not.toEqual(collect(61, 50));
  });
});

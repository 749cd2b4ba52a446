import { toHex, utf8 } from '@healthchain/core';
import { common } from '@hyperledger/fabric-protos';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WireReader, WireWriter } from './index.ts';

/** Every field of a message: its number, and its bytes or its number. */
function read(bytes: Uint8Array): (readonly [number, string | bigint])[] {
  const fields: (readonly [number, string | bigint])[] = [];
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.wireType === 2) fields.push([reader.field, toHex(reader.bytes())]);
    else if (reader.wireType === 0) fields.push([reader.field, reader.uint64()]);
    else reader.skip();
  }
  return fields;
}

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

describe('the wire format', () => {
  test('is what another implementation writes', () => {
    fc.assert(
      fc.property(fc.nat(), fc.string({ unit: 'grapheme' }), fc.uint8Array(), (epoch, channel, extension) => {
        const message = new common.ChannelHeader();
        message.setEpoch(epoch);
        message.setChannelId(channel);
        message.setExtension$(extension);
        const written = new WireWriter().string(4, channel).uint(6, epoch).bytes(7, extension).finish();
        expect(toHex(written)).toBe(toHex(message.serializeBinary()));
      }),
    );
  });

  test('reads back every number and every length', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }),
        fc.uint8Array({ minLength: 1, maxLength: 700 }),
        (number, bytes) => {
          expect(read(new WireWriter().uint(1, number).bytes(2, bytes).finish())).toEqual([
            [1, number],
            [2, toHex(bytes)],
          ]);
        },
      ),
    );
  });

  test('is the same in parts, of which large arrays are not copies', () => {
    const large = new Uint8Array(5000).fill(7);
    const inner = new WireWriter()
      .string(1, 'inner')
      .bytes(2, large)
      .presentParts(3, [large, utf8('x')]);
    const writer = new WireWriter().uint(1, 300).message(2, inner).string(3, 'end');
    const parts = writer.finishParts();
    expect(Buffer.concat(parts)).toEqual(Buffer.from(writer.finish()));
    expect(parts.filter((part) => part === large)).toHaveLength(2);
    expect(parts).toHaveLength(5);
  });

  test('leaves out what is default unless its presence says something', () => {
    const written = new WireWriter()
      .uint(1, 0)
      .string(2, '')
      .bool(3, false)
      .present(4, new Uint8Array())
      .presentUint(5, 0)
      .finish();
    expect(read(written)).toEqual([
      [4, ''],
      [5, 0n],
    ]);
  });

  test('skips fields of every type, groups included', () => {
    const reader = new WireReader(hex('0b10011b20051c0c0d000000001100000000000000002a0161'));
    const seen: number[] = [];
    while (reader.next()) {
      seen.push(reader.field);
      reader.skip();
    }
    expect(seen).toEqual([1, 1, 2, 5]);
  });

  test.each([
    ['a length beyond the end', '0a05'],
    ['a cut number', '0880'],
    ['a number of eleven bytes', '08ffffffffffffffffffff01'],
    ['a number beyond 64 bits', '08ffffffffffffffffff02'],
    ['field 0', '0001'],
    ['a group that does not end', '0b1001'],
    ['a group that ends another', '0b14'],
    ['an end without a beginning', '0c'],
    ['wire type 6', '0e'],
    ['a cut fixed number', '0d0000'],
  ])('%s is malformed', (_name, text) => {
    const reader = new WireReader(hex(text));
    expect(() => {
      while (reader.next()) reader.skip();
    }).toThrowError(expect.objectContaining({ code: 'MALFORMED' }));
  });

  test('text is UTF-8', () => {
    const reader = new WireReader(new WireWriter().present(1, Uint8Array.of(0xc0, 0x80)).finish());
    reader.next();
    expect(() => reader.string()).toThrowError(/UTF-8/);
    const good = new WireReader(new WireWriter().string(1, 'Ärztin 医').finish());
    good.next();
    expect(good.string()).toBe('Ärztin 医');
    expect(utf8('').length).toBe(0);
  });
});

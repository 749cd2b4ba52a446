import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batching, unpacked, type FromEngine, type Parcel } from './worker-protocol.ts';

const anItem: fc.Arbitrary<FromEngine> = fc.oneof(
  fc.record({ kind: fc.constant('message' as const), id: fc.nat(), bytes: fc.uint8Array({ maxLength: 50 }) }),
  fc.record({ kind: fc.constant('result' as const), id: fc.nat(), value: fc.string() }),
);

test('items come out as they went in, in few parcels, however many there are', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anItem, { maxLength: 100 }), async (items) => {
      const parcels: Parcel<FromEngine>[] = [];
      const post = batching<FromEngine>((parcel, handedOver) =>
        parcels.push(structuredClone(parcel, { transfer: handedOver })),
      );
      for (const item of items) post(item);
      await new Promise(setImmediate);
      expect(parcels.flatMap((parcel) => [...unpacked(parcel)])).toEqual(items);
      expect(parcels.length).toBe(Math.ceil(items.length / 32));
    }),
    { numRuns: 50 },
  );
});

import { fromBase64, toBase64 } from '@healthchain/core';
import { LedgerError, openOfflineLedger, type Engine } from '@healthchain/ledger';
import { control } from '../control/client.ts';
import { ledgerDirectory } from '../consortium/state.ts';

type StatePage = Awaited<ReturnType<Engine['stateRows']>>;
export type StateRow = StatePage['rows'][number];
export type RowName = StatePage['damaged'][number];

/** One peer's copy of one channel, for reading: from the running peer, or from the files of a stopped one. */
export interface LedgerCopy {
  readonly peer: string;
  readonly channel: string;
  /** Number of blocks whose effects `pages` shows. */
  readonly height: number;
  /** Places in the files of the state whose checksums do not hold. */
  readonly damages: readonly { readonly file: string; readonly offset: number; readonly what: string }[];
  /** Marshalled common.Block. @throws LedgerError BLOCK_CORRUPT, NOT_FOUND */
  block(number: number): Promise<Uint8Array>;
  /** The live state at `height`. */
  pages(): AsyncIterable<StatePage>;
  close(): Promise<void>;
}

interface Place {
  readonly peer: string;
  readonly channel: string;
}

export async function storedCopy(data: string, place: Place): Promise<LedgerCopy> {
  const ledger = await openOfflineLedger({ directory: ledgerDirectory(data), ...place });
  return {
    ...place,
    height: ledger.height,
    damages: ledger.damages,
    block: (number) => ledger.block(number),
    async *pages() {
      yield await Promise.resolve(ledger.stateRows());
    },
    close: () => ledger.close(),
  };
}

export async function runningCopy(data: string, place: Place): Promise<LedgerCopy> {
  const snapshot = await control<{ id: number; height: number }>(data, 'ledger.snapshot', { ...place });
  let ahead: readonly (readonly [number, BlockAnswer])[] = [];
  const fetch = async (number: number): Promise<BlockAnswer> => {
    const known = ahead.find(([held]) => held === number);
    if (known !== undefined) return known[1];
    const answers = await control<BlockAnswer[]>(data, 'ledger.blocks', { ...place, from: number });
    ahead = answers.map((answer, i) => [number + i, answer]);
    return answers[0] ?? { code: 'NOT_FOUND', problem: `There is no block ${number}` };
  };
  return {
    ...place,
    height: snapshot.height,
    damages: [],
    async block(number) {
      const answer = await fetch(number);
      if ('bytes' in answer) return fromBase64(answer.bytes);
      throw new LedgerError(answer.code, answer.problem);
    },
    async *pages() {
      let after: RowName | undefined;
      for (;;) {
        const page = await control<WirePage>(data, 'ledger.rows', { snapshot: snapshot.id, after });
        yield fromWire(page);
        const { namespace, key } = page.last ?? {};
        if (page.isLast || namespace === undefined || key === undefined) return;
        after = { namespace, key };
      }
    },
    close: () => control(data, 'ledger.close', { snapshot: snapshot.id }),
  };
}

/** A block as it crosses the control socket, base64, or why the peer refused it. */
export type BlockAnswer =
  | { readonly bytes: string }
  | { readonly code: 'BLOCK_CORRUPT' | 'NOT_FOUND'; readonly problem: string };

/** A page of rows as it crosses the control socket: values are base64, versions decimal. */
export interface WirePage {
  readonly rows: readonly { namespace: string; key: string; value: string; version: [string, string] }[];
  readonly damaged: readonly RowName[];
  readonly isLast: boolean;
  /** The last row read, damaged or not. */
  readonly last?: RowName;
}

export function toWire({ rows, damaged, isLast }: StatePage): WirePage {
  const last = laterOf(rows.at(-1), damaged.at(-1));
  return {
    rows: rows.map(({ namespace, key, value, version }) => ({
      namespace,
      key,
      value: toBase64(value),
      version: [String(version.block), String(version.transaction)],
    })),
    damaged,
    isLast,
    ...(last === undefined ? {} : { last: { namespace: last.namespace, key: last.key } }),
  };
}

function fromWire({ rows, damaged, isLast }: WirePage): StatePage {
  return {
    rows: rows.map(({ namespace, key, value, version: [block, transaction] }) => ({
      namespace,
      key,
      value: fromBase64(value),
      version: { block: BigInt(block), transaction: BigInt(transaction) },
    })),
    damaged,
    isLast,
  };
}

/** In the order of the state's bytes. */
function laterOf(one: RowName | undefined, other: RowName | undefined): RowName | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const bytes = ({ namespace, key }: RowName) => Buffer.from(`${namespace}\0${key}`);
  return Buffer.compare(bytes(one), bytes(other)) > 0 ? one : other;
}

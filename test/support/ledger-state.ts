import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Engine } from '@healthchain/ledger';
import type { StoryConsortium } from './consortium.ts';
import { eventually } from './eventually.ts';

/** Custodians write checkpoints of their own accord; every other row changes only because somebody asked. */
const OF_THEIR_OWN_ACCORD = ['checkpoint', 'checkpoint-head'].map((table) => `\u0000${table}\u0000`);

/** The contracts' rows of a peer's state with their versions, but for checkpoints. */
export async function contractState(
  engine: Engine,
  peer: string,
  channel: string,
): Promise<ReadonlyMap<string, string>> {
  const rows = new Map<string, string>();
  const { id: snapshot } = await engine.openSnapshot(peer, channel);
  let after: { readonly namespace: string; readonly key: string } | undefined;
  let isLast = false;
  while (!isLast) {
    const page = await engine.stateRows(snapshot, after);
    for (const row of page.rows.filter(isAsked)) rows.set(row.key, writtenAs(row));
    const last = page.rows.at(-1);
    after = last && { namespace: last.namespace, key: last.key };
    isLast = page.isLast;
  }
  await engine.closeSnapshot(snapshot);
  return rows;
}

type Row = Awaited<ReturnType<Engine['stateRows']>>['rows'][number];

function isAsked({ namespace, key }: Row): boolean {
  return namespace === 'health' && !OF_THEIR_OWN_ACCORD.some((table) => key.startsWith(table));
}

function writtenAs({ value, version }: Row): string {
  const digest = createHash('sha256').update(value).digest('hex');
  return `${version.block}/${version.transaction} ${digest}`;
}

/** The contracts' rows of all peers of a channel, once they are at one height. */
export async function peerStates(
  engine: Engine,
  channel: string,
): Promise<{ readonly height: number; readonly rows: readonly ReadonlyMap<string, string>[] }> {
  const { height, ids } = await eventually('one height', async () => {
    const nodes = (await engine.status()).filter(({ kind }) => kind === 'peer');
    const heights = nodes.map(({ channels }) => channels.find(({ name }) => name === channel)?.height ?? 0);
    const [first = 0] = heights;
    return heights.every((each) => each === first)
      ? { height: first, ids: nodes.map(({ id }) => id) }
      : undefined;
  });
  return { height, rows: await Promise.all(ids.map((id) => contractState(engine, id, channel))) };
}

export interface Kept {
  readonly ledger: ReadonlyMap<string, string>;
  /** Versions in the plaintext stores, by organisation. */
  readonly stores: Readonly<Record<string, readonly unknown[]>>;
}

/** What ledger and stores hold: what a refused request must leave as it is. */
export async function keptBy({ consortium, data }: StoryConsortium): Promise<Kept> {
  const ledger = await contractState(consortium.engine, 'peer0.north', 'care');
  const stores = consortium.organisations.map(({ organisation: { name } }) => {
    const store = new DatabaseSync(join(data, name, 'store.sqlite'), { readOnly: true });
    const versions = store
      .prepare('SELECT type, id, version, text FROM record_version ORDER BY 1, 2, 3')
      .all();
    store.close();
    return [name, versions] as const;
  });
  return { ledger, stores: Object.fromEntries(stores) };
}

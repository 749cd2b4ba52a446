import { LedgerError } from '../error.ts';
import { tryDecodeRow, type LedgerStore, type LedgerView } from '../storage/index.ts';
import type { StatePage, StateSnapshot } from './control.ts';

/** Rows that cross to another thread at once. */
const PAGE_ROWS = 1000;
/** Snapshots open at once: each keeps the files alive that it reads. */
const MAX_SNAPSHOTS = 16;

/** The states of peers at one height each, for readers that take them page by page while blocks are committed. */
export class StateSnapshots {
  readonly #open = new Map<number, { readonly peer: string; readonly view: LedgerView }>();
  #nextId = 1;

  open(peer: string, store: LedgerStore): StateSnapshot {
    if (this.#open.size >= MAX_SNAPSHOTS) {
      throw new LedgerError('REFUSED', `${MAX_SNAPSHOTS} snapshots of the state are open already`);
    }
    const view = store.view();
    const id = this.#nextId++;
    this.#open.set(id, { peer, view });
    return { id, height: view.height };
  }

  /** @throws LedgerError NOT_FOUND when it was closed, or its peer stopped */
  async page(id: number, after: { namespace: string; key: string } | undefined): Promise<StatePage> {
    const found = this.#open.get(id);
    if (found === undefined) throw new LedgerError('NOT_FOUND', 'The snapshot of the state is closed');
    return pageOf(found.view, after);
  }

  async close(id: number): Promise<void> {
    const found = this.#open.get(id);
    this.#open.delete(id);
    await found?.view.close();
  }

  async closeAllOf(peer: string): Promise<void> {
    const ids = [...this.#open].flatMap(([id, snapshot]) => (snapshot.peer === peer ? [id] : []));
    for (const id of ids) await this.close(id);
  }
}

async function pageOf(
  view: LedgerView,
  after: { readonly namespace: string; readonly key: string } | undefined,
): Promise<StatePage> {
  const rows: StatePage['rows'][number][] = [];
  const damaged: StatePage['damaged'][number][] = [];
  for await (const { namespace, key, row } of view.rows(after)) {
    if (rows.length + damaged.length >= PAGE_ROWS) return { rows, damaged, isLast: false };
    const decoded = tryDecodeRow(namespace, key, row);
    if (decoded === undefined) damaged.push({ namespace, key });
    else rows.push({ namespace, key, value: decoded.value, version: decoded.version });
  }
  return { rows, damaged, isLast: true };
}

import { LevelBytes } from './reader.ts';

/** The files that make up the store by its manifest (LevelDB db/version_edit.cc). */
export interface LiveFiles {
  readonly tables: readonly number[];
  /** Logs of this number and above are not in the tables yet. */
  readonly log: number;
  readonly previousLog: number;
}

const Tag = {
  comparator: 1,
  logNumber: 2,
  nextFile: 3,
  lastSequence: 4,
  compactPointer: 5,
  deletedFile: 6,
  newFile: 7,
  previousLog: 9,
} as const;

/** @throws RangeError when a record is no version edit */
export function liveFilesOf(edits: readonly Uint8Array[]): LiveFiles {
  const live = { tables: new Set<number>(), log: 0, previousLog: 0 };
  for (const edit of edits) applyEdit(live, new LevelBytes(edit));
  return { ...live, tables: [...live.tables] };
}

function applyEdit(
  live: { readonly tables: Set<number>; log: number; previousLog: number },
  edit: LevelBytes,
): void {
  while (!edit.isAtEnd) {
    const tag = edit.varint();
    if (tag === Tag.comparator) edit.prefixed();
    else if (tag === Tag.logNumber) live.log = edit.varint();
    else if (tag === Tag.previousLog) live.previousLog = edit.varint();
    else if (tag === Tag.nextFile || tag === Tag.lastSequence) edit.varint();
    else if (tag === Tag.compactPointer) {
      edit.varint();
      edit.prefixed();
    } else if (tag === Tag.deletedFile) {
      edit.varint();
      live.tables.delete(edit.varint());
    } else if (tag === Tag.newFile) {
      edit.varint();
      live.tables.add(edit.varint());
      edit.varint();
      edit.prefixed();
      edit.prefixed();
    } else throw new RangeError(`A version edit has the unknown field ${tag}`);
  }
}

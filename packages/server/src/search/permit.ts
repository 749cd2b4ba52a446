import type { DatabaseSync } from 'node:sqlite';
import type { RecordLabels } from '@healthchain/core';
import { type AccessFacts, MAX_FACTS_PER_QUESTION, type Permitted } from '../store/types.ts';

/** Rows with `class`, and `id` and `version` of an example. */
type ClassRow = Record<string, unknown>;

interface Candidate {
  readonly class: number;
  /** Undefined for an entry of the directory, which needs no gate. */
  readonly facts: AccessFacts | undefined;
}

/** The classes among these that the caller may read. */
export async function permittedClasses(
  database: DatabaseSync,
  rows: readonly ClassRow[],
  permitted: Permitted,
): Promise<readonly number[]> {
  const candidates = candidatesOf(database, rows);
  const open = candidates.filter(({ facts }) => facts === undefined);
  const gated = candidates.filter((candidate) => candidate.facts !== undefined) as (Candidate & {
    facts: AccessFacts;
  })[];
  const allowed = open.map((candidate) => candidate.class);
  for (let from = 0; from < gated.length; from += MAX_FACTS_PER_QUESTION) {
    const asked = gated.slice(from, from + MAX_FACTS_PER_QUESTION);
    const answers = await permitted(asked.map(({ facts }) => facts));
    if (answers.length !== asked.length)
      throw new Error('The access filter answered another number of questions');
    allowed.push(...asked.filter((_, at) => answers[at] === true).map((candidate) => candidate.class));
  }
  return allowed;
}

/** A filter that asks about equal facts once: chains and includes of one request meet the same facts again. */
export function remembering(permitted: Permitted): Permitted {
  const known = new Map<string, boolean>();
  return async (candidates) => {
    const keys = candidates.map(({ type, persons, author, labels }) =>
      JSON.stringify([type, persons, author, labels]),
    );
    const missing = candidates.filter((_, at) => !known.has(keys[at] ?? ''));
    const missingKeys = keys.filter((key) => !known.has(key));
    const answers = missing.length === 0 ? [] : await permitted(missing);
    missingKeys.forEach((key, at) => known.set(key, answers[at] === true));
    return keys.map((key) => known.get(key) === true);
  };
}

function candidatesOf(database: DatabaseSync, rows: readonly ClassRow[]): readonly Candidate[] {
  const find = database.prepare('SELECT type, author, persons, labels FROM access_class WHERE id = ?');
  return rows.map((row) => {
    const found = find.get(Number(row['class']));
    if (found === undefined) throw new Error(`Access class ${String(row['class'])} is missing`);
    const labels = JSON.parse(String(found['labels'])) as RecordLabels | null;
    if (labels === null) return { class: Number(row['class']), facts: undefined };
    return {
      class: Number(row['class']),
      facts: {
        type: String(found['type']),
        persons: JSON.parse(String(found['persons'])) as string[],
        author: String(found['author']),
        labels,
        recordId: String(row['id']),
        version: Number(row['version']),
      },
    };
  });
}

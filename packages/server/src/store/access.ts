import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { CommittedVersion } from './types.ts';

/** Interns what a decision depends on: records with equal type, persons, author and labels share a class. */
export class AccessClasses {
  private readonly find: StatementSync;
  private readonly add: StatementSync;
  private readonly addPerson: StatementSync;

  constructor(database: DatabaseSync) {
    this.find = database.prepare(
      'SELECT id FROM access_class WHERE type = ? AND author = ? AND persons = ? AND labels = ?',
    );
    this.add = database.prepare(
      'INSERT INTO access_class (type, author, persons, labels) VALUES (?, ?, ?, ?)',
    );
    this.addPerson = database.prepare('INSERT INTO access_person (person, class) VALUES (?, ?)');
  }

  idOf(facts: Pick<CommittedVersion, 'type' | 'author' | 'persons' | 'labels'>): number {
    const row = [facts.type, facts.author, JSON.stringify(facts.persons), labelsText(facts.labels)] as const;
    const found = this.find.get(...row);
    if (found !== undefined) return Number(found['id']);
    const id = Number(this.add.run(...row).lastInsertRowid);
    for (const person of new Set(facts.persons)) this.addPerson.run(person, id);
    return id;
  }
}

/** One spelling for equal labels: members in this order, lists as given (sorted). */
function labelsText(labels: CommittedVersion['labels']): string {
  if (labels === null) return 'null';
  const { categories, confidentiality, sensitivities } = labels;
  return JSON.stringify({ categories, confidentiality, sensitivities });
}

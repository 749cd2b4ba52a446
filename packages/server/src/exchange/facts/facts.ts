import type { PersonId, RecordId, UserId } from '@healthchain/core';
import { VersionFacts } from './versions.ts';

export { SEQUENCES_PER_TRANSACTION, type HeadsWanted, type VersionFact } from './versions.ts';
export type { FactKind } from './tables.ts';

/** Questions about what the followed blocks say. Everything answered here is as of the block that was applied last. */
export class LedgerFacts extends VersionFacts {
  /** All ids of a person, by confirmed merges; the asked one alone when there are none. */
  personsOf(personId: PersonId): readonly PersonId[] {
    const found = new Set([personId]);
    for (const person of found) {
      for (const { row } of this.rowsOfPerson(person, 'link')) found.add(row.otherPersonId);
    }
    return [...found].sort();
  }

  /** Every id that a person has on the channels: merged ones, and those that the person's key is bound to elsewhere. */
  idsOf(channels: readonly string[], personId: PersonId): readonly PersonId[] {
    const keys = this.personsOf(personId).flatMap((person) => this.rowsOfPerson(person, 'binding'));
    const bound = channels.flatMap((channel) =>
      keys.flatMap(
        ({ row }) => this.row(channel, 'binding', `${row.mspId}/${row.userId}`)?.row.personId ?? [],
      ),
    );
    return [...new Set([personId, ...bound].flatMap((person) => this.personsOf(person)))].sort();
  }

  /** The person that stands for all of them. */
  resolve(personId: PersonId): PersonId {
    const links = this.personsOf(personId).flatMap((person) => this.rowsOfPerson(person, 'link'));
    const away = new Set(
      links
        .map(({ row }) => row)
        .filter((row) => row.personId !== row.intoPersonId)
        .map((row) => row.personId),
    );
    return this.personsOf(personId).find((person) => !away.has(person)) ?? personId;
  }

  personOfKey(mspId: string, userId: UserId): PersonId | undefined {
    const row = this.get(
      "SELECT person FROM ledger_row WHERE kind = 'binding' AND key = ? ORDER BY channel",
      `${mspId}/${userId}`,
    ) as { readonly person: string } | undefined;
    return row?.person;
  }

  /** Whether any record, key or emergency on the channel is about the person. */
  isOnChannel(channel: string, personId: PersonId): boolean {
    const found = this.get(
      `SELECT 1 FROM ledger_row WHERE person = ? AND channel = ?
        UNION SELECT 1 FROM ledger_head h JOIN ledger_version v ON v.recordId = h.recordId AND v.version = h.version
         WHERE h.personId = ? AND v.channel = ? LIMIT 1`,
      personId,
      channel,
      personId,
      channel,
    );
    return found !== undefined;
  }

  addMissing(recordId: RecordId, version: number): void {
    this.run('INSERT OR IGNORE INTO exchange_missing VALUES (?, ?)', recordId, version);
  }

  removeMissing(recordId: RecordId, version: number): void {
    this.run('DELETE FROM exchange_missing WHERE recordId = ? AND version = ?', recordId, version);
  }

  missingCount(): number {
    return (this.get('SELECT count(*) AS n FROM exchange_missing') as { readonly n: number }).n;
  }

  /** Versions without plaintext, after a given one, in key order. */
  missing(
    after: { readonly recordId: RecordId; readonly version: number },
    limit: number,
  ): readonly { readonly recordId: RecordId; readonly version: number }[] {
    return this.all(
      'SELECT recordId, version FROM exchange_missing WHERE (recordId, version) > (?, ?) ORDER BY recordId, version LIMIT ?',
      after.recordId,
      after.version,
      limit,
    ) as never;
  }
}

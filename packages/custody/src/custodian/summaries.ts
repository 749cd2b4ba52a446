import { randomUuid } from '@healthchain/core';
import { NO_PERSON, type EntryDraft } from '../log/format.ts';
import type { Clock } from '../ports.ts';

/** A summary is written when its first refusal is this old. */
const SUMMARY_AFTER_MS = 60_000;
/** Pairs of patient and member counted at a time; beyond them refusals are counted under no patient. */
const MAX_SUMMARIES = 10_000;

interface Summary {
  readonly person: string;
  readonly member: string;
  readonly since: number;
  count: number;
}

/** Requests refused beyond the limits, counted for the patient's log instead of written one by one. */
export class Summaries {
  readonly #now: Clock;
  readonly #summaries = new Map<string, Summary>();

  constructor(now: Clock) {
    this.#now = now;
  }

  count(claimedPerson: string | null, member: string): void {
    const person =
      claimedPerson === null || this.#summaries.size >= MAX_SUMMARIES ? NO_PERSON : claimedPerson;
    const key = `${person} ${member}`;
    const summary = this.#summaries.get(key) ?? { person, member, since: this.#now(), count: 0 };
    this.#summaries.set(key, summary);
    summary.count++;
  }

  /** Entries of the summaries that are due, or of all; they are counted anew from then on. */
  take(all = false): EntryDraft[] {
    const due = [...this.#summaries].filter(
      ([, { since }]) => all || this.#now() - since >= SUMMARY_AFTER_MS,
    );
    for (const [key] of due) this.#summaries.delete(key);
    return due.map(([, { person, member, since, count }]) => ({
      person,
      kind: 'summary',
      requestId: randomUuid(),
      subject: { mspId: member },
      records: [],
      count,
      since: new Date(since).toISOString(),
    }));
  }
}

import { DatabaseSync } from 'node:sqlite';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../ports.ts';
import { SCHEMA } from '../facts/schema.ts';
import { KEPT_MS, MAX_KEPT_PER_CALLER, StoredAnswers } from './kept-answers.ts';

const CALLER: Caller = { mspId: 'NorthMSP', userId: 'a'.repeat(32), role: 'doctor', purpose: 'TREAT' };
const OTHER: Caller = { ...CALLER, userId: 'b'.repeat(32) };
const repeat = (key: string) => ({ key, fingerprint: 'f'.repeat(64) });
const toKeep = (key: string, answer = 'answer') => ({
  userId: CALLER.userId,
  repeat: repeat(key),
  answer,
  lastUpdated: '2026-03-01T10:00:00.000Z',
});

let database: DatabaseSync;
let now: number;
let answers: StoredAnswers;

beforeEach(() => {
  database = new DatabaseSync(':memory:');
  database.exec(SCHEMA);
  now = Date.parse('2026-03-01T10:00:00Z');
  answers = new StoredAnswers(database, () => new Date(now));
});
const count = (): unknown => database.prepare('SELECT count(*) AS n FROM exchange_answer').get()?.['n'];

describe('an answer that a write leaves', () => {
  it('is without outcome until the effects are applied', () => {
    answers.add('t1', toKeep('k'));
    expect(answers.find(CALLER, 'k')?.isSettled).toBe(false);
    answers.settle('t1', 'valid');
    expect(answers.find(CALLER, 'k')).toEqual({
      fingerprint: 'f'.repeat(64),
      answer: 'answer',
      isSettled: true,
      lastUpdated: '2026-03-01T10:00:00.000Z',
    });
    expect(answers.find(OTHER, 'k')).toBeUndefined();
  });

  it('goes with a transaction that has no effect, but not with an earlier proposal of the same write', () => {
    answers.add('t1', toKeep('k'));
    answers.add('t2', toKeep('k', 'second'));
    answers.settle('t1', 'void');
    expect(answers.find(CALLER, 'k')?.answer).toBe('second');
    answers.settle('t2', 'void');
    expect(answers.find(CALLER, 'k')).toBeUndefined();
  });
});

describe('the limits', () => {
  it('an answer is kept for KEPT_MS, and one without outcome until it has one', () => {
    answers.keep(CALLER, repeat('old'), '1');
    answers.add('t1', toKeep('open'));
    now += KEPT_MS - 1;
    expect(answers.find(CALLER, 'old')).toBeDefined();
    now += 1;
    expect(answers.find(CALLER, 'old')).toBeUndefined();
    answers.keep(CALLER, repeat('young'), '2');
    expect(count()).toBe(2);
    expect(answers.find(CALLER, 'open')?.isSettled).toBe(false);
  });

  it('a caller has at most MAX_KEPT_PER_CALLER, the youngest', () => {
    answers.keep(OTHER, repeat('theirs'), '0');
    database.exec('BEGIN');
    const insert = database.prepare('INSERT INTO exchange_answer VALUES (?, ?, ?, NULL, 1, ?, NULL, ?)');
    for (let i = 0; i < MAX_KEPT_PER_CALLER; i++)
      insert.run(CALLER.userId, `k${i}`, 'f'.repeat(64), String(i), now + i);
    database.exec('COMMIT');
    now += MAX_KEPT_PER_CALLER;
    answers.keep(CALLER, repeat('last'), '1');
    expect(count()).toBe(MAX_KEPT_PER_CALLER + 1);
    expect(answers.find(CALLER, 'k0')).toBeUndefined();
    expect(answers.find(CALLER, 'k1')).toBeDefined();
    expect(answers.find(CALLER, 'last')).toBeDefined();
    expect(answers.find(OTHER, 'theirs')).toBeDefined();
  });
});

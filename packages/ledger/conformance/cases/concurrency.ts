import assert from 'node:assert/strict';
import type { Transaction } from '@hyperledger/fabric-gateway';
import { CODE } from '../blocks.ts';
import type { Case } from '../case.ts';
import { allPeersOf } from '../policies.ts';
import { inOneBlock } from '../one-block.ts';
import type { Step } from '../script.ts';
import { freshKey, openSession, outcomeOf } from '../session.ts';
import type { Outcome, Session } from '../session.ts';
import type { Target } from '../target.ts';

const MANY = 60;
/** More than 50 hashes of 50 results each. */
const TWO_LEVELS = 2_600;

/** Endorses the script, lets the other transaction commit, then submits: what the first read may be stale. */
async function overtaken(session: Session, script: readonly Step[], by: readonly Step[]): Promise<Outcome> {
  const late = await session.endorse(script);
  await session.commit(by);
  return outcomeOf(late);
}

async function endorseAll(session: Session, scripts: readonly (readonly Step[])[]): Promise<Transaction[]> {
  return Promise.all(scripts.map((script) => session.endorse(script)));
}

const stale = (name: string, source: string, code: number, scripts: (key: string) => Scripts): Case => ({
  name,
  source,
  run: async (target: Target) => {
    const session = await openSession(target);
    const { before, reads, by } = scripts(freshKey('stale'));
    if (before !== undefined) await session.commit(before);
    assert.equal((await overtaken(session, reads, by)).status.code, code);
  },
});

interface Scripts {
  readonly before?: readonly Step[];
  readonly reads: readonly Step[];
  readonly by: readonly Step[];
}

const mvcc = '§3 MVCC';
const phantom = '§3 phantom reads (range hash as a Merkle tree beyond degree 50)';

export const concurrencyCases: readonly Case[] = [
  stale('a read overtaken by a write', mvcc, CODE.MVCC_READ_CONFLICT, (key) => ({
    before: [['put', key, '1']],
    reads: [
      ['get', key],
      ['put', key, '2'],
    ],
    by: [['put', key, '3']],
  })),
  stale('a read of an absent key overtaken by its first write', mvcc, CODE.MVCC_READ_CONFLICT, (key) => ({
    reads: [
      ['get', key],
      ['put', key, '2'],
    ],
    by: [['put', key, '3']],
  })),
  stale('a read overtaken by a delete', mvcc, CODE.MVCC_READ_CONFLICT, (key) => ({
    before: [['put', key, '1']],
    reads: [
      ['get', key],
      ['put', `${key}other`, '2'],
    ],
    by: [['delete', key]],
  })),
  stale(
    'a read overtaken by a change of the key’s policy',
    '§3 metadata writes count as writes',
    CODE.MVCC_READ_CONFLICT,
    (key) => ({
      before: [['put', key, '1']],
      reads: [
        ['get', key],
        ['put', `${key}other`, '2'],
      ],
      by: [['setPolicy', key, allPeersOf('NorthMSP')]],
    }),
  ),
  stale('a blind write overtaken by another', mvcc, CODE.VALID, (key) => ({
    before: [['put', key, '1']],
    reads: [['put', key, '2']],
    by: [['put', key, '3']],
  })),
  stale('a range overtaken by an insertion into it', phantom, CODE.PHANTOM_READ_CONFLICT, (key) => ({
    before: [['fill', key, 3]],
    reads: [
      ['range', key, `${key}~`],
      ['put', `${key}~other`, '2'],
    ],
    by: [['put', `${key}001x`, '3']],
  })),
  stale('a range overtaken by a delete in it', phantom, CODE.PHANTOM_READ_CONFLICT, (key) => ({
    before: [['fill', key, 3]],
    reads: [
      ['range', key, `${key}~`],
      ['put', `${key}~other`, '2'],
    ],
    by: [['delete', `${key}002`]],
  })),
  stale('a range overtaken by a change in it', phantom, CODE.PHANTOM_READ_CONFLICT, (key) => ({
    before: [['fill', key, 3]],
    reads: [
      ['range', key, `${key}~`],
      ['put', `${key}~other`, '2'],
    ],
    by: [['put', `${key}001`, '3']],
  })),
  stale('a range overtaken by a write just past its end', phantom, CODE.VALID, (key) => ({
    before: [['fill', key, 3]],
    reads: [
      ['range', key, `${key}002`],
      ['put', `${key}~other`, '2'],
    ],
    by: [['put', `${key}002`, '3']],
  })),
  stale('an empty range overtaken by an insertion', phantom, CODE.PHANTOM_READ_CONFLICT, (key) => ({
    reads: [
      ['range', key, `${key}~`],
      ['put', `${key}~other`, '2'],
    ],
    by: [['put', `${key}1`, '3']],
  })),
  stale(
    'a range beyond 50 results overtaken by an insertion',
    phantom,
    CODE.PHANTOM_READ_CONFLICT,
    (key) => ({
      before: [['fill', key, MANY]],
      reads: [
        ['range', key, `${key}~`],
        ['put', `${key}~other`, '2'],
      ],
      by: [['put', `${key}030x`, '3']],
    }),
  ),
  stale('a range beyond 50 results that nobody changed', phantom, CODE.VALID, (key) => ({
    before: [['fill', key, MANY]],
    reads: [
      ['range', key, `${key}~`],
      ['put', `${key}~other`, '2'],
    ],
    by: [['put', `${key}~elsewhere`, '3']],
  })),
  ...[49, 50, 51].map((count) =>
    stale(
      `a range of ${count} results overtaken by the delete of its last`,
      phantom,
      CODE.PHANTOM_READ_CONFLICT,
      (key) => ({
        before: [['fill', key, count]],
        reads: [
          ['range', key, `${key}~`],
          ['put', `${key}~other`, '2'],
        ],
        by: [['delete', `${key}0${count - 1}`]],
      }),
    ),
  ),
  stale(
    'a range of two levels of hashes overtaken by a change in its middle',
    phantom,
    CODE.PHANTOM_READ_CONFLICT,
    (key) => ({
      before: [['fill', key, TWO_LEVELS]],
      reads: [
        ['range', key, `${key}~`],
        ['put', `${key}~other`, '2'],
      ],
      by: [['put', `${key}1300`, '3']],
    }),
  ),
  stale('a range of two levels of hashes that nobody changed', phantom, CODE.VALID, (key) => ({
    before: [['fill', key, TWO_LEVELS]],
    reads: [
      ['range', key, `${key}~`],
      ['put', `${key}~other`, '2'],
    ],
    by: [['put', `${key}~elsewhere`, '3']],
  })),
  {
    name: 'a page overtaken by a change beyond it and within it',
    source: '§3 pagination; phantom reads',
    run: async (target) => {
      const session = await openSession(target);
      const key = freshKey('page');
      await session.commit([['fill', key, 6]]);
      const reads: Step[] = [['page', key, `${key}~`, 2, '']];
      const beyond = await overtaken(session, reads, [['put', `${key}004x`, '1']]);
      assert.equal(beyond.status.code, CODE.VALID);
      const within = await overtaken(session, reads, [['put', `${key}000x`, '1']]);
      assert.equal(within.status.code, CODE.PHANTOM_READ_CONFLICT);
    },
  },
  {
    name: 'of transactions in one block that change the same read key the first wins',
    source: mvcc,
    run: async (target) => {
      const session = await openSession(target);
      const outcomes = await inOneBlock(async () => {
        const key = freshKey('hot');
        const script: Step[] = [
          ['get', key],
          ['put', key, '1'],
        ];
        return endorseAll(session, [script, script, script]);
      });
      const codes = outcomes.map(({ status }) => status.code).sort((a, b) => a - b);
      assert.deepEqual(codes, [CODE.VALID, CODE.MVCC_READ_CONFLICT, CODE.MVCC_READ_CONFLICT]);
    },
  },
  {
    name: 'own writes are not read, by key or by range',
    source: '§3 no reads of own writes',
    run: async (target) => {
      const session = await openSession(target);
      const key = freshKey('own');
      await session.commit([['put', key, 'old']]);
      const { result } = await session.commit([
        ['put', key, 'new'],
        ['put', `${key}2`, 'new'],
        ['get', key],
        ['range', key, `${key}~`],
        ['delete', key],
        ['get', key],
      ]);
      assert.deepEqual(result, [null, null, 'old', [[key, 'old']], null, 'old']);
      assert.deepEqual(
        await session.evaluate([
          ['get', key],
          ['get', `${key}2`],
        ]),
        [null, 'new'],
      );
    },
  },
];

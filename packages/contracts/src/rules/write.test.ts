import { sha256, toHex, utf8 } from '@healthchain/core';
import { describe, expect, it } from 'vitest';
import type { ArgumentOf } from '../registry.ts';
import type { Signer } from '../state/rows.ts';
import { tables } from '../state/tables.ts';
import {
  AUTHORITY,
  NORTH,
  SOUTH,
  administratorOf,
  grantOf,
  intakeKeyOf,
  maria,
  mariaUser,
  northDoctor,
  put,
  readyLedger,
  register,
  serverOf,
  southDoctor,
  writeOf,
} from '../testing/cast.ts';
import { idOf, recordIdOf, userOf, type MemoryLedger } from '../testing/ledger.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

async function withRecord(): Promise<MemoryLedger> {
  const ledger = await readyLedger();
  await put(ledger, northDoctor, { id: 'a' });
  return ledger;
}

describe('versions', () => {
  it('keeps every version and lists the latest', async () => {
    const ledger = await withRecord();
    await put(ledger, northDoctor, { kind: 'amend', id: 'a', version: 2 });
    await put(ledger, northDoctor, { kind: 'retract', id: 'a', version: 3 });
    const server = serverOf(NORTH);
    const { versions } = await ledger.call(server, 'records:History', { recordId: recordIdOf('a') });
    expect(versions.map((row) => [row.header.version, row.kind])).toEqual([
      [1, 'put'],
      [2, 'amend'],
      [3, 'retract'],
    ]);
    const latest = await ledger.call(server, 'records:Get', { recordId: recordIdOf('a') });
    expect(latest.kind).toBe('retract');
    const body = await ledger.call(server, 'records:Body', { recordId: recordIdOf('a'), version: 2 });
    expect(atob(body.ciphertext)).toBe('ciphertext of a version 2');
    const list = await ledger.call(server, 'records:ListByPerson', { personId: maria });
    expect(list.rows.map((row) => [row.version, row.kind])).toEqual([[3, 'retract']]);
  });

  it.each([
    ['a first version that exists', { id: 'a' }, 'VERSION_CONFLICT'],
    ['a first version that is not 1', { id: 'b', version: 2 }, 'VERSION_CONFLICT'],
    ['a gap', { kind: 'amend', id: 'a', version: 3 }, 'VERSION_CONFLICT'],
    ['the same version again', { kind: 'amend', id: 'a', version: 1 }, 'VERSION_CONFLICT'],
    ['an amendment of nothing', { kind: 'amend', id: 'b', version: 2 }, 'RECORD_UNKNOWN'],
    ['a retraction of nothing', { kind: 'retract', id: 'b', version: 2 }, 'RECORD_UNKNOWN'],
  ] as const)('refuses %s', async (_, record, expected) => {
    const ledger = await withRecord();
    await expect(put(ledger, northDoctor, record)).rejects.toEqual(code(expected));
  });

  it('never changes person', async () => {
    const ledger = await withRecord();
    const sam = idOf('Sam');
    await register(ledger, sam);
    await expect(
      put(ledger, northDoctor, { kind: 'amend', id: 'a', version: 2, persons: [sam] }),
    ).rejects.toEqual(code('PERSON_CHANGED'));
  });

  it('ends with a retraction', async () => {
    const ledger = await withRecord();
    await put(ledger, northDoctor, { kind: 'retract', id: 'a', version: 2 });
    await expect(put(ledger, northDoctor, { kind: 'amend', id: 'a', version: 3 })).rejects.toEqual(
      code('RECORD_RETRACTED'),
    );
  });

  it('lets only the author’s organisation amend and retract', async () => {
    const ledger = await withRecord();
    await register(ledger, maria, undefined, SOUTH);
    for (const kind of ['amend', 'retract'] as const) {
      await expect(put(ledger, southDoctor, { kind, id: 'a', version: 2 })).rejects.toEqual(
        code('NOT_THE_AUTHOR'),
      );
    }
    await put(ledger, userOf(NORTH, 'nurse'), { kind: 'amend', id: 'a', version: 2 });
  });

  it.each(['amend', 'retract'] as const)(
    '%s: lets nobody file away under his own categories what he may not write',
    async (kind) => {
      const ledger = await readyLedger();
      const categories = ['problems'] as const;
      await put(ledger, northDoctor, { id: 'note', categories: [...categories] });
      const clerk = userOf(NORTH, 'clerk');
      const away = { kind, id: 'note', version: 2, categories: ['demographics' as const] };
      await expect(put(ledger, clerk, away)).rejects.toEqual(code('WRITE_REFUSED'));
      await put(ledger, userOf(NORTH, 'nurse'), away);
    },
  );

  it.each(['amend', 'retract'] as const)('%s: keeps restricted what is', async (kind) => {
    const ledger = await readyLedger();
    await put(ledger, northDoctor, { id: 'note', categories: ['restricted'] });
    const lowered = { kind, id: 'note', version: 2, categories: ['problems' as const] };
    await expect(put(ledger, northDoctor, lowered)).rejects.toEqual(code('LABELS_LOWERED'));
    const clerk = userOf(NORTH, 'clerk');
    await expect(put(ledger, clerk, { ...lowered, categories: ['encounters'] })).rejects.toEqual(
      code('WRITE_REFUSED'),
    );
    await put(ledger, northDoctor, { ...lowered, categories: ['restricted'] });
  });

  it('refuses one record twice in a transaction', async () => {
    const ledger = await withRecord();
    await expect(
      put(
        ledger,
        northDoctor,
        { kind: 'amend', id: 'a', version: 2 },
        { kind: 'amend', id: 'a', version: 3 },
      ),
    ).rejects.toEqual(code('SAME_RECORD_TWICE'));
  });
});

describe('lists', () => {
  const list = (ledger: MemoryLedger, parts: Partial<ArgumentOf<'records:ListByPerson'>> = {}) =>
    ledger.call(serverOf(NORTH), 'records:ListByPerson', { personId: maria, ...parts });

  it('show a record of several categories once, in pages of any size', async () => {
    const ledger = await readyLedger();
    await put(
      ledger,
      northDoctor,
      { id: 'document', categories: ['laboratory', 'documents', 'problems'] },
      ...['a', 'b', 'c'].map((id) => ({ id })),
      { id: 'r', categories: ['restricted'] as const },
      { id: 'm', categories: ['medication'] as const },
    );
    const whole = (await list(ledger)).rows.map((row) => row.recordId);
    expect(whole.toSorted()).toEqual(['document', 'a', 'b', 'c', 'r', 'm'].map(recordIdOf).sort());
    for (const pageSize of [1, 2, 3]) {
      const seen: string[] = [];
      let bookmark: string | undefined;
      do {
        const page = await list(ledger, { pageSize, ...(bookmark === undefined ? {} : { bookmark }) });
        seen.push(...page.rows.map((row) => row.recordId));
        bookmark = page.bookmark;
      } while (bookmark !== undefined);
      expect(seen).toEqual(whole);
    }
    const some = await list(ledger, { categories: ['problems', 'documents'] });
    expect(some.rows.map((row) => row.recordId)).toEqual([recordIdOf('document')]);
    await expect(list(ledger, { bookmark: 'e30' })).rejects.toEqual(code('BAD_BOOKMARK'));
  });

  it('follow a record to other categories', async () => {
    const ledger = await withRecord();
    await put(ledger, northDoctor, { kind: 'amend', id: 'a', version: 2, categories: ['restricted'] });
    const byCategory = async (category: 'laboratory' | 'restricted') =>
      (await ledger.call(serverOf(NORTH), 'records:ListByCategory', { category })).rows.length;
    expect([await byCategory('laboratory'), await byCategory('restricted')]).toEqual([0, 1]);
    expect((await list(ledger)).rows).toMatchObject([{ version: 2, categories: ['restricted'] }]);
  });
});

describe('what the arguments state', () => {
  it.each([
    ['another channel', { channel: 'consortium' }],
    ['another day', { day: '2026-02-28' }],
    ['another organisation', { author: { mspId: SOUTH, userId: northDoctor.userId } }],
    ['another person', { author: { mspId: NORTH, userId: idOf('somebody') } }],
  ])('refuses a header of %s', async (_, parts) => {
    const ledger = await readyLedger();
    const { argument, transient } = writeOf(ledger, northDoctor, [{ id: 'a' }]);
    const operation = argument.operations[0];
    if (operation?.kind !== 'put') throw new Error('the helper writes a put');
    const changed = { ...operation, header: { ...operation.header, ...parts } };
    await expect(
      ledger.call(northDoctor, 'records:Write', { ...argument, operations: [changed] }, { transient }),
    ).rejects.toEqual(code('HEADER_MISMATCH'));
  });

  it.each(['ciphertext/0', `sealed/${SOUTH}`])(
    'refuses transient data that differ or lack: %s',
    async (name) => {
      const ledger = await readyLedger();
      const { argument, transient } = writeOf(ledger, northDoctor, [{ id: 'a' }]);
      for (const value of [utf8('ciphertext of a version 2'), undefined]) {
        const { [name]: _, ...others } = transient;
        const changed = value === undefined ? others : { ...others, [name]: value };
        await expect(
          ledger.call(northDoctor, 'records:Write', argument, { transient: changed }),
        ).rejects.toEqual(code('HASH_MISMATCH'));
      }
    },
  );

  it('refuses another size than stated', async () => {
    const ledger = await readyLedger();
    const { argument, transient } = writeOf(ledger, northDoctor, [{ id: 'a' }]);
    const [operation] = argument.operations;
    if (operation?.kind !== 'put') throw new Error('the helper writes a put');
    const longer = { ...operation, ciphertextSize: operation.ciphertextSize + 1 };
    await expect(
      ledger.call(northDoctor, 'records:Write', { ...argument, operations: [longer] }, { transient }),
    ).rejects.toEqual(code('HASH_MISMATCH'));
  });

  it('refuses another epoch, other custodians and too few share hashes', async () => {
    const ledger = await readyLedger();
    const { argument, transient } = writeOf(ledger, northDoctor, [{ id: 'a' }]);
    const attempt = (parts: Partial<typeof argument>) =>
      ledger.call(northDoctor, 'records:Write', { ...argument, ...parts }, { transient });
    await expect(attempt({ epoch: 2 })).rejects.toEqual(code('EPOCH_NOT_IN_FORCE'));
    await expect(attempt({ dealing: 'redealt' })).rejects.toEqual(code('DEALING_NOT_POSSIBLE'));
    await expect(attempt({ sealed: argument.sealed.slice(1) })).rejects.toEqual(code('SEALING_INCOMPLETE'));
    const [operation] = argument.operations;
    if (operation?.kind !== 'put') throw new Error('the helper writes a put');
    const few = { ...operation, shareHashes: operation.shareHashes.slice(1) };
    await expect(attempt({ operations: [few] })).rejects.toEqual(code('SEALING_INCOMPLETE'));
  });

  it('seals only to open intake keys', async () => {
    const ledger = await readyLedger();
    await ledger.call(serverOf(SOUTH), 'custody:OpenIntakeKey', intakeKeyOf(ledger, SOUTH, 2));
    await ledger.call(serverOf(SOUTH), 'custody:CloseIntakeKey', {
      state: 'closing',
      keyId: intakeKeyOf(ledger, SOUTH, 1).keyId,
      height: 9,
    });
    await expect(put(ledger, northDoctor, { id: 'a' })).rejects.toEqual(code('INTAKE_KEY_NOT_OPEN'));
  });
});

describe('who may write', () => {
  it('needs a relation, which ends after 90 days', async () => {
    const ledger = await readyLedger('2026-01-01T10:00:00.000Z');
    await expect(put(ledger, southDoctor, { id: 's' })).rejects.toEqual(code('WRITE_REFUSED'));
    ledger.now = '2026-04-01T23:59:59.000Z';
    await put(ledger, northDoctor, { id: 'a' });
    ledger.now = '2026-04-02T00:00:00.000Z';
    await expect(put(ledger, northDoctor, { id: 'b' })).rejects.toEqual(code('WRITE_REFUSED'));
  });

  it('renews the relation by an encounter, once a day', async () => {
    const ledger = await readyLedger('2026-01-01T10:00:00.000Z');
    ledger.now = '2026-03-01T10:00:00.000Z';
    const key = tables.relation.key([maria, NORTH]);
    const first = await put(ledger, northDoctor, { id: 'e1', relation: true });
    expect(first.stub.writes.has(key)).toBe(true);
    const second = await put(ledger, northDoctor, { id: 'e2', relation: true });
    expect(second.stub.writes.has(key)).toBe(false);
    ledger.now = '2026-05-30T10:00:00.000Z';
    await put(ledger, northDoctor, { id: 'a' });
    ledger.now = '2026-05-31T10:00:00.000Z';
    await expect(put(ledger, northDoctor, { id: 'b' })).rejects.toEqual(code('WRITE_REFUSED'));
  });

  it('or a write grant of the patient', async () => {
    const ledger = await readyLedger();
    await ledger.call(mariaUser, 'authorisation:Grant', grantOf(ledger, 'w', { rights: ['write'] }));
    await put(ledger, southDoctor, { id: 's' });
    await expect(put(ledger, southDoctor, { id: 't', categories: ['restricted'] })).rejects.toEqual(
      code('WRITE_REFUSED'),
    );
    await ledger.call(mariaUser, 'authorisation:Revoke', { grantId: 'w' });
    await expect(put(ledger, southDoctor, { id: 'u' })).rejects.toEqual(code('WRITE_REFUSED'));
  });

  it('a deny of writing beats the relation, and its end restores it', async () => {
    const ledger = await readyLedger();
    const deny = grantOf(ledger, 'd', {
      effect: 'deny',
      grantee: { kind: 'person', mspId: NORTH, userId: northDoctor.userId },
      rights: ['write'],
    });
    await ledger.call(mariaUser, 'authorisation:Grant', deny);
    await expect(put(ledger, northDoctor, { id: 'a' })).rejects.toEqual(code('WRITE_REFUSED'));
    await put(ledger, userOf(NORTH, 'nurse'), { id: 'n' });
    await ledger.call(mariaUser, 'authorisation:Revoke', { grantId: 'd' });
    await put(ledger, northDoctor, { id: 'a' });
  });

  it('the patient about the own person only', async () => {
    const ledger = await readyLedger();
    await put(ledger, mariaUser, { id: 'own' });
    const sam = idOf('Sam');
    await register(ledger, sam);
    await expect(put(ledger, mariaUser, { id: 'other', persons: [sam] })).rejects.toEqual(
      code('WRITE_REFUSED'),
    );
  });

  it('a role within its categories, and restricted ones where it sees R', async () => {
    const ledger = await readyLedger();
    const technician = userOf(NORTH, 'lab-technician');
    await put(ledger, technician, { id: 'l' });
    await put(ledger, technician, { id: 'r', categories: ['restricted'] });
    await expect(put(ledger, technician, { id: 'p', categories: ['problems'] })).rejects.toEqual(
      code('WRITE_REFUSED'),
    );
    const clerk = userOf(NORTH, 'clerk');
    await put(ledger, clerk, { id: 'e', categories: ['encounters'], relation: true });
    await expect(put(ledger, clerk, { id: 'x', categories: ['restricted'] })).rejects.toEqual(
      code('WRITE_REFUSED'),
    );
  });

  it('a record of several persons needs each, one of no person none', async () => {
    const ledger = await readyLedger();
    const sam = idOf('Sam');
    await expect(put(ledger, northDoctor, { id: 'g', persons: [maria, sam] })).rejects.toEqual(
      code('WRITE_REFUSED'),
    );
    await register(ledger, sam);
    await put(ledger, northDoctor, { id: 'g', persons: [maria, sam] });
    await put(ledger, northDoctor, { id: 'none', persons: [] });
    for (const personId of [maria, sam]) {
      const list = await ledger.call(serverOf(NORTH), 'records:ListByPerson', { personId });
      expect(list.rows.map((row) => row.recordId)).toEqual([recordIdOf('g')]);
    }
  });
});

describe('what it costs', () => {
  it('reads at most 4 keys and no range for a record by relation', async () => {
    const ledger = await withRecord();
    for (const record of [
      { id: 'b', relation: true },
      { kind: 'amend', id: 'a', version: 2 },
    ] as const) {
      const { stub } = await put(ledger, northDoctor, record);
      expect(stub.keysRead.length).toBeLessThanOrEqual(4);
      expect(stub.rangesRead).toEqual([]);
    }
  });

  it('shares reads among the operations of one transaction', async () => {
    const ledger = await readyLedger();
    const records = Array.from({ length: 500 }, (_, i) => ({ id: `bulk ${i}`, relation: true }));
    const { stub, result } = await put(ledger, northDoctor, ...records);
    expect(result.operations).toBe(500);
    expect(stub.keysRead.length).toBe(500 + 3);
  });
});

describe('the directory', () => {
  const directoryOf = (id: string, version: number, text: string | null, identifiers: string[] = []) => ({
    argument: {
      operations: [
        {
          kind: 'directory' as const,
          recordId: recordIdOf(id),
          version,
          type: 'Organization',
          identifiers,
          resourceHash: text === null ? null : toHex(sha256(utf8(text))),
        },
      ],
      epoch: 0,
      dealing: 'author' as const,
      sealed: [],
    },
    transient: Object.fromEntries(text === null ? [] : [['directory/0', utf8(text)]]),
  });
  const entry = (id: string, name: string) =>
    JSON.stringify({ resourceType: 'Organization', id: recordIdOf(id), name });

  async function write(
    ledger: MemoryLedger,
    user: Signer,
    id: string,
    version: number,
    text: string | null,
    identifiers?: string[],
  ) {
    const { argument, transient } = directoryOf(id, version, text, identifiers);
    return ledger.call(user, 'records:Write', argument, { transient });
  }

  it('keeps entries in clear, finds them by identifier, first written first', async () => {
    const ledger = await readyLedger();
    await write(ledger, northDoctor, 'o1', 1, entry('o1', 'One'), ['sys|1']);
    ledger.now = '2026-03-01T11:00:00.000Z';
    await write(ledger, southDoctor, 'o2', 1, entry('o2', 'Two'), ['sys|1', 'sys|2']);
    const find = (identifier: string) =>
      ledger.call(userOf(AUTHORITY, 'researcher'), 'records:FindDirectory', {
        type: 'Organization',
        identifier,
      });
    expect((await find('sys|1')).entries.map((row) => row.recordId)).toEqual(['o1', 'o2'].map(recordIdOf));
    await write(ledger, southDoctor, 'o2', 2, entry('o2', 'Two again'), ['sys|2']);
    expect((await find('sys|1')).entries.map((row) => row.recordId)).toEqual([recordIdOf('o1')]);
    expect((await find('sys|2')).entries.map((row) => row.resource)).toEqual([entry('o2', 'Two again')]);
    const first = await ledger.call(northDoctor, 'records:GetDirectory', {
      type: 'Organization',
      recordId: recordIdOf('o2'),
      version: 1,
    });
    expect(first.resource).toBe(entry('o2', 'Two'));
    await write(ledger, southDoctor, 'o2', 3, null);
    expect((await find('sys|2')).entries).toEqual([]);
  });

  it.each(['Patient', 'Observation', 'RelatedPerson', 'Consent', 'Basic'])(
    'holds no %s: it would stand in clear for ever',
    async (type) => {
      const ledger = await readyLedger();
      const text = JSON.stringify({ resourceType: type, id: recordIdOf('p') });
      const { argument, transient } = directoryOf('p', 1, text);
      const operations = argument.operations.map((operation) => ({ ...operation, type }));
      await expect(
        ledger.call(northDoctor, 'records:Write', { ...argument, operations }, { transient }),
      ).rejects.toEqual(code('WRITE_REFUSED'));
    },
  );

  it('refuses what is not the caller’s, not next, or not what it says', async () => {
    const ledger = await readyLedger();
    await write(ledger, northDoctor, 'o1', 1, entry('o1', 'One'));
    const attempts = [
      [southDoctor, 'NOT_THE_AUTHOR', 'o1', 2, entry('o1', 'Taken')],
      [northDoctor, 'VERSION_CONFLICT', 'o1', 3, entry('o1', 'Gap')],
      [northDoctor, 'VERSION_CONFLICT', 'o1', 1, entry('o1', 'Again')],
      [northDoctor, 'HEADER_MISMATCH', 'o1', 2, entry('o2', 'Other id')],
      [northDoctor, 'HEADER_MISMATCH', 'o1', 2, 'not JSON'],
      [northDoctor, 'RECORD_UNKNOWN', 'o3', 1, null],
      [mariaUser, 'WRITE_REFUSED', 'o4', 1, entry('o4', 'Mine')],
    ] as const;
    for (const [user, expected, id, version, text] of attempts) {
      await expect(write(ledger, user, id, version, text)).rejects.toEqual(code(expected));
    }
    await write(ledger, administratorOf(NORTH), 'o1', 2, entry('o1', 'By the administrator'));
  });

  it('the administrator writes nothing else', async () => {
    const ledger = await readyLedger();
    await expect(put(ledger, administratorOf(NORTH), { id: 'a' })).rejects.toEqual(code('WRITE_REFUSED'));
  });
});

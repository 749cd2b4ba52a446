import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseEntry, type EntryKind } from '../log/format.ts';
import { combineAnswers } from '../reader/combine.ts';
import { createReaderKey } from '../reader/reader-key.ts';
import { parseAnswer } from '../request/answer.ts';
import { Consortium, tipOf } from '../testing/consortium.ts';
import { headerOf, HIV, LABORATORY, MARIA, observation, SAM } from '../testing/records.ts';

let consortium: Consortium;
beforeEach(() => {
  consortium = new Consortium();
});
afterEach(() => consortium.close());

const laboratory = { header: headerOf(1), labels: LABORATORY, type: 'Observation', resource: observation(1) };
const hiv = {
  header: headerOf(2, { categories: ['restricted'] }),
  labels: HIV,
  type: 'Observation',
  resource: observation(2),
};

describe('a read', () => {
  it('opens records with any two custodians, and each logs what it released', async () => {
    consortium.commit([laboratory, hiv]);
    const { asked, answers } = await consortium.ask([laboratory, hiv], ['NorthMSP', 'AuthorityMSP']);
    const combined = combineAnswers(asked, answers, consortium.expectedOf([laboratory, hiv]));
    expect(combined.failed).toEqual([]);
    expect(combined.misbehaviour).toEqual([]);
    expect(combined.opened.map(({ labels }) => labels)).toEqual([LABORATORY, HIV]);
    expect(combined.entries.length).toBe(2);
    expect(combined.heights).toEqual({ NorthMSP: 1, AuthorityMSP: 1 });
    expect(consortium.custodian('SouthMSP').entriesOf(asked.request.id)).toEqual([]);
  });

  it('asks the gate about the true labels', async () => {
    consortium.commit([hiv]);
    const questions: unknown[] = [];
    consortium.gate = {
      ...consortium.gate,
      decide: async (question) => {
        questions.push(question);
        return question.items.map(() => ({ permit: false, code: 'NOT_GRANTED' }));
      },
    };
    const { asked, answers } = await consortium.ask([hiv], ['NorthMSP', 'AuthorityMSP']);
    expect(questions[0]).toMatchObject({
      subject: { mspId: 'SouthMSP', role: 'doctor' },
      right: 'read',
      items: [{ categories: ['laboratory'], confidentiality: 'R', sensitivities: ['HIV'], persons: [MARIA] }],
    });
    const combined = combineAnswers(asked, answers, consortium.expectedOf([hiv]));
    expect(combined.failed.map(({ code }) => code)).toEqual(['REFUSED']);
    expect(combined.entries).toEqual([]);
    const [entry] = consortium.custodian('NorthMSP').entriesOf(asked.request.id);
    expect(parseEntry(entry?.text ?? '')).toMatchObject({
      kind: 'refused',
      records: [{ code: 'NOT_GRANTED' }],
    });
  });

  it('judges a former version by the strictest labels of any, the newest by its own', async () => {
    const raised = { ...hiv, header: headerOf(1, { version: 2, categories: ['restricted'] }) };
    const lowered = { ...laboratory, header: headerOf(1, { version: 3 }) };
    consortium.commit([laboratory]);
    consortium.commit([raised]);
    const items: unknown[] = [];
    consortium.gate = {
      ...consortium.gate,
      decide: async (question) => {
        items.push(...question.items);
        return question.items.map(() => ({ permit: true, code: 'GRANT' }));
      },
    };
    const asked = await consortium.ask([laboratory, raised], ['NorthMSP', 'SouthMSP']);
    expect(items.slice(0, 2)).toMatchObject([HIV, HIV]);
    const opened = combineAnswers(asked.asked, asked.answers, consortium.expectedOf([laboratory, raised]));
    expect(opened.opened.map(({ labels }) => labels)).toEqual([LABORATORY, HIV]);
    consortium.commit([lowered]);
    items.length = 0;
    await consortium.ask([laboratory, raised, lowered], ['NorthMSP']);
    expect(items).toMatchObject([HIV, HIV, LABORATORY]);
  });

  it('does not tell why it refuses', async () => {
    consortium.commit([hiv]);
    consortium.gate = {
      ...consortium.gate,
      decide: async ({ items }) =>
        items.map(() => ({ permit: false, code: 'DENIED_BY_PATIENT', basis: 'grant-7' })),
    };
    const { answers } = await consortium.ask([hiv], ['NorthMSP']);
    expect(JSON.stringify(answers[0]?.answer)).not.toMatch(/DENIED|grant-7/);
  });

  it('about two patients leaves one entry for each', async () => {
    const sam = { ...laboratory, header: headerOf(3, { persons: [SAM] }) };
    const both = { ...laboratory, header: headerOf(4, { persons: [MARIA, SAM] }) };
    const nobody = { ...laboratory, header: headerOf(5, { persons: [] }) };
    consortium.commit([laboratory, sam, both, nobody]);
    const { asked } = await consortium.ask([laboratory, sam, both, nobody], ['NorthMSP'], { person: null });
    const entries = consortium
      .custodian('NorthMSP')
      .entriesOf(asked.request.id)
      .map(({ text }) => parseEntry(text));
    expect(entries.map(({ person, records }) => [person[0], records.length])).toEqual([
      ['1', 2],
      ['2', 2],
      ['0', 1],
    ]);
  });

  it('of a record that is not held says so, and is logged', async () => {
    consortium.commit([laboratory]);
    const { asked, answers } = await consortium.ask([laboratory, hiv], ['NorthMSP']);
    const body = parseAnswer(answers[0]?.answer.body ?? '');
    expect([body.released.length, body.refused.length, body.missing.length]).toEqual([1, 0, 1]);
    const kinds = consortium
      .custodian('NorthMSP')
      .entriesOf(asked.request.id)
      .map(({ text }) => parseEntry(text).kind);
    expect(kinds).toEqual(['released', 'refused']);
  });

  it('waits for the block that its reader has seen, and no longer than it may', async () => {
    consortium.commit([laboratory], [], ['NorthMSP']);
    const late = consortium.ask([laboratory], ['NorthMSP']);
    consortium.custodian('NorthMSP').ingest({ ...tipOf(consortium.height), writes: [], intakeEvents: [] });
    expect((await late).answers.length).toBe(1);
    const ahead = consortium.ask([laboratory], ['NorthMSP'], { ledger: tipOf(consortium.height + 1) });
    await expect(ahead).rejects.toMatchObject({ code: 'STALE' });
  });
});

describe('a request that is asked again', () => {
  const ask = async () => {
    consortium.commit([laboratory]);
    return consortium.ask([laboratory], ['NorthMSP']);
  };
  const entries = (id: string): number => consortium.custodian('NorthMSP').entriesOf(id).length;

  it('gets the same answer and leaves one entry', async () => {
    const { asked, answers } = await ask();
    const again = await consortium.release(asked.signed, ['NorthMSP']);
    expect(again[0]?.answer).toEqual(answers[0]?.answer);
    expect(entries(asked.request.id)).toBe(1);
  });

  it('gets the same shares after a restart, though the gate has changed its mind', async () => {
    const { asked, answers } = await ask();
    await consortium.custodian('NorthMSP').close();
    consortium.open('NorthMSP');
    consortium.gate = {
      ...consortium.gate,
      decide: async ({ items }) => items.map(() => ({ permit: false, code: 'NOT_GRANTED' })),
    };
    const [again] = await consortium.release(asked.signed, ['NorthMSP']);
    expect(again?.answer.body).toBe(answers[0]?.answer.body);
    expect(again?.answer.entries).toEqual(answers[0]?.answer.entries);
    expect(entries(asked.request.id)).toBe(1);
    consortium.time += 21_000;
    await expect(consortium.release(asked.signed, ['NorthMSP'])).rejects.toMatchObject({ code: 'EXPIRED' });
  });

  it('with other bytes is refused, before and after a restart', async () => {
    const { asked } = await ask();
    const other = consortium.sign({ ...asked.request, purpose: 'PATRQT' });
    await expect(consortium.release(other, ['NorthMSP'])).rejects.toMatchObject({
      code: 'REQUEST_ID_REUSED',
    });
    await consortium.custodian('NorthMSP').close();
    consortium.open('NorthMSP');
    await expect(consortium.release(other, ['NorthMSP'])).rejects.toMatchObject({
      code: 'REQUEST_ID_REUSED',
    });
    expect(entries(asked.request.id)).toBe(1);
  });

  it('is answered though another organisation used its id first', async () => {
    consortium.commit([laboratory]);
    const { publicKey, privateKey } = createReaderKey();
    const request = consortium.request([laboratory], { publicKey, privateKey });
    const { subject: _subject, assurance: _assurance, person: _person, ...rest } = request;
    const server = { mspId: 'AuthorityMSP', certificate: consortium.server('AuthorityMSP').certificate };
    const squatting = consortium.sign({ ...rest, kind: 'rebuild', purpose: 'HOPERAT', server });
    await consortium.custodian('NorthMSP').release(squatting, 'AuthorityMSP');
    const [answer] = await consortium.release(consortium.sign(request), ['NorthMSP']);
    expect(parseAnswer(answer?.answer.body ?? '').released).toHaveLength(1);
  });

  it('at the same moment leaves one entry', async () => {
    consortium.commit([laboratory]);
    const key = createReaderKey();
    const signed = consortium.sign(consortium.request([laboratory], key));
    const answers = await Promise.all(
      [1, 2, 3].map(() => consortium.custodian('NorthMSP').release(signed, 'SouthMSP')),
    );
    expect(new Set(answers.map(({ sealed }) => sealed)).size).toBe(1);
  });
});

describe('a rebuild', () => {
  const rebuild = (overrides: object = {}) => {
    const key = createReaderKey();
    const {
      subject: _subject,
      assurance: _assurance,
      person: _person,
      ...rest
    } = consortium.request([laboratory], key);
    const server = { mspId: 'NorthMSP', certificate: consortium.server('NorthMSP').certificate };
    const request = { ...rest, kind: 'rebuild' as const, purpose: 'HOPERAT' as const, server, ...overrides };
    return { asked: { request, signed: consortium.sign(request), privateKey: key.privateKey } };
  };

  it('gives an organisation its own records by its server alone, logged as such', async () => {
    consortium.commit([laboratory]);
    const { asked } = rebuild();
    const answers = await Promise.all(
      ['SouthMSP', 'AuthorityMSP'].map(async (custodian) => ({
        custodian,
        key: consortium.key(custodian),
        answer: await consortium.custodian(custodian).release(asked.signed, 'NorthMSP'),
      })),
    );
    const combined = combineAnswers(asked, answers, consortium.expectedOf([laboratory]));
    expect(combined.opened.length).toBe(1);
    expect(combined.entries.map(({ text }) => parseEntry(text))).toMatchObject([
      { kind: 'rebuild', person: MARIA, purpose: 'HOPERAT', subject: { mspId: 'NorthMSP', role: 'server' } },
      { kind: 'rebuild' },
    ]);
  });

  it('gives nothing of another organisation', async () => {
    consortium.commit([laboratory]);
    const server = { mspId: 'SouthMSP', certificate: consortium.server('SouthMSP').certificate };
    const answer = await consortium
      .custodian('NorthMSP')
      .release(rebuild({ server }).asked.signed, 'SouthMSP');
    expect(parseAnswer(answer.body)).toMatchObject({ released: [], refused: [{ version: 1 }] });
  });

  it('has a limit of its own', async () => {
    consortium.commit([laboratory]);
    await consortium.custodian('NorthMSP').close();
    consortium.open('NorthMSP', { limits: { rebuildRecordsPerMember: 0 } });
    await expect(
      consortium.custodian('NorthMSP').release(rebuild().asked.signed, 'NorthMSP'),
    ).rejects.toMatchObject({
      code: 'OVER_LIMIT',
    });
  });
});

describe('a log', () => {
  const request = (overrides: object = {}) => {
    const { records: _records, ...rest } = consortium.request([laboratory], createReaderKey());
    return consortium.sign({ ...rest, kind: 'log', person: MARIA, ...overrides });
  };
  const entriesOf = async (): Promise<EntryKind[]> => {
    const { log } = await consortium.custodian('NorthMSP').readLog(request(), 'SouthMSP');
    return log.uncheckpointed.map(({ text }) => parseEntry(text).kind);
  };

  it('is read at the price of an entry, once for one request, over a restart too', async () => {
    consortium.commit([laboratory]);
    await consortium.ask([laboratory], ['NorthMSP']);
    const signed = request();
    const first = await consortium.custodian('NorthMSP').readLog(signed, 'SouthMSP');
    await consortium.custodian('NorthMSP').close();
    const again = await consortium.open('NorthMSP').readLog(signed, 'SouthMSP');
    expect(again.entry).toEqual(first.entry);
    expect(await entriesOf()).toEqual(['released', 'log-read', 'log-read']);
  });

  it('is refused by the gate, and that is logged', async () => {
    const permissive = consortium.gate;
    consortium.gate = { ...permissive, mayReadLog: async () => ({ permit: false, code: 'NOT_THE_PATIENT' }) };
    const signed = request();
    for (let i = 0; i < 2; i++) {
      await expect(consortium.custodian('NorthMSP').readLog(signed, 'SouthMSP')).rejects.toMatchObject({
        code: 'REFUSED',
      });
    }
    consortium.gate = permissive;
    expect(await entriesOf()).toEqual(['refused', 'log-read']);
  });

  it('is not what a request for records gets, nor the other way round', async () => {
    consortium.commit([laboratory]);
    const records = consortium.sign(consortium.request([laboratory], createReaderKey()));
    await expect(consortium.custodian('NorthMSP').readLog(records, 'SouthMSP')).rejects.toMatchObject({
      code: 'MALFORMED',
    });
    await expect(consortium.custodian('NorthMSP').release(request(), 'SouthMSP')).rejects.toMatchObject({
      code: 'MALFORMED',
    });
  });
});

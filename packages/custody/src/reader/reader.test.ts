import {
  canonical,
  fromBase64,
  fromHex,
  labelledHash,
  sha256,
  toBase64,
  toHex,
  utf8,
} from '@healthchain/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecordInput } from '../envelope/envelope.ts';
import { openSealed, sealFor } from '../hpke/hpke.ts';
import { answerInfo, answerMessage, parseAnswer, type Answer, type AnswerBody } from '../request/answer.ts';
import { decodeSlots, encodeSlots, type Slot } from '../sealing/slots.ts';
import { shareHash } from '../shares/shares.ts';
import { Consortium } from '../testing/consortium.ts';
import { headerOf, HIV, LABORATORY, observation } from '../testing/records.ts';
import { combineAnswers } from './combine.ts';
import type { Asked, ExpectedRecord, ReceivedAnswer } from './open-answer.ts';

let consortium: Consortium;
const records: RecordInput[] = [1, 2].map((n) => ({
  header: headerOf(n),
  labels: LABORATORY,
  type: 'Observation',
  resource: observation(n),
}));
const ALL = ['NorthMSP', 'SouthMSP', 'AuthorityMSP'];
beforeAll(() => {
  consortium = new Consortium();
  consortium.commit(records);
});
afterAll(() => consortium.close());

type FullSlot = Slot & { labels: NonNullable<Slot['labels']> };

/** What a custodian that holds its own keys could answer instead. */
function lie(
  { request, privateKey }: Asked,
  received: ReceivedAnswer,
  alter: (body: AnswerBody, slots: FullSlot[]) => [AnswerBody, FullSlot[]],
): ReceivedAnswer {
  const { custodian, answer } = received;
  const info = answerInfo('care', custodian, request.id);
  const body = parseAnswer(answer.body);
  const opened = openSealed(privateKey, { info, aad: utf8(answer.body) }, fromBase64(answer.sealed));
  const [alteredBody, slots] = alter(body, decodeSlots(opened, body.released.length) as FullSlot[]);
  const text = canonical(alteredBody);
  const sealed = sealFor(privateKey.publicKey, { info, aad: utf8(text) }, encodeSlots(slots));
  const signature = consortium.server(custodian).signer.sign(answerMessage(text, sealed));
  return {
    ...received,
    answer: { ...answer, body: text, sealed: toBase64(sealed), signature: toBase64(signature) },
  };
}

function replace(
  answers: readonly ReceivedAnswer[],
  custodian: string,
  by: (answer: ReceivedAnswer) => ReceivedAnswer,
): ReceivedAnswer[] {
  return answers.map((answer) => (answer.custodian === custodian ? by(answer) : answer));
}

describe('a custodian that lies is named, and the others suffice', () => {
  const lies: readonly [string, string, (body: AnswerBody, slots: FullSlot[]) => [AnswerBody, FullSlot[]]][] =
    [
      [
        'SHARE_MISMATCH',
        'another share',
        (body, slots) => [body, slots.map((slot) => ({ ...slot, y: new Uint8Array(32) }))],
      ],
      [
        'SHARE_MISMATCH',
        'another index',
        (body, slots) => [{ ...body, released: body.released.map((item) => ({ ...item, index: 2 })) }, slots],
      ],
      [
        'SHARE_MISMATCH',
        'another epoch',
        (body, slots) => [{ ...body, released: body.released.map((item) => ({ ...item, epoch: 2 })) }, slots],
      ],
      ['SHARE_MISMATCH', 'shares of the other record', (body, slots) => [body, slots.toReversed()]],
      [
        'LABELS_MISMATCH',
        'other labels',
        (body, slots) => [
          body,
          slots.map((slot) => ({ ...slot, labels: { ...LABORATORY, sensitivities: ['ETH'] } })),
        ],
      ],
      [
        'LABELS_MISMATCH',
        'labels that the header denies',
        (body, slots) => [body, slots.map((slot) => ({ ...slot, labels: HIV }))],
      ],
    ];
  it.each(lies)('%s: %s', async (code, _, alter) => {
    const { asked, answers } = await consortium.ask(records, ALL);
    const lying = replace(answers, 'NorthMSP', (answer) => lie(asked, answer, alter));
    const combined = combineAnswers(asked, lying, consortium.expectedOf(records));
    expect(combined.opened.length).toBe(2);
    expect(combined.failed).toEqual([]);
    expect(combined.misbehaviour.map((one) => [one.custodian, one.code])).toEqual([
      ['NorthMSP', code],
      ['NorthMSP', code],
    ]);
  });

  const broken: readonly [string, string, (answer: Answer, asked: Asked) => Partial<Answer>][] = [
    ['BAD_SIGNATURE', 'another body', ({ body }) => ({ body: body.replace('"height":1', '"height":2') })],
    ['BAD_SIGNATURE', 'another message', ({ sealed }) => ({ sealed: sealed.replace(/^..../, 'AQAA') })],
    ['BAD_SIGNATURE', 'no signature', () => ({ signature: '' })],
    ['MALFORMED', 'no body', () => ({ body: '' })],
  ];
  it.each(broken)('%s: %s', async (code, _, alter) => {
    const { asked, answers } = await consortium.ask(records, ALL);
    const lying = replace(answers, 'NorthMSP', (received) => ({
      ...received,
      answer: { ...received.answer, ...alter(received.answer, asked) },
    }));
    const combined = combineAnswers(asked, lying, consortium.expectedOf(records));
    expect(combined.opened.length).toBe(2);
    expect(combined.misbehaviour).toEqual([{ custodian: 'NorthMSP', code }]);
    expect(Object.keys(combined.heights)).toEqual(['SouthMSP', 'AuthorityMSP']);
  });

  it('ENTRY_MISSING: no signed entry about the records', async () => {
    const { asked, answers } = await consortium.ask(records, ALL);
    const other = await consortium.ask(records, ['NorthMSP']);
    for (const entries of [[], other.answers[0]?.answer.entries ?? [], answers[1]?.answer.entries ?? []]) {
      const lying = replace(answers, 'NorthMSP', (received) => ({
        ...received,
        answer: { ...received.answer, entries },
      }));
      const combined = combineAnswers(asked, lying, consortium.expectedOf(records));
      expect(new Set(combined.misbehaviour.map(({ code }) => code))).toEqual(new Set(['ENTRY_MISSING']));
    }
  });

  it('MALFORMED: the answer to another request', async () => {
    const { asked, answers } = await consortium.ask(records, ALL);
    const other = await consortium.ask(records, ['NorthMSP']);
    const lying = replace(answers, 'NorthMSP', () => other.answers[0] as ReceivedAnswer);
    const combined = combineAnswers(asked, lying, consortium.expectedOf(records));
    expect(combined.misbehaviour).toEqual([{ custodian: 'NorthMSP', code: 'MALFORMED' }]);
  });
});

describe('a record', () => {
  it('does not open with fewer than k answers', async () => {
    const { asked, answers } = await consortium.ask(records, ['NorthMSP']);
    const combined = combineAnswers(asked, answers, consortium.expectedOf(records));
    expect(combined.failed.map(({ code }) => code)).toEqual(['TOO_FEW_SHARES', 'TOO_FEW_SHARES']);
  });

  it('does not open with two answers of one custodian', async () => {
    const { asked, answers } = await consortium.ask(records, ['NorthMSP']);
    const combined = combineAnswers(asked, [...answers, ...answers], consortium.expectedOf(records));
    expect(combined.opened).toEqual([]);
    expect(combined.failed.map(({ code }) => code)).toEqual(['TOO_FEW_SHARES', 'TOO_FEW_SHARES']);
  });

  const wrong: readonly [string, string, (record: ExpectedRecord) => Partial<ExpectedRecord>][] = [
    ['CIPHERTEXT_MISMATCH', 'another ciphertext', () => ({ ciphertext: new Uint8Array(100) })],
    ['OPEN_FAILED', 'another header', ({ header }) => ({ header: { ...header, day: '2026-03-02' } })],
    [
      'OPEN_FAILED',
      'a ciphertext replaced by its author',
      () => {
        const ciphertext = new Uint8Array(100);
        return { ciphertext, ciphertextHash: toHex(sha256(ciphertext)) };
      },
    ],
    ['COMMITMENT_MISMATCH', 'another commitment', () => ({ commitment: '0'.repeat(64) })],
  ];
  it.each(wrong)('is refused with %s: %s', async (code, _, alter) => {
    const { asked, answers } = await consortium.ask(records, ALL);
    const expected = consortium
      .expectedOf(records)
      .map((record, i) => (i === 0 ? { ...record, ...alter(record) } : record));
    const combined = combineAnswers(asked, answers, expected);
    expect(combined.opened.length).toBe(1);
    expect(combined.failed.map((one) => one.code)).toEqual([code]);
  });

  it('whose author dealt a bad share opens without it, and the author is proved', async () => {
    const { asked, answers } = await consortium.ask(records, ALL);
    const y = labelledHash('bad share');
    const lying = replace(answers, 'NorthMSP', (answer) =>
      lie(asked, answer, (body, slots) => [body, slots.map((slot) => ({ ...slot, y }))]),
    );
    const expected = consortium.expectedOf(records).map((record) => {
      const { recordId, version } = record.header;
      const bad = toHex(shareHash({ recordId, version, epoch: 1, index: 1, y }));
      return { ...record, shareHashes: [bad, ...record.shareHashes.slice(1)] };
    });
    const combined = combineAnswers(asked, lying, expected);
    expect(combined.opened.length).toBe(2);
    expect(combined.misbehaviour).toEqual([]);
    expect(combined.badDealings.map(({ author, indexes }) => [author, indexes])).toEqual([
      ['NorthMSP', [1]],
      ['NorthMSP', [1]],
    ]);
    const redealt = combineAnswers(
      asked,
      lying,
      expected.map((record) => ({ ...record, dealing: 'redealt' as const })),
    );
    expect([redealt.opened.length, redealt.badDealings.length]).toEqual([2, 0]);
  });

  it('shares are what the ledger says they are', () => {
    for (const { shareHashes } of consortium.expectedOf(records)) {
      expect(shareHashes.map((hash) => fromHex(hash).length)).toEqual([32, 32, 32]);
    }
  });
});

import { canonical } from '@healthchain/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CustodyErrorCode } from '../errors.ts';
import { createReaderKey } from '../reader/reader-key.ts';
import { Consortium, headerHashOf, tipOf } from '../testing/consortium.ts';
import { headerOf, LABORATORY, observation, recordIdOf, SAM } from '../testing/records.ts';
import { parseRequest, signRequest, type ReadRequest, type SignedRequest } from './format.ts';

let consortium: Consortium;
let request: ReadRequest;
let signed: SignedRequest;
const laboratory = { header: headerOf(1), labels: LABORATORY, type: 'Observation', resource: observation(1) };
const readerKey = createReaderKey();

beforeAll(() => {
  consortium = new Consortium();
  consortium.commit([laboratory]);
});
afterAll(() => consortium.close());
beforeEach(() => {
  request = consortium.request([laboratory], readerKey);
  signed = consortium.sign(request);
});

async function refused(sent: SignedRequest, code: CustodyErrorCode, member = 'SouthMSP'): Promise<void> {
  const before = consortium.custodian('NorthMSP').entriesOf(request.id).length;
  await expect(consortium.custodian('NorthMSP').release(sent, member)).rejects.toMatchObject({ code });
  expect(consortium.custodian('NorthMSP').entriesOf(request.id).length).toBe(before);
}

/** Each is a well-formed request that somebody altered after it was signed. */
const alterations: readonly [string, (request: ReadRequest) => Partial<ReadRequest>][] = [
  ['id', () => ({ id: '11111111-1111-4111-8111-111111111111' })],
  ['readerKey', () => ({ readerKey: createReaderKey().publicKey })],
  ['custodians', () => ({ custodians: ['NorthMSP'] })],
  ['ledger height', () => ({ ledger: tipOf(0) })],
  ['notAfter', ({ notAfter }) => ({ notAfter: new Date(Date.parse(notAfter) + 1).toISOString() })],
  ['purpose', () => ({ purpose: 'ETREAT' })],
  ['assurance', () => ({ assurance: 'device-key' })],
  ['person', () => ({ person: SAM })],
  ['no person', () => ({ person: null })],
  ['records', () => ({ records: [{ recordId: recordIdOf(9), version: 1 }] })],
  ['version', ({ records }) => ({ records: records.map((record) => ({ ...record, version: 2 })) })],
  ['emergency', () => ({ emergency: '0'.repeat(64), purpose: 'ETREAT' })],
  ['interaction', () => ({ interaction: 'read' })],
];

describe('an altered request', () => {
  it.each(alterations)('is refused: %s', async (_, alter) => {
    const body = canonical({ ...request, ...alter(request) });
    expect(body).not.toBe(signed.body);
    await refused({ ...signed, body }, 'BAD_SIGNATURE');
  });

  it('is refused when one of the signatures is missing, swapped or of somebody else', async () => {
    const other = consortium.sign({ ...request, purpose: 'PATRQT' });
    await refused({ body: signed.body, serverSignature: signed.serverSignature }, 'BAD_SIGNATURE');
    await refused({ ...signed, serverSignature: signed.personSignature ?? '' }, 'BAD_SIGNATURE');
    await refused({ ...signed, personSignature: signed.serverSignature }, 'BAD_SIGNATURE');
    await refused({ ...signed, personSignature: other.personSignature ?? '' }, 'BAD_SIGNATURE');
    await refused({ ...signed, serverSignature: other.serverSignature }, 'BAD_SIGNATURE');
    await refused({ ...signed, serverSignature: '?' }, 'BAD_SIGNATURE');
  });
});

/** Each is signed by the keys that it names, and still not to be answered. */
const refusals: readonly [CustodyErrorCode, string, (request: ReadRequest) => Partial<ReadRequest>][] = [
  ['WRONG_CHANNEL', 'another channel', () => ({ channel: 'consortium' })],
  ['NOT_ADDRESSED', 'another custodian', () => ({ custodians: ['AuthorityMSP', 'SouthMSP'] })],
  ['EXPIRED', 'its time over', () => ({ notAfter: '2026-03-01T11:59:59.999Z' })],
  ['LIFETIME_TOO_LONG', 'more than 30 s', () => ({ notAfter: '2026-03-01T12:00:30.001Z' })],
  ['STALE', 'a block that nobody has', () => ({ ledger: tipOf(99) })],
  ['WRONG_PURPOSE', 'an emergency for TREAT', () => ({ emergency: '0'.repeat(64) })],
  [
    'EMERGENCY_INVALID',
    'an emergency that is not on the ledger',
    () => ({ emergency: '0'.repeat(64), purpose: 'ETREAT' }),
  ],
];

describe('a signed request', () => {
  it.each(refusals)('is refused %s: %s', async (code, _, alter) => {
    await refused(consortium.sign({ ...request, ...alter(request) }), code);
  });

  it('is refused on the connection of another member', async () => {
    await refused(signed, 'WRONG_MEMBER', 'AuthorityMSP');
  });

  it('is refused when person and server are of different organisations', async () => {
    const subject = { ...request.subject, mspId: 'NorthMSP' };
    await refused(consortium.sign({ ...request, subject }), 'WRONG_MEMBER');
  });

  it('is refused with a certificate that is unknown or no server’s', async () => {
    const subject = { ...request.subject, certificate: 'somebody' };
    await refused(consortium.sign({ ...request, subject }), 'UNKNOWN_IDENTITY');
    const server = { ...request.server, certificate: consortium.doctor.certificate };
    await refused(consortium.sign({ ...request, server }), 'WRONG_ROLE');
    const stolen = { ...request.server, certificate: consortium.server('NorthMSP').certificate };
    await refused(consortium.sign({ ...request, server: stolen }), 'UNKNOWN_IDENTITY');
  });

  it('is refused as a rebuild by anybody but a server', async () => {
    const { subject, assurance: _assurance, person: _person, ...rest } = request;
    const rebuild = { ...rest, kind: 'rebuild' as const, purpose: 'HOPERAT' as const, server: subject };
    await refused(consortium.sign(rebuild), 'WRONG_ROLE');
  });

  it('that names another block at a height is refused, and stops nobody else by words alone', async () => {
    const own = new Consortium();
    try {
      own.commit([laboratory]);
      const lying = own.sign(
        own.request([laboratory], readerKey, { ledger: { height: 1, headerHash: headerHashOf(7) } }),
      );
      await expect(own.custodian('NorthMSP').release(lying, 'SouthMSP')).rejects.toMatchObject({
        code: 'FORKED',
      });
      expect(own.alarms).toMatchObject([{ code: 'UNPROVED', details: { organisation: 'SouthMSP' } }]);
      const honest = own.sign(own.request([laboratory], readerKey));
      const { body } = await own.custodian('NorthMSP').release(honest, 'SouthMSP');
      expect(body).toContain('"released":[{');
    } finally {
      await own.close();
    }
  });

  it('that names another block that its organisation shows is answered by nobody, ever again', async () => {
    const own = new Consortium();
    try {
      own.commit([laboratory]);
      own.shown.set('SouthMSP 1', headerHashOf(7));
      const forked = own.sign(
        own.request([laboratory], readerKey, { ledger: { height: 1, headerHash: headerHashOf(7) } }),
      );
      await expect(own.custodian('NorthMSP').release(forked, 'SouthMSP')).rejects.toMatchObject({
        code: 'FORKED',
      });
      expect(own.alarms).toMatchObject([{ code: 'FORK', details: { organisation: 'SouthMSP', height: 1 } }]);
      const honest = own.sign(own.request([laboratory], readerKey));
      await expect(own.custodian('NorthMSP').release(honest, 'SouthMSP')).rejects.toMatchObject({
        code: 'FORKED',
      });
      expect((await own.custodian('AuthorityMSP').release(honest, 'SouthMSP')).body).toContain(
        '"released":[{',
      );
    } finally {
      await own.close();
    }
  });
});

describe('the format of a request', () => {
  const malformed: readonly [string, unknown][] = [
    ['no JSON', '{'],
    ['a member too many', { extra: 1 }],
    ['an unknown kind', { kind: 'write' }],
    ['no records', { records: [] }],
    ['a record twice', { records: [1, 2].map(() => ({ recordId: recordIdOf(1), version: 1 })) }],
    [
      'too many records',
      { records: Array.from({ length: 1_001 }, (_, i) => ({ recordId: recordIdOf(i), version: 1 })) },
    ],
    ['custodians not sorted', { custodians: ['SouthMSP', 'NorthMSP'] }],
    ['an unknown purpose', { purpose: 'FUN' }],
    ['a name for a person', { person: 'Maria' }],
    ['a short key', { readerKey: 'AAAA' }],
  ];
  it.each(malformed)('is refused with %s', (_, change) => {
    const body = typeof change === 'string' ? change : canonical({ ...request, ...(change as object) });
    expect(() => parseRequest({ ...signed, body })).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
  });

  it('is refused unless it is canonical', () => {
    const { person, ...rest } = request;
    const body = JSON.stringify({ person, ...rest });
    expect(() => parseRequest({ ...signed, body })).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
    expect(() => parseRequest({ ...signed, body: ' '.repeat(600_000) })).toThrow(
      expect.objectContaining({ code: 'TOO_LARGE' }),
    );
  });

  it('is refused before it is signed', () => {
    const signers = { server: consortium.server('SouthMSP').signer };
    expect(() => signRequest(request, signers)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
    expect(() => consortium.sign({ ...request, custodians: [] })).toThrow(
      expect.objectContaining({ code: 'MALFORMED' }),
    );
  });
});

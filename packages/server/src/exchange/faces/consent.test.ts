import type { GrantNode } from '@healthchain/contracts';
import { CATEGORIES, PURPOSES, RIGHTS, ROLES, SENSITIVITIES, type Category } from '@healthchain/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ExactResource } from '../../ports.ts';
import { consentOf } from './consent-read.ts';
import { grantOf, readConsent, type ConsentNames } from './consent-write.ts';

const PERSON = '0'.repeat(31) + '1';
const AT = new Date('2026-03-01T10:00:00.000Z');
const names: ConsentNames = {
  person: () => Promise.resolve(PERSON),
  directory: () => undefined,
};

const id = fc.uuid();
const hex = fc.uuid().map((text) => text.replaceAll('-', ''));
const instant = fc
  .date({ min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString());
const subset = <Value>(values: readonly Value[], minLength: number) =>
  fc.subarray([...values], { minLength });
const mspId = fc.constantFrom('NorthMSP', 'SouthMSP');
const grantee = fc.oneof(
  fc.record({ kind: fc.constant('person' as const), mspId, userId: hex }),
  fc.record({ kind: fc.constant('role' as const), mspId, role: fc.constantFrom(...ROLES) }),
  fc.record({ kind: fc.constant('organisation' as const), mspId }),
);
const exception = fc
  .record(
    {
      categories: subset(CATEGORIES, 1),
      sensitivities: subset(SENSITIVITIES, 1),
      purposes: subset(PURPOSES, 1),
      grantee,
      start: instant,
      end: instant,
    },
    { requiredKeys: [] },
  )
  .filter((each) => Object.keys(each).length > 0);
const node = fc
  .record(
    {
      grantId: id,
      personId: fc.constant(PERSON),
      effect: fc.constantFrom('permit' as const, 'deny' as const),
      grantor: fc.record({ mspId, userId: hex, role: fc.constant('patient' as const) }),
      grantee,
      rights: subset(RIGHTS, 1),
      categories: fc.oneof(fc.constant('*' as const), subset<Category>(CATEGORIES, 1)),
      sensitivities: subset(SENSITIVITIES, 0),
      purposes: subset(PURPOSES, 1),
      start: instant,
      end: instant,
      parent: id,
      exceptions: fc.array(exception, { maxLength: 3 }),
    },
    {
      requiredKeys: [
        'grantId',
        'personId',
        'effect',
        'grantor',
        'grantee',
        'rights',
        'categories',
        'sensitivities',
        'purposes',
        'start',
        'exceptions',
      ],
    },
  )
  .map((terms): GrantNode => ({ ...terms, depth: 0, at: AT.toISOString(), transactionId: 'f'.repeat(64) }));

describe('Consent and the node of the tree', () => {
  test('a shown node, read again, asks for exactly itself', async () => {
    await fc.assert(
      fc.asyncProperty(node, async (grant) => {
        const shown = consentOf(grant, { reference: 'Patient/1' });
        const argument = await grantOf(readConsent(shown.resource), grant.grantId, names, AT);
        const { grantor: _grantor, depth: _depth, at: _at, transactionId: _transaction, ...asked } = grant;
        expect({ ...argument, rights: [...argument.rights].sort() }).toEqual({
          ...asked,
          rights: [...asked.rights].sort(),
        });
      }),
    );
  });

  test('a revoked node is inactive and its second version', () => {
    fc.assert(
      fc.property(node, (grant) => {
        const revoked = { ...grant, revoked: { by: grant.grantor, at: '2026-03-02T10:00:00.000Z' } };
        const shown = consentOf(revoked, { reference: 'Patient/1' });
        expect(shown).toMatchObject({
          versionId: '2',
          lastUpdated: '2026-03-02T10:00:00.000Z',
          resource: { status: 'inactive' },
        });
      }),
      { numRuns: 20 },
    );
  });

  const valid: ExactResource = {
    resourceType: 'Consent',
    status: 'active',
    scope: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }],
    },
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
    patient: { reference: 'Patient/1' },
    provision: {
      type: 'permit',
      period: { start: '2026-03-01', end: '2026-03-01' },
      actor: [
        {
          role: {
            coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }],
          },
          reference: { identifier: { system: 'urn:healthchain:organisation', value: 'SouthMSP' } },
        },
      ],
      action: [
        { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentaction', code: 'access' }] },
      ],
      purpose: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'TREAT' }],
    },
  };
  const provision = valid['provision'] as ExactResource;

  test('a period of one date covers that day', async () => {
    const argument = await grantOf(readConsent(valid), 'g', names, AT);
    expect([argument.start, argument.end]).toEqual(['2026-03-01T00:00:00.000Z', '2026-03-02T00:00:00.000Z']);
  });

  test.each([
    ['Consent.verification', { ...valid, verification: [{ verified: true }] }],
    ['Consent.text', { ...valid, text: { status: 'generated' } }],
    ['Consent.provision.data', { ...valid, provision: { ...provision, data: [] } }],
    ['Consent.provision.code', { ...valid, provision: { ...provision, code: [] } }],
    ['Consent.provision.purpose', { ...valid, provision: { ...provision, purpose: undefined } }],
    [
      'Consent.provision.purpose[0].code',
      {
        ...valid,
        provision: {
          ...provision,
          purpose: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'HMARKT' }],
        },
      },
    ],
    ['Consent.status', { ...valid, status: 'proposed' }],
    ['Consent.provision.actor', { ...valid, provision: { ...provision, actor: [] } }],
  ])('%s is refused by its name', (expression, resource) => {
    expect(() => readConsent(resource as unknown as ExactResource)).toThrow(
      expect.objectContaining({ code: 'INVALID', details: { expression } }),
    );
  });

  test('a nested provision of the same type is no exception', async () => {
    const same = {
      ...valid,
      provision: {
        ...provision,
        provision: [{ type: 'permit', class: [{ system: 'urn:healthchain:category', code: 'imaging' }] }],
      },
    };
    await expect(
      grantOf(readConsent(same as unknown as ExactResource), 'g', names, AT),
    ).rejects.toMatchObject({
      details: { expression: 'Consent.provision.provision[0].type' },
    });
  });
});

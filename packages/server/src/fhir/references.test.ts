import { describe, expect, it } from 'vitest';
import { localReference, referencesIn, rewriteLinks } from './references.ts';

describe('references', () => {
  it('parses what every server resolves and nothing else', () => {
    expect(localReference('Patient/a')).toEqual({ type: 'Patient', id: 'a' });
    expect(localReference('http://n/fhir/Patient/a/_history/3', ['http://n/fhir'])).toEqual({
      type: 'Patient',
      id: 'a',
      version: '3',
    });
    for (const text of [
      'Patient',
      'Patient/',
      '#a',
      'urn:uuid:a',
      'http://n/fhir/Patient/a',
      'patient/a',
      'Patient/a/b',
      'Patient?x=1',
      'http://n/fhirPatient/a',
    ]) {
      expect(localReference(text, ['http://n/other'])).toBeUndefined();
    }
  });

  it('rewrites references and links, contained ones included, and nothing that only looks like one', () => {
    const link = 'urn:uuid:1';
    const resource = {
      resourceType: 'DocumentReference',
      identifier: [{ value: link }],
      description: link,
      subject: { reference: link, display: link },
      contained: [{ resourceType: 'Coverage', beneficiary: { reference: link } }],
      content: [{ attachment: { url: link } }],
      extension: [{ url: 'http://example.org/x', valueUri: link }],
    };
    const rewritten = rewriteLinks(resource, (text) => (text === link ? 'Patient/p' : undefined));
    expect(rewritten).toEqual({
      resourceType: 'DocumentReference',
      identifier: [{ value: link }],
      description: link,
      subject: { reference: 'Patient/p', display: link },
      contained: [{ resourceType: 'Coverage', beneficiary: { reference: 'Patient/p' } }],
      content: [{ attachment: { url: 'Patient/p' } }],
      extension: [{ url: 'http://example.org/x', valueUri: 'Patient/p' }],
    });
    expect(referencesIn(rewritten)).toEqual(['Patient/p', 'Patient/p']);
  });
});

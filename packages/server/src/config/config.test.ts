import { describe, expect, it } from 'vitest';
import { type ConfigError, configWarnings, fhirBase, parseConfig } from './config.ts';

const good = {
  organisation: { mspId: 'NorthMSP', kind: 'hospital', name: 'North Hospital' },
  directory: './data/north',
  http: { port: 8081, publicUrl: 'http://127.0.0.1:8081' },
  custody: { port: 9081 },
  channels: [{ name: 'care', members: ['NorthMSP', 'SouthMSP'] }],
  members: [
    {
      mspId: 'NorthMSP',
      kind: 'hospital',
      fhirBase: 'http://127.0.0.1:8081/fhir',
      custodyUrl: 'https://127.0.0.1:9081',
    },
    {
      mspId: 'SouthMSP',
      kind: 'hospital',
      fhirBase: 'http://127.0.0.1:8082/fhir',
      custodyUrl: 'https://127.0.0.1:9082',
    },
  ],
};

const complaintAbout = (raw: unknown): string => {
  try {
    parseConfig(raw);
    return 'none';
  } catch (error) {
    return `${(error as ConfigError).code} ${(error as ConfigError).message}`;
  }
};

describe('configuration', () => {
  it('fills in defaults and knows the FHIR base', () => {
    const config = parseConfig(good);
    expect(config.http).toMatchObject({
      host: '127.0.0.1',
      maxBodyBytes: 20 * 1024 * 1024,
      refusalSlotMs: 100,
    });
    expect(fhirBase(config)).toBe('http://127.0.0.1:8081/fhir');
    expect(configWarnings(config)).toHaveLength(1);
  });

  const bad: readonly (readonly [string, object, string])[] = [
    ['an unknown option', { ...good, colour: 'red' }, 'INVALID_OPTION configuration: '],
    ['a missing option', { ...good, directory: undefined }, 'INVALID_OPTION directory: '],
    [
      'an unknown kind',
      { ...good, organisation: { ...good.organisation, kind: 'shop' } },
      'INVALID_OPTION organisation.kind: ',
    ],
    [
      'a slash at the end',
      { ...good, http: { ...good.http, publicUrl: 'http://a/' } },
      'INVALID_OPTION http.publicUrl: ',
    ],
    [
      'plain HTTP beyond this machine',
      { ...good, http: { ...good.http, host: '0.0.0.0' } },
      'CONTRADICTION http.tls: ',
    ],
    [
      'TLS under an http URL',
      { ...good, http: { ...good.http, tls: { certificateFile: 'a', keyFile: 'b' } } },
      'CONTRADICTION http.publicUrl: ',
    ],
    ['one port for two', { ...good, custody: { port: 8081 } }, 'CONTRADICTION custody.port: '],
    [
      'no entry for itself',
      { ...good, members: [good.members[1]], channels: [{ name: 'care', members: ['NorthMSP'] }] },
      'CONTRADICTION members: ',
    ],
    [
      'another kind in its entry',
      { ...good, organisation: { ...good.organisation, kind: 'insurer' } },
      'CONTRADICTION organisation.kind: ',
    ],
    [
      'another base in its entry',
      { ...good, http: { ...good.http, publicUrl: 'http://127.0.0.1:1' } },
      'CONTRADICTION members: ',
    ],
    ['a member twice', { ...good, members: [...good.members, good.members[1]] }, 'CONTRADICTION members: '],
    [
      'a channel without itself',
      { ...good, channels: [{ name: 'care', members: ['SouthMSP'] }] },
      'CONTRADICTION channels[0].members: ',
    ],
    [
      'a channel of strangers',
      { ...good, channels: [{ name: 'care', members: ['NorthMSP', 'EastMSP'] }] },
      'CONTRADICTION channels: ',
    ],
    [
      'a channel twice',
      { ...good, channels: [good.channels[0], good.channels[0]] },
      'CONTRADICTION channels: ',
    ],
  ];
  it.each(bad)('refuses %s', (_name, raw, complaint) => {
    expect(complaintAbout(raw).slice(0, complaint.length)).toBe(complaint);
  });
});

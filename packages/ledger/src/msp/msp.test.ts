import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { utf8 } from '@healthchain/core';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  certificateAttributes,
  createAuthority,
  createIdentityManager,
  createRevocationList,
  decodePrincipal,
  encodeIdentityPrincipal,
  encodeMspConfig,
  encodeRolePrincipal,
  issueIdentity,
  issueTls,
  serializeIdentity,
  type CertificateAuthority,
  type IdentityManager,
  type NodeRole,
} from './index.ts';

const VALID = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2036-01-01T00:00:00Z') };
const ROLES: readonly NodeRole[] = ['client', 'peer', 'admin', 'orderer'];
const cryptogen = JSON.parse(
  readFileSync(new URL('cryptogen.fixture.json', import.meta.url), 'utf8'),
) as Record<'ca' | 'tlsca' | 'peer' | 'admin' | 'client', string>;

let north: CertificateAuthority;
let south: CertificateAuthority;
let manager: IdentityManager;

const issue = (ou: NodeRole, authority = north, attributes = {}) =>
  issueIdentity(authority, { commonName: `${ou}0`, ou, attributes, ...VALID });
const managerOf = (revocationLists: readonly Uint8Array[] = [], root = north) =>
  createIdentityManager([
    encodeMspConfig({
      mspId: 'NorthMSP',
      rootCerts: [root.certificate],
      tlsRootCerts: [root.certificate],
      revocationLists,
    }),
    encodeMspConfig({ mspId: 'SouthMSP', rootCerts: [south.certificate], tlsRootCerts: [south.certificate] }),
  ]);

beforeAll(async () => {
  north = await createAuthority({ commonName: 'ca.north.test', organization: 'north.test', ...VALID });
  south = await createAuthority({ commonName: 'ca.south.test', organization: 'south.test', ...VALID });
  manager = managerOf();
});

describe('certificates', () => {
  test('are what OpenSSL reads and verifies', async () => {
    const { certificate } = await issueTls(north, {
      commonName: 'peer0',
      hosts: ['peer0.north.test', '127.0.0.1'],
      ...VALID,
    });
    const parsed = new X509Certificate(certificate);
    expect(parsed.verify(new X509Certificate(north.certificate).publicKey)).toBe(true);
    expect(parsed.subjectAltName).toBe('DNS:peer0.north.test, IP Address:127.0.0.1');
    expect(parsed.checkIssued(new X509Certificate(north.certificate))).toBe(true);
    expect(parsed.validFromDate).toEqual(VALID.notBefore);
    expect(new X509Certificate(north.certificate).ca).toBe(true);
  });

  test("carry Fabric CA's attributes", async () => {
    const { certificate } = await issue('client', north, { role: 'doctor', userId: 'ab' });
    expect(certificateAttributes(certificate)).toEqual({ role: 'doctor', userId: 'ab' });
    expect(certificateAttributes((await issue('peer')).certificate)).toEqual({});
  });

  test('reach past 2049', async () => {
    const far = { notBefore: VALID.notBefore, notAfter: new Date('2061-07-01T00:00:00Z') };
    const authority = await createAuthority({ commonName: 'ca', organization: 'o', ...far });
    expect(new X509Certificate(authority.certificate).validToDate).toEqual(far.notAfter);
  });
});

describe('membership', () => {
  test.each(ROLES)('a %s is a member and has this role only', async (ou) => {
    const identity = manager.deserialize(serializeIdentity('NorthMSP', (await issue(ou)).certificate));
    manager.validate(identity);
    const held = (['member', ...ROLES] as const).filter((role) =>
      manager.satisfies(identity, decodePrincipal(encodeRolePrincipal('NorthMSP', role))),
    );
    expect(held).toEqual(['member', ou]);
    expect(manager.satisfies(identity, decodePrincipal(encodeRolePrincipal('SouthMSP', 'member')))).toBe(
      false,
    );
  });

  test('a certificate of another organisation is refused, whatever it calls itself', async () => {
    const { certificate } = await issue('peer', south);
    expect(() => manager.deserialize(serializeIdentity('NorthMSP', certificate))).toThrowError(/no chain/);
    expect(() => manager.deserialize(serializeIdentity('EastMSP', certificate))).toThrowError(
      /No organisation/,
    );
  });

  test('a forged issuer name does not help', async () => {
    const forger = await createAuthority({
      commonName: 'ca.north.test',
      organization: 'north.test',
      ...VALID,
    });
    const { certificate } = await issue('admin', forger);
    expect(() => manager.deserialize(serializeIdentity('NorthMSP', certificate))).toThrowError(/no chain/);
  });

  test('a certificate without one of the four roles is no member', async () => {
    const { certificate } = await issueTls(north, { commonName: 'x', hosts: ['x'], ...VALID });
    const identity = manager.deserialize(serializeIdentity('NorthMSP', certificate));
    expect(() => manager.validate(identity)).toThrowError(/exactly one/);
    expect(manager.satisfies(identity, decodePrincipal(encodeRolePrincipal('NorthMSP', 'member')))).toBe(
      false,
    );
  });

  test('an authority is no member', () => {
    const identity = manager.deserialize(serializeIdentity('NorthMSP', north.certificate));
    expect(() => manager.validate(identity)).toThrowError(/authority/);
  });

  test('expiry counts only where a time is given', async () => {
    const identity = manager.deserialize(serializeIdentity('NorthMSP', (await issue('client')).certificate));
    manager.validate(identity);
    manager.validate(identity, new Date('2030-01-01T00:00:00Z'));
    expect(() => manager.validate(identity, new Date('2036-01-01T00:00:01Z'))).toThrowError(/expired/);
  });

  test('a revoked certificate is refused, its neighbour is not', async () => {
    const [revoked, other] = [await issue('client'), await issue('client')];
    const list = await createRevocationList(north, {
      certificates: [revoked.certificate],
      at: VALID.notBefore,
    });
    const after = managerOf([list]);
    expect(() =>
      after.validate(after.deserialize(serializeIdentity('NorthMSP', revoked.certificate))),
    ).toThrowError(/revoked/);
    after.validate(after.deserialize(serializeIdentity('NorthMSP', other.certificate)));
  });

  test('a list that another authority signed revokes nothing', async () => {
    const { certificate } = await issue('client');
    const forger = { certificate: north.certificate, privateKey: south.privateKey };
    const after = managerOf([
      await createRevocationList(forger, { certificates: [certificate], at: VALID.notBefore }),
    ]);
    after.validate(after.deserialize(serializeIdentity('NorthMSP', certificate)));
  });

  test('an identity principal asks for that certificate', async () => {
    const [one, two] = [await issue('orderer'), await issue('orderer')].map(({ certificate }) =>
      serializeIdentity('NorthMSP', certificate),
    ) as [Uint8Array, Uint8Array];
    const principal = decodePrincipal(encodeIdentityPrincipal(one));
    expect(manager.satisfies(manager.deserialize(one), principal)).toBe(true);
    expect(manager.satisfies(manager.deserialize(two), principal)).toBe(false);
  });

  test.each([utf8('junk'), serializeIdentity('NorthMSP', 'junk'), new Uint8Array()])(
    'junk is refused',
    (bytes) => {
      expect(() => manager.deserialize(bytes)).toThrowError(
        expect.objectContaining({ code: 'IDENTITY_REFUSED' }),
      );
    },
  );
});

describe('an organisation made by cryptogen', () => {
  test('has members, whose identifiers do not depend on the form of a signature', () => {
    const theirs = createIdentityManager([
      encodeMspConfig({ mspId: 'NorthMSP', rootCerts: [cryptogen.ca], tlsRootCerts: [cryptogen.tlsca] }),
    ]);
    for (const role of ['peer', 'admin', 'client'] as const) {
      const identity = theirs.deserialize(serializeIdentity('NorthMSP', cryptogen[role]));
      theirs.validate(identity);
      expect(theirs.satisfies(identity, decodePrincipal(encodeRolePrincipal('NorthMSP', role)))).toBe(true);
    }
    const ca = theirs.deserialize(serializeIdentity('NorthMSP', cryptogen.ca));
    expect(Buffer.from(ca.der).equals(new X509Certificate(cryptogen.ca).raw)).toBe(false);
  });
});

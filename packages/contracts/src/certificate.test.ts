import { utf8, type Role } from '@healthchain/core';
import { ClientIdentity, type ChaincodeStub } from 'fabric-shim';
import { describe, expect, it } from 'vitest';
import { signerOf } from './certificate.ts';
import { certificateWith } from './testing/certificate.ts';

const userId = '00112233445566778899aabbccddeeff';
const code = (expected: string) => expect.objectContaining({ code: expected });

/** Made by OpenSSL 3 with the extension that Fabric CA writes. */
const OPENSSL = `-----BEGIN CERTIFICATE-----
MIICSzCCAfCgAwIBAgIUCtM19NPgcaQTNXvAGW9K6qKEZlgwCgYIKoZIzj0EAwIw
PDEPMA0GA1UECwwGY2xpZW50MSkwJwYDVQQDDCAwMDExMjIzMzQ0NTU2Njc3ODg5
OWFhYmJjY2RkZWVmZjAgFw0yNjExMjEwODM3NThaGA8yMTI2MTAyODA4Mzc1OFow
PDEPMA0GA1UECwwGY2xpZW50MSkwJwYDVQQDDCAwMDExMjIzMzQ0NTU2Njc3ODg5
OWFhYmJjY2RkZWVmZjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLYnw8fB3UEC
RFoTT4J+n/g7R4v5ClAqOBqfKg7MNajK4NLe0DDP/hB3yW8TB6MqLRaPMonZ7ttf
GG22n8kUFhqjgc0wgcowHQYDVR0OBBYEFPAz4WdIzgiwdQ7XtvQaDCIyt3D8MB8G
A1UdIwQYMBaAFPAz4WdIzgiwdQ7XtvQaDCIyt3D8MA8GA1UdEwEB/wQFMAMBAf8w
DgYDVR0PAQH/BAQDAgeAMGcGCCoDBAUGBwgBBFt7ImF0dHJzIjp7InJvbGUiOiJk
b2N0b3IiLCJ1c2VySWQiOiIwMDExMjIzMzQ0NTU2Njc3ODg5OWFhYmJjY2RkZWVm
ZiIsImhmLkFmZmlsaWF0aW9uIjoiIn19MAoGCCqGSM49BAMCA0kAMEYCIQCxpTXZ
nMQsdVfyovZvKF2tqjZOWEyFhK+7tucY1J5hqQIhALmQaCo/WCOaE6ysS8YcX97Y
Ch4ACde2W3pjkcQ5AETz
-----END CERTIFICATE-----
`;

describe('the signer', () => {
  it('is read from a real certificate as ClientIdentity of fabric-shim reads it', () => {
    const creator = { mspid: 'NorthMSP', idBytes: utf8(OPENSSL) };
    const signer = signerOf(creator);
    expect(signer).toEqual({ mspId: 'NorthMSP', role: 'doctor', userId });
    const stub = { getCreator: () => creator, getChannelID: () => 'care', getTxID: () => '0'.repeat(64) };
    const identity = new ClientIdentity(stub as unknown as ChaincodeStub);
    expect(identity.getMSPID()).toBe(signer.mspId);
    expect(identity.getAttributeValue('role')).toBe(signer.role);
    expect(identity.getAttributeValue('userId')).toBe(signer.userId);
  });

  it.each<[string, Uint8Array]>([
    ['no attributes', certificateWith({})],
    ['an unknown role', certificateWith({ role: 'surgeon', userId })],
    ['no user id', certificateWith({ role: 'doctor' })],
    ['a name for a user id', certificateWith({ role: 'doctor', userId: 'alice' })],
    ['no certificate', utf8('alice')],
    ['bytes that are no text', Uint8Array.of(0xff, 0xfe)],
    ['a cut certificate', cut(certificateWith({ role: 'doctor', userId }))],
  ])('is refused with %s', (_, idBytes) => {
    expect(() => signerOf({ mspid: 'NorthMSP', idBytes })).toThrow(code('BAD_CERTIFICATE'));
  });

  it('never comes from an attribute of another name', () => {
    const role: Role = 'doctor';
    expect(() =>
      signerOf({ mspid: 'NorthMSP', idBytes: certificateWith({ 'hf.role': role, userId }) }),
    ).toThrow(code('BAD_CERTIFICATE'));
  });
});

function cut(pem: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(pem).split('\n');
  return utf8([...text.slice(0, -4), ...text.slice(-2)].join('\n'));
}

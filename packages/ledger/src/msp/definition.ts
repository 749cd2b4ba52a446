import { utf8, type Bytes } from '@healthchain/core';
import { msp } from '@hyperledger/fabric-protos';
import { LedgerError } from '../error.ts';
import { WireReader } from '../wire/index.ts';
import type { NodeRole } from './types.ts';

/** What an organisation's FabricMSPConfig says, as this program writes it: one root, NodeOUs enabled. */
export interface MspDefinition {
  readonly mspId: string;
  /** PEM */
  readonly rootCerts: readonly string[];
  readonly tlsRootCerts: readonly string[];
  readonly admins?: readonly string[];
  /** DER */
  readonly revocationLists?: readonly Uint8Array[];
}

export type FabricMspConfig = InstanceType<typeof msp.FabricMSPConfig>;

const FABRIC = 0;

/** An MSPConfig message of type FABRIC, byte for byte as configtxgen makes it from an MSP folder with NodeOUs. */
export function encodeMspConfig(definition: MspDefinition): Bytes {
  const config = new msp.FabricMSPConfig();
  config.setName(definition.mspId);
  config.setRootCertsList(definition.rootCerts.map(utf8));
  config.setTlsRootCertsList(definition.tlsRootCerts.map(utf8));
  config.setAdminsList((definition.admins ?? []).map(utf8));
  config.setRevocationListList([...(definition.revocationLists ?? [])]);
  config.setCryptoConfig(cryptoConfig());
  config.setFabricNodeOus(nodeOus(definition.rootCerts[0] ?? ''));
  return wrapMspConfig(config);
}

/** @throws LedgerError BAD_CONFIG */
export function decodeMspConfig(bytes: Uint8Array): FabricMspConfig {
  try {
    const outer = msp.MSPConfig.deserializeBinary(bytes);
    if (outer.getType() !== FABRIC)
      throw new LedgerError('BAD_CONFIG', `MSPs of type ${outer.getType()} are not supported`);
    return msp.FabricMSPConfig.deserializeBinary(outer.getConfig_asU8());
  } catch (cause) {
    if (cause instanceof LedgerError) throw cause;
    throw new LedgerError('BAD_CONFIG', 'An MSP configuration cannot be decoded', { cause });
  }
}

export function wrapMspConfig(config: FabricMspConfig): Bytes {
  const outer = new msp.MSPConfig();
  outer.setType(FABRIC);
  outer.setConfig(config.serializeBinary());
  return new Uint8Array(outer.serializeBinary());
}

export function serializeIdentity(mspId: string, certificatePem: string): Bytes {
  const identity = new msp.SerializedIdentity();
  identity.setMspid(mspId);
  identity.setIdBytes(utf8(certificatePem));
  return new Uint8Array(identity.serializeBinary());
}

/** @throws LedgerError MALFORMED */
export function parseSerializedIdentity(serialized: Uint8Array): {
  readonly mspId: string;
  readonly certificate: string;
} {
  let mspId = '';
  let certificate = '';
  const reader = new WireReader(serialized);
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) mspId = reader.string();
    else if (reader.field === 2 && reader.wireType === 2)
      certificate = Buffer.from(reader.bytes()).toString('latin1');
    else reader.skip();
  }
  return { mspId, certificate };
}

function cryptoConfig(): InstanceType<typeof msp.FabricCryptoConfig> {
  const config = new msp.FabricCryptoConfig();
  config.setSignatureHashFamily('SHA2');
  config.setIdentityIdentifierHashFunction('SHA256');
  return config;
}

function nodeOus(rootCert: string): InstanceType<typeof msp.FabricNodeOUs> {
  const unit = (role: NodeRole): InstanceType<typeof msp.FabricOUIdentifier> => {
    const identifier = new msp.FabricOUIdentifier();
    identifier.setCertificate(utf8(rootCert));
    identifier.setOrganizationalUnitIdentifier(role);
    return identifier;
  };
  const units = new msp.FabricNodeOUs();
  units.setEnable(true);
  units.setClientOuIdentifier(unit('client'));
  units.setPeerOuIdentifier(unit('peer'));
  units.setAdminOuIdentifier(unit('admin'));
  units.setOrdererOuIdentifier(unit('orderer'));
  return units;
}

import { X509Certificate } from 'node:crypto';
import { common, orderer } from '@hyperledger/fabric-protos';
import { configEdits } from '../src/config/index.ts';
import type { Consenter } from '../src/config/index.ts';
import { decodeConsenters, KEY } from '../src/config/values.ts';
import { encodeMspConfig, issueTls } from '../src/msp/index.ts';
import type { CertificateAuthority } from '../src/msp/index.ts';
import { WireWriter } from '../src/wire/index.ts';
import { groupAt } from './configuration.ts';
import { foreignAuthority, memberOf } from './identities.ts';
import type { Signing } from './target.ts';

const GUEST_MSP = 'GuestMSP';
const HOST = 'orderer0.guest.test';
const PORT = 7050;

type Edit = (config: Uint8Array) => Uint8Array;

/** An organisation that the network does not know, and the edits of a configuration by which it joins a channel. */
export interface Guest {
  readonly client: Signing;
  readonly joins: Edit;
  readonly leaves: Edit;
  /** It joins the orderers with one consenter, which does not run. */
  readonly orders: Edit;
}

export async function inviteGuest(): Promise<Guest> {
  const authority = await foreignAuthority(new Date(Date.now() - 60_000));
  const certificates = [authority.certificate];
  const organisation = {
    name: GUEST_MSP,
    mspId: GUEST_MSP,
    mspConfig: encodeMspConfig({ mspId: GUEST_MSP, rootCerts: certificates, tlsRootCerts: certificates }),
    ordererEndpoints: [`${HOST}:${PORT}`],
  };
  const consenter = await consenterOf(authority);
  return {
    client: await memberOf(authority, GUEST_MSP, 'client'),
    joins: (config) => configEdits.addApplicationOrganisation(config, organisation),
    leaves: (config) => configEdits.removeApplicationOrganisation(config, GUEST_MSP),
    orders: (config) => withConsenter(configEdits.addOrdererOrganisation(config, organisation), consenter),
  };
}

async function consenterOf(authority: CertificateAuthority): Promise<Omit<Consenter, 'id'>> {
  const { validFromDate, validToDate } = new X509Certificate(authority.certificate);
  const tls = await issueTls(authority, {
    commonName: HOST,
    hosts: [HOST],
    notBefore: validFromDate,
    notAfter: validToDate,
  });
  const { certificate } = await memberOf(authority, GUEST_MSP, 'orderer');
  const tlsCertificates = { clientTlsCert: tls.certificate, serverTlsCert: tls.certificate };
  return { mspId: GUEST_MSP, host: HOST, port: PORT, identity: certificate, ...tlsCertificates };
}

/** BFT has its consenters in a value of their own, Raft in the metadata of the consensus. */
function withConsenter(bytes: Uint8Array, consenter: Omit<Consenter, 'id'>): Uint8Array {
  const config = common.Config.deserializeBinary(bytes);
  const values = groupAt(config, 'Orderer').getValuesMap();
  const consenters = decodeConsenters(values.get(KEY.orderers)?.getValue_asU8());
  if (consenters.length > 0) {
    const id = Math.max(...consenters.map((each) => each.id)) + 1;
    return configEdits.setConsenters(bytes, [...consenters, { id, ...consenter }]);
  }
  const value = values.get(KEY.consensusType);
  const type = orderer.ConsensusType.deserializeBinary(value?.getValue_asU8() ?? new Uint8Array());
  type.setMetadata(Buffer.concat([type.getMetadata_asU8(), raftConsenter(consenter)]));
  value?.setValue(type.serializeBinary());
  return config.serializeBinary();
}

/** etcdraft.ConfigMetadata with this consenter alone: appended to another one it adds it. */
function raftConsenter({ host, port, clientTlsCert, serverTlsCert }: Omit<Consenter, 'id'>): Uint8Array {
  const consenter = new WireWriter().string(1, host).uint(2, port).string(3, clientTlsCert);
  return new WireWriter().present(1, consenter.string(4, serverTlsCert).finish()).finish();
}

import * as grpc from '@grpc/grpc-js';
import { connect, GatewayError, hash } from '@hyperledger/fabric-gateway';
import type { Gateway } from '@hyperledger/fabric-gateway';
import { nativeSigner } from '../crypto/index.ts';
import { FabricError } from './errors.ts';
import type { FabricChannel, Layout, PeerNode } from './layout.ts';
import { peerOf } from './node-environment.ts';
import type { OrganisationMaterial } from './material.ts';
import type { Processes } from './processes.ts';

/** Fabric's own limit for one message, in both directions. */
const MAX_MESSAGE_BYTES = 100 * 1024 * 1024;
const READY_LIMIT_MS = 60_000;
const PROBE_MS = 5_000;

/** A TLS client of the peer; the certificate is checked against the peer's name, not against its address. */
export function peerClient(peer: PeerNode, material: readonly OrganisationMaterial[]): grpc.Client {
  const { tlsAuthority } = materialOf(material, peer.organisation.mspId);
  return new grpc.Client(
    `127.0.0.1:${peer.port}`,
    grpc.credentials.createSsl(Buffer.from(tlsAuthority.certificate)),
    {
      'grpc.ssl_target_name_override': peer.id,
      'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
      'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
    },
  );
}

function materialOf(material: readonly OrganisationMaterial[], mspId: string): OrganisationMaterial {
  const found = material.find(({ organisation }) => organisation.mspId === mspId);
  if (found === undefined) throw new FabricError('FABRIC_DEFINITION', `there is no organisation ${mspId}`);
  return found;
}

/** Who the peers of a network are asked as, and where. */
export interface Reachable {
  readonly layout: Layout;
  readonly material: readonly OrganisationMaterial[];
  readonly processes: Processes;
  client(mspId: string): grpc.Client;
}

/**
 * Waits until the gateway of the organisation's peer gets an answer from the peers of all members for every contract: gossip
 * has then told it who has what. The probe is a proposal that is never submitted.
 */
export async function untilDiscovered(network: Reachable, mspId: string): Promise<void> {
  const { id } = peerOf(network.layout, mspId);
  const { admin } = materialOf(network.material, mspId);
  const gateway = connect({
    client: network.client(mspId),
    identity: { mspId, credentials: Buffer.from(admin.certificate) },
    signer: nativeSigner(admin.privateKey),
    hash: hash.none,
    endorseOptions: () => ({ deadline: Date.now() + PROBE_MS }),
  });
  const channels = network.layout.definition.channels.filter(({ members }) => members.includes(mspId));
  await network.processes.until(`${id} finding the other peers`, [id], READY_LIMIT_MS, async () => {
    const found = await Promise.all(channels.map((channel) => answersEverywhere(gateway, channel)));
    return found.every(Boolean);
  });
}

async function answersEverywhere(
  gateway: Gateway,
  { name, members, contracts }: FabricChannel,
): Promise<boolean> {
  const network = gateway.getNetwork(name);
  const probes = contracts.map(async (contract) => {
    const proposal = network
      .getContract(contract.name)
      .newProposal('', { endorsingOrganizations: [...members] });
    return proposal.endorse().then(
      () => true,
      (error: unknown) => refusedByAll(error, members.length),
    );
  });
  return (await Promise.all(probes)).every(Boolean);
}

/** A contract that refuses the probe has answered. */
function refusedByAll(error: unknown, members: number): boolean {
  if (!(error instanceof GatewayError)) throw error;
  const refusals = error.details.filter(({ message }) => message.startsWith('chaincode response'));
  return refusals.length === members;
}

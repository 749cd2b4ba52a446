import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, hash, type Gateway } from '@hyperledger/fabric-gateway';
import { createNetwork, enroll, nativeSigner, startEngine, type Engine } from '@healthchain/ledger';

export const MEMBERS = ['NorthMSP', 'SouthMSP', 'AuthorityMSP', 'AcmeMSP'] as const;
type MspId = (typeof MEMBERS)[number];
/** Peers that have to endorse. */
export const ENDORSERS = 2;

/** A certificate of an organisation's CA and its key. */
export interface Identity {
  readonly mspId: string;
  readonly certificate: string;
  readonly privateKey: string;
}

export interface Enrolment {
  readonly mspId: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly notAfter?: Date;
}

/** Peers, orderers and CAs of four organisations with the contracts on every channel, and no server. */
export interface ContractNetwork {
  readonly engine: Engine;
  enroll(enrolment: Enrolment): Promise<Identity>;
  /** fabric-gateway at the peer of an organisation, the identity's own unless said. */
  gateway(identity: Identity, at?: MspId): Gateway;
  close(): Promise<void>;
}

const DEADLINE_MS = 20_000;
const CONTRACT = 'health';
const organisations = MEMBERS.map((mspId) => {
  const name = mspId.replace('MSP', '').toLowerCase();
  return { name, mspId, domain: `${name}.test`, peers: 1, orderers: 1 };
});

export async function startContractNetwork(channels: readonly string[]): Promise<ContractNetwork> {
  const directory = mkdtempSync(join(tmpdir(), 'healthchain-contracts-'));
  await makeNetwork(directory, channels);
  const engine = await startEngine({
    directory,
    chaincodes: {
      [CONTRACT]: { module: import.meta.resolve('@healthchain/contracts'), export: 'chaincode' },
    },
    worker: true,
  });
  await engine.deploy();
  const opened: Gateway[] = [];
  return {
    engine,
    enroll: (enrolment) => enrolIn(directory, enrolment),
    gateway: (identity, at = identity.mspId as MspId) => {
      const gateway = gatewayOf(engine, identity, at);
      opened.push(gateway);
      return gateway;
    },
    close: async () => {
      for (const gateway of opened) gateway.close();
      await engine.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Certificates of CAs that have the names of the network's and other keys. */
export async function foreignIdentity(enrolment: Enrolment): Promise<Identity> {
  const directory = mkdtempSync(join(tmpdir(), 'healthchain-foreign-'));
  try {
    await makeNetwork(directory, ['elsewhere']);
    return await enrolIn(directory, enrolment);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function makeNetwork(directory: string, channels: readonly string[]): Promise<void> {
  const peers = MEMBERS.map((mspId) => `'${mspId}.peer'`).join(', ');
  const contracts = [{ name: CONTRACT, version: '1.0', endorsement: `OutOf(${ENDORSERS}, ${peers})` }];
  const definition = {
    organisations,
    channels: channels.map((name) => ({
      name,
      members: [...MEMBERS],
      contracts,
      schedule: 'round-robin' as const,
    })),
  };
  await createNetwork({ directory, definition, now: new Date() });
}

async function enrolIn(directory: string, { mspId, attributes, notAfter }: Enrolment): Promise<Identity> {
  const commonName = attributes['userId'] ?? 'nobody';
  const pair = await enroll({
    directory,
    mspId,
    ou: 'client',
    commonName,
    attributes,
    ...(notAfter === undefined ? {} : { notAfter }),
  });
  return { mspId, ...pair };
}

function gatewayOf(engine: Engine, { mspId, certificate, privateKey }: Identity, at: MspId): Gateway {
  const options = () => ({ deadline: Date.now() + DEADLINE_MS });
  return connect({
    client: engine.client(at),
    identity: { mspId, credentials: Buffer.from(certificate) },
    signer: nativeSigner(privateKey),
    hash: hash.none,
    evaluateOptions: options,
    endorseOptions: options,
    submitOptions: options,
    commitStatusOptions: options,
  });
}

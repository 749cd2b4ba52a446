import { join } from 'node:path';
import { FabricError } from './errors.ts';
import { places } from './layout.ts';
import type { FabricOrganisation, Layout, OrdererNode, PeerNode } from './layout.ts';

export type Variables = Readonly<Record<string, string>>;

/** Limits without which a paused node hangs its callers for 30 s, and Fabric's own defaults that suit no small network. */
const LIMITS = {
  endorsement: '3s',
  broadcast: '2s',
  chaincode: '3s',
  /** How far a proposal's timestamp may be from the endorser's clock. */
  timeWindow: '30s',
} as const;

/** Without these the first commit waits up to 26 s for gossip to find the other organisations. */
const GOSSIP: Variables = {
  CORE_PEER_GOSSIP_RECONNECTINTERVAL: '2s',
  CORE_PEER_GOSSIP_ALIVETIMEINTERVAL: '1s',
  CORE_PEER_GOSSIP_ALIVEEXPIRATIONTIMEOUT: '8s',
  CORE_PEER_GOSSIP_PUBLISHSTATEINFOINTERVAL: '1s',
  CORE_PEER_GOSSIP_REQUESTSTATEINFOINTERVAL: '1s',
  CORE_PEER_GOSSIP_MEMBERSHIPTRACKERINTERVAL: '1s',
  CORE_PEER_GOSSIP_USELEADERELECTION: 'false',
  CORE_PEER_GOSSIP_ORGLEADER: 'true',
};

const loopback = (port: number) => `127.0.0.1:${port}`;

export function peerEnvironment(layout: Layout, peer: PeerNode): Variables {
  const folder = places.node(layout, peer);
  const data = places.data(layout, peer);
  return {
    ...GOSSIP,
    FABRIC_CFG_PATH: places.config(layout),
    FABRIC_LOGGING_SPEC: 'warn',
    CORE_PEER_ID: peer.id,
    CORE_PEER_ADDRESS: loopback(peer.port),
    CORE_PEER_LISTENADDRESS: loopback(peer.port),
    CORE_PEER_CHAINCODEADDRESS: loopback(peer.chaincodePort),
    CORE_PEER_CHAINCODELISTENADDRESS: loopback(peer.chaincodePort),
    CORE_PEER_GOSSIP_BOOTSTRAP: loopback(peer.port),
    CORE_PEER_GOSSIP_EXTERNALENDPOINT: loopback(peer.port),
    CORE_PEER_LOCALMSPID: peer.organisation.mspId,
    CORE_PEER_MSPCONFIGPATH: join(folder, 'msp'),
    CORE_PEER_FILESYSTEMPATH: data,
    CORE_LEDGER_SNAPSHOTS_ROOTDIR: join(data, 'snapshots'),
    CORE_PEER_TLS_ENABLED: 'true',
    CORE_PEER_TLS_CERT_FILE: join(folder, 'tls', 'server.crt'),
    CORE_PEER_TLS_KEY_FILE: join(folder, 'tls', 'server.key'),
    CORE_PEER_TLS_ROOTCERT_FILE: join(folder, 'tls', 'ca.crt'),
    CORE_PEER_GATEWAY_ENDORSEMENTTIMEOUT: LIMITS.endorsement,
    CORE_PEER_GATEWAY_BROADCASTTIMEOUT: LIMITS.broadcast,
    CORE_PEER_AUTHENTICATION_TIMEWINDOW: LIMITS.timeWindow,
    CORE_CHAINCODE_EXECUTETIMEOUT: LIMITS.chaincode,
    CORE_OPERATIONS_LISTENADDRESS: loopback(peer.operationsPort),
    CHAINCODE_AS_A_SERVICE_BUILDER_CONFIG: builderConfig(peer),
  };
}

/** The `release` script of the builder finds the organisation's own chaincode address here, by contract name. */
function builderConfig({ contractPorts }: PeerNode): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(contractPorts).map(([name, port]) => [name, loopback(port)])),
  );
}

export function ordererEnvironment(layout: Layout, orderer: OrdererNode): Variables {
  const folder = places.node(layout, orderer);
  const data = places.data(layout, orderer);
  const [certificate, key, ca] = ['server.crt', 'server.key', 'ca.crt'].map((file) =>
    join(folder, 'tls', file),
  ) as [string, string, string];
  return {
    FABRIC_CFG_PATH: places.config(layout),
    FABRIC_LOGGING_SPEC: 'warn:orderer.consensus=info',
    ORDERER_GENERAL_LISTENADDRESS: '127.0.0.1',
    ORDERER_GENERAL_LISTENPORT: String(orderer.port),
    ORDERER_GENERAL_LOCALMSPID: orderer.organisation.mspId,
    ORDERER_GENERAL_LOCALMSPDIR: join(folder, 'msp'),
    ORDERER_GENERAL_TLS_ENABLED: 'true',
    ORDERER_GENERAL_TLS_PRIVATEKEY: key,
    ORDERER_GENERAL_TLS_CERTIFICATE: certificate,
    ORDERER_GENERAL_TLS_ROOTCAS: `[${ca}]`,
    ORDERER_GENERAL_CLUSTER_CLIENTCERTIFICATE: certificate,
    ORDERER_GENERAL_CLUSTER_CLIENTPRIVATEKEY: key,
    ORDERER_GENERAL_BOOTSTRAPMETHOD: 'none',
    ORDERER_CHANNELPARTICIPATION_ENABLED: 'true',
    ORDERER_FILELEDGER_LOCATION: data,
    ORDERER_CONSENSUS_WALDIR: join(data, 'wal'),
    ORDERER_CONSENSUS_SNAPDIR: join(data, 'snapshots'),
    ORDERER_OPERATIONS_LISTENADDRESS: loopback(orderer.operationsPort),
    ORDERER_ADMIN_LISTENADDRESS: loopback(orderer.adminPort),
    ORDERER_ADMIN_TLS_ENABLED: 'true',
    ORDERER_ADMIN_TLS_CERTIFICATE: certificate,
    ORDERER_ADMIN_TLS_PRIVATEKEY: key,
    ORDERER_ADMIN_TLS_ROOTCAS: `[${ca}]`,
    ORDERER_ADMIN_TLS_CLIENTROOTCAS: `[${ca}]`,
  };
}

/** For the `peer` command run as the administrator of an organisation against its own peer. */
export function adminEnvironment(layout: Layout, organisation: FabricOrganisation): Variables {
  const peer = peerOf(layout, organisation.mspId);
  return {
    FABRIC_CFG_PATH: places.config(layout),
    FABRIC_LOGGING_SPEC: 'error',
    CORE_PEER_LOCALMSPID: organisation.mspId,
    CORE_PEER_MSPCONFIGPATH: join(places.admin(layout, organisation), 'msp'),
    CORE_PEER_ADDRESS: loopback(peer.port),
    CORE_PEER_TLS_ENABLED: 'true',
    CORE_PEER_TLS_ROOTCERT_FILE: join(places.node(layout, peer), 'tls', 'ca.crt'),
  };
}

export function peerOf(layout: Layout, mspId: string): PeerNode {
  const peer = layout.peers.find(({ organisation }) => organisation.mspId === mspId);
  if (peer === undefined) throw new FabricError('FABRIC_DEFINITION', `${mspId} has no peer`);
  return peer;
}

const CORE_EDITS = [
  { what: 'vm.endpoint', find: /^( +endpoint: *)unix:\S+$/m, put: () => '$1""' },
  {
    what: 'chaincode.externalBuilders[].path',
    find: /^( +path: *)\/opt\/hyperledger\/ccaas_builder$/m,
    put: (builder: string) => `$1${JSON.stringify(builder)}`,
  },
] as const;

/** The release's core.yaml without Docker and with the project's own builder: both are lists or empty values, which no
 * environment variable can set. */
export function adaptCoreYaml(text: string, builder: string): string {
  return CORE_EDITS.reduce((edited, { what, find, put }) => {
    if (!find.test(edited)) {
      throw new FabricError(
        'FABRIC_CONFIG',
        `core.yaml has not the ${what} of Fabric's release; give its unchanged file`,
      );
    }
    return edited.replace(find, put(builder));
  }, text);
}

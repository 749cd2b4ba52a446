import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeBuilder } from './builder.ts';
import { configtx, DEFAULT_BATCH } from './configtx.ts';
import { layOut, portsNeeded } from './layout.ts';
import type { FabricDefinition } from './layout.ts';
import { adaptCoreYaml, ordererEnvironment, peerEnvironment } from './node-environment.ts';
import { chaincodePackage } from './package.ts';

const organisation = (name: string, orderers: number) => ({ name, mspId: `${name}MSP`, orderers });
const DEFINITION: FabricDefinition = {
  organisations: [organisation('north', 1), organisation('south', 1), organisation('authority', 2)],
  channels: [
    {
      name: 'care',
      members: ['northMSP', 'authorityMSP'],
      contracts: [{ name: 'health', version: '1.0', endorsement: "OR('northMSP.peer')" }],
    },
  ],
};
const PORTS = Array.from({ length: portsNeeded(DEFINITION) }, (_, index) => 10_000 + index);

interface Profile {
  Orderer: {
    Organizations: { ID: string; OrdererEndpoints: string[] }[];
    EtcdRaft?: { Consenters: { Port: number }[] };
    ConsenterMapping?: { ID: number; MSPID: string; Identity: string }[];
  };
  Application: { Organizations: { ID: string; Policies: Record<string, { Rule: string }> }[] };
}

function profile(consensus: 'raft' | 'bft'): Profile {
  const layout = layOut('/net', consensus, DEFINITION, PORTS);
  const { Profiles } = JSON.parse(configtx(layout, DEFAULT_BATCH)) as { Profiles: Record<string, Profile> };
  const care = Profiles['care'];
  if (care === undefined) throw new Error('the channel has no profile');
  return care;
}

describe('layOut', () => {
  it('gives every listener a port of its own', () => {
    const { peers, orderers } = layOut('/net', 'bft', DEFINITION, PORTS);
    const used = [
      ...peers.flatMap(({ port, chaincodePort, operationsPort, contractPorts }) => [
        port,
        chaincodePort,
        operationsPort,
        ...Object.values(contractPorts),
      ]),
      ...orderers.flatMap(({ port, adminPort, operationsPort }) => [port, adminPort, operationsPort]),
    ];
    expect(new Set(used).size).toBe(PORTS.length);
    expect(orderers.map(({ id }) => id)).toEqual([
      'orderer0.north',
      'orderer0.south',
      'orderer0.authority',
      'orderer1.authority',
    ]);
  });

  it('refuses BFT with fewer than four orderers', () => {
    const organisations = DEFINITION.organisations.map((each) => ({ ...each, orderers: 1 }));
    expect(() => layOut('/net', 'bft', { ...DEFINITION, organisations }, PORTS)).toThrow(
      /at least 4 orderers/,
    );
  });
});

describe('configtx', () => {
  it('has the members in the application and every authority in the orderers', () => {
    const { Orderer, Application } = profile('raft');
    expect(Application.Organizations.map(({ ID }) => ID)).toEqual(['northMSP', 'authorityMSP']);
    expect(Orderer.Organizations.map(({ ID }) => ID)).toEqual(['northMSP', 'southMSP', 'authorityMSP']);
    expect(Orderer.EtcdRaft?.Consenters).toHaveLength(4);
  });

  it('lets peers read and endorse, not write', () => {
    const policies = profile('raft').Application.Organizations[0]?.Policies ?? {};
    expect(policies['Readers']?.Rule).toBe("OR('northMSP.admin','northMSP.peer','northMSP.client')");
    expect(policies['Writers']?.Rule).toBe("OR('northMSP.admin','northMSP.client')");
    expect(policies['Endorsement']?.Rule).toBe("OR('northMSP.peer')");
  });

  it('maps each orderer of BFT to its own signing certificate', () => {
    const mapping = profile('bft').Orderer.ConsenterMapping ?? [];
    expect(mapping.map(({ ID }) => ID)).toEqual([1, 2, 3, 4]);
    expect(mapping[3]).toMatchObject({
      MSPID: 'authorityMSP',
      Identity: '/net/crypto/authority/nodes/orderer1.authority/msp/signcerts/cert.pem',
    });
  });
});

describe('environments', () => {
  const layout = layOut('/net', 'raft', DEFINITION, PORTS);

  it('keep every listener on loopback and every file in the folder', () => {
    const variables = [
      ...layout.peers.map((peer) => peerEnvironment(layout, peer)),
      ...layout.orderers.map((orderer) => ordererEnvironment(layout, orderer)),
    ].flatMap((each) => Object.entries(each));
    const addresses = variables.filter(([name]) => name.endsWith('ADDRESS'));
    expect(addresses.length).toBeGreaterThan(10);
    expect(addresses.filter(([, value]) => !value.startsWith('127.0.0.1'))).toEqual([]);
    const paths = variables.filter(([, value]) => value.includes('/') && !value.includes('{'));
    expect(paths.filter(([, value]) => !value.replace('[', '').startsWith('/net/'))).toEqual([]);
  });
});

describe('adaptCoreYaml', () => {
  const RELEASE = [
    'vm:',
    '  endpoint: unix:///var/run/docker.sock',
    'chaincode:',
    '  externalBuilders:',
    '    - name: ccaas_builder',
    '      path: /opt/hyperledger/ccaas_builder',
  ].join('\n');

  it('drops Docker and names the builder, and changes nothing else', () => {
    expect(adaptCoreYaml(RELEASE, '/net/builder').split('\n')).toEqual([
      'vm:',
      '  endpoint: ""',
      'chaincode:',
      '  externalBuilders:',
      '    - name: ccaas_builder',
      '      path: "/net/builder"',
    ]);
  });

  it('refuses a file without the lines that it must change', () => {
    expect(() => adaptCoreYaml(RELEASE.replace('unix:', 'tcp:'), '/b')).toThrow(/vm\.endpoint/);
    expect(() => adaptCoreYaml('vm:\n  endpoint: unix:///x', '/b')).toThrow(/externalBuilders/);
  });
});

describe('the chaincode package and its builder', () => {
  it('is the same bytes for the same contract and another id for another version', () => {
    const one = chaincodePackage({ name: 'health', version: '1.0' });
    expect(one.id).toMatch(/^health_1\.0:[0-9a-f]{64}$/);
    expect(chaincodePackage({ name: 'health', version: '1.0' })).toEqual(one);
    expect(chaincodePackage({ name: 'health', version: '1.1' }).id).not.toBe(one.id);
  });

  it('is unpacked by tar, detected, built and released with the organisation’s own address', async () => {
    const at = mkdtempSync(join(tmpdir(), 'builder-'));
    await writeBuilder(at);
    writeFileSync(join(at, 'package.tar.gz'), chaincodePackage({ name: 'health', version: '1.0' }).bytes);
    const run = (program: string, args: string[]) =>
      execFileSync(program, args, {
        cwd: at,
        env: {
          PATH: process.env['PATH'],
          CHAINCODE_AS_A_SERVICE_BUILDER_CONFIG: '{"other":"127.0.0.1:1","health":"127.0.0.1:9999"}',
        },
      });
    for (const folder of ['source', 'output', 'release']) mkdirSync(join(at, folder));
    run('tar', ['-xzf', 'package.tar.gz']);
    run('tar', ['-xzf', 'code.tar.gz', '-C', 'source']);
    run('bin/detect', ['source', '.']);
    run('bin/build', ['source', '.', 'output']);
    run('bin/release', ['output', 'release']);
    const released = readFileSync(join(at, 'release/chaincode/server/connection.json'), 'utf8');
    expect(JSON.parse(released)).toEqual({
      address: '127.0.0.1:9999',
      dial_timeout: '10s',
      tls_required: false,
    });
    expect(() => run('bin/release', ['bin', 'release'])).toThrow();
  });
});

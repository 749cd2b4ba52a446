import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FabricError } from './errors.ts';
import { findPrograms, PROGRAMS, requireConsensus } from './programs.ts';

/** A release as Fabric's archives unpack: bin and config side by side. */
function release(programs: readonly string[] = PROGRAMS): string {
  const root = mkdtempSync(join(tmpdir(), 'release-'));
  mkdirSync(join(root, 'bin'));
  mkdirSync(join(root, 'config'));
  for (const name of programs) {
    writeFileSync(join(root, 'bin', name), '#!/bin/sh\necho "peer:\n Version: v3.1.5\n Commit SHA: x"\n');
    chmodSync(join(root, 'bin', name), 0o755);
  }
  for (const file of ['core.yaml', 'orderer.yaml']) writeFileSync(join(root, 'config', file), '');
  return root;
}

describe('findPrograms', () => {
  it('takes the programs of FABRIC_BIN and the configuration beside them', () => {
    const root = release();
    const found = findPrograms({ FABRIC_BIN: join(root, 'bin'), PATH: '/bin:/usr/bin' });
    expect(found.paths.orderer).toBe(join(root, 'bin', 'orderer'));
    expect(found.config).toBe(join(root, 'config'));
    expect(found.version).toBe('v3.1.5');
  });

  it('prefers FABRIC_BIN to PATH and FABRIC_CFG_PATH to the folder beside', () => {
    const [first, second] = [release(), release()];
    const found = findPrograms({
      FABRIC_BIN: join(first, 'bin'),
      PATH: join(second, 'bin'),
      FABRIC_CFG_PATH: join(second, 'config'),
    });
    expect(found.paths.peer).toBe(join(first, 'bin', 'peer'));
    expect(found.config).toBe(join(second, 'config'));
  });

  it('names in one message everything that is missing and where to get it', () => {
    const root = release(['peer', 'orderer']);
    const find = () => findPrograms({ PATH: join(root, 'bin') });
    expect(find).toThrow(FabricError);
    expect(find).toThrow(/program osnadmin, program configtxgen\. .*hyperledger-fabric\.readthedocs\.io/);
    expect(() => findPrograms({ PATH: '' })).toThrow(/program peer.*configuration core\.yaml/);
  });
});

describe('requireConsensus', () => {
  it.each([
    ['v3.1.5', 'bft'],
    ['v3.1.0', 'bft'],
    ['v4.0.0', 'bft'],
    ['v2.5.4', 'raft'],
  ] as const)('accepts %s for %s', (version, consensus) => {
    expect(() => requireConsensus(version, consensus)).not.toThrow();
  });

  it.each([
    ['v3.0.0', 'bft'],
    ['v2.5.4', 'bft'],
    ['v2.2.0', 'raft'],
  ] as const)('refuses %s for %s', (version, consensus) => {
    expect(() => requireConsensus(version, consensus)).toThrow(/or later is needed/);
  });
});

import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { FabricError } from './errors.ts';

/** Fabric's own programs that a network needs, all of one release. */
export const PROGRAMS = ['peer', 'orderer', 'osnadmin', 'configtxgen'] as const;
type ProgramName = (typeof PROGRAMS)[number];

const CONFIG_FILES = ['core.yaml', 'orderer.yaml'] as const;
const INSTALL_PAGE = 'https://hyperledger-fabric.readthedocs.io/en/latest/install.html';

/** Consensus of Fabric's orderers and the first release that has it in the form used here. */
const CONSENSUS = { raft: { since: [2, 5] }, bft: { since: [3, 1] } } as const;
export type Consensus = keyof typeof CONSENSUS;

export interface FabricPrograms {
  /** Absolute path of each program. */
  readonly paths: Readonly<Record<ProgramName, string>>;
  /** The release's `config` folder, which holds core.yaml and orderer.yaml. */
  readonly config: string;
  /** As `peer version` prints it, for example `v3.1.5`. */
  readonly version: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Finds Fabric's programs in the folder `FABRIC_BIN`, then on `PATH`, and its configuration in `FABRIC_CFG_PATH`, then in
 * `../config` beside the programs. One FABRIC_MISSING names everything that was not found.
 */
export function findPrograms(env: Environment = process.env): FabricPrograms {
  const found = PROGRAMS.map((name) => [name, findProgram(name, env)] as const);
  const peer = found.find(([name]) => name === 'peer')?.[1];
  const config = findConfig(env, peer);
  const missing = [
    ...found.filter(([, path]) => path === undefined).map(([name]) => `program ${name}`),
    ...(config === undefined ? CONFIG_FILES.map((file) => `configuration ${file}`) : []),
  ];
  if (config === undefined || missing.length > 0) throw missingError(missing);
  const paths = Object.fromEntries(found) as Record<ProgramName, string>;
  return { paths, config, version: versionOf(paths.peer) };
}

/** Refuses a release that lacks the consensus asked for: Raft needs 2.5, BFT 3.1. */
export function requireConsensus(version: string, consensus: Consensus): void {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const [needMajor, needMinor] = CONSENSUS[consensus].since;
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return;
  throw new FabricError(
    'FABRIC_VERSION',
    `Fabric ${version} cannot order by ${consensus}: ${needMajor}.${needMinor} or later is needed. See ${INSTALL_PAGE}`,
  );
}

function findProgram(name: ProgramName, env: Environment): string | undefined {
  const folders = [env['FABRIC_BIN'], ...(env['PATH'] ?? '').split(delimiter)];
  return folders
    .flatMap((folder) => (folder === undefined || folder === '' ? [] : [join(folder, name)]))
    .find(isExecutable);
}

function findConfig(env: Environment, peer: string | undefined): string | undefined {
  const beside = peer === undefined ? undefined : join(dirname(dirname(realpathSync(peer))), 'config');
  return [env['FABRIC_CFG_PATH'], beside].find(
    (folder) =>
      folder !== undefined && folder !== '' && CONFIG_FILES.every((file) => existsSync(join(folder, file))),
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function missingError(missing: readonly string[]): FabricError {
  return new FabricError(
    'FABRIC_MISSING',
    `Hyperledger Fabric was not found: ${missing.join(', ')}. Install its release (${INSTALL_PAGE}), then put its bin folder ` +
      'on PATH or into FABRIC_BIN, and its config folder beside it or into FABRIC_CFG_PATH.',
    { details: { missing } },
  );
}

function versionOf(peer: string): string {
  const output = execFileSync(peer, ['version'], { encoding: 'utf8' });
  const version = /^\s*Version:\s*(\S+)/m.exec(output)?.[1];
  if (version === undefined) throw new FabricError('FABRIC_VERSION', `${peer} version printed no version`);
  return version;
}

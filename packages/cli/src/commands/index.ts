import type { Command } from '../command.ts';
import { accessLog } from './access-log.ts';
import { blocks, genesis } from './chain-files.ts';
import { authority } from './authority.ts';
import { bench } from './bench.ts';
import { contract } from './contract.ts';
import { enrol } from './enrol.ts';
import { grant, revoke } from './grants.ts';
import { hammerCommand } from './hammer.ts';
import { importCommand } from './import.ts';
import { org } from './org.ts';
import { pause, resume, revokeCert, start, status, stop } from './nodes.ts';
import { peer } from './peer.ts';
import { rebuild } from './rebuild.ts';
import { records } from './records.ts';
import { simulateCommand } from './simulate.ts';
import { testStorage } from './test-storage.ts';
import { token } from './token.ts';
import { up } from './up.ts';
import { verify } from './verify.ts';

/** Every command, in the order of the overview. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  up,
  status,
  import: importCommand,
  token,
  enrol,
  grant,
  revoke,
  records,
  'access-log': accessLog,
  'revoke-cert': revokeCert,
  org,
  authority,
  contract,
  genesis,
  blocks,
  verify,
  rebuild,
  peer,
  stop,
  start,
  pause,
  resume,
  hammer: hammerCommand,
  bench,
  simulate: simulateCommand,
  'test-storage': testStorage,
};

import { join } from 'node:path';
import { tables, type CheckpointRow } from '@healthchain/contracts';
import { auditLogFile } from '@healthchain/custody';
import { HEALTH_CONTRACT } from '../consortium/definition.ts';
import { membersOf, serverDirectory, type ConsortiumState } from '../consortium/state.ts';
import type { Circle } from '../consortium/found.ts';
import type { StateRow } from './copies.ts';
import type { AccessLogReport } from './report.ts';

/** The custodians' last checkpoints on one channel, by MSP id, gathered from rows of a verified state. */
export class LastCheckpoints {
  readonly #rows = new Map<string, CheckpointRow>();

  take({ namespace, key, value }: StateRow): void {
    if (namespace !== HEALTH_CONTRACT) return;
    const parts = tables.checkpointHead.parts(key);
    if (parts === undefined) return;
    const row = tables.checkpointHead.decode(value);
    if (row.size >= (this.#rows.get(parts[0])?.size ?? 0)) this.#rows.set(parts[0], row);
  }

  of(mspId: string): CheckpointRow | undefined {
    return this.#rows.get(mspId);
  }
}

/** Every custodian's access log on a channel, entry by entry, against its last checkpoint on the ledger. */
export function verifyAccessLogs(
  data: string,
  state: ConsortiumState,
  channel: Circle,
  checkpoints: LastCheckpoints,
): AccessLogReport[] {
  const members = membersOf(state, channel);
  return state.organisations
    .filter(({ mspId }) => members.includes(mspId))
    .map((organisation) => {
      const { mspId: custodian, name } = organisation;
      const file = join(serverDirectory(data, organisation), 'custody', channel, 'access-log.sqlite');
      const row = checkpoints.of(custodian);
      const { entries, findings } = auditLogFile(file, row && { ...row, custodian, channel });
      return { custodian: name, channel, entries, checkpointed: row?.size ?? 0, findings };
    });
}

import { concat, type Bytes } from '@healthchain/core';
import { LedgerError } from '../error.ts';
import { WireReader, WireWriter } from '../wire/index.ts';
import type { ChannelConfig, OrderingSchedule } from './types.ts';

/**
 * The schedule travels in ConsensusType.metadata as one more field of smartbft.Options: Fabric's orderers decode these options
 * and leave alone a field they do not know, its peers never look.
 */
const SCHEDULE_FIELD = 1000;
const SCHEDULES: ReadonlySet<string> = new Set(['round-robin'] satisfies OrderingSchedule['schedule'][]);

/** `options`: a smartbft.Options message for Fabric's orderers; none is needed for our own. */
export function encodeSchedule(schedule: OrderingSchedule, options: Uint8Array = new Uint8Array()): Bytes {
  return concat(options, new WireWriter().string(SCHEDULE_FIELD, schedule.schedule).finish());
}

/** Round-robin where the metadata names none. @throws LedgerError BAD_CONFIG for a schedule that is not known */
export function decodeSchedule(config: ChannelConfig): OrderingSchedule {
  let schedule = 'round-robin';
  const reader = new WireReader(config.consensus.metadata);
  while (reader.next()) {
    if (reader.field === SCHEDULE_FIELD && reader.wireType === 2) schedule = reader.string();
    else reader.skip();
  }
  if (!SCHEDULES.has(schedule))
    throw new LedgerError('BAD_CONFIG', `The ordering schedule ${JSON.stringify(schedule)} is not known`);
  return { schedule: schedule as OrderingSchedule['schedule'] };
}

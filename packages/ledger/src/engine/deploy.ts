import type { ChannelConfig } from '../config/index.ts';
import type { GatewayClient } from '../gateway/index.ts';
import { LedgerError } from '../error.ts';
import { applicationPolicy } from '../policy/index.ts';
import type { UpgradeReport, UpgradeRequest } from './control.ts';
import { withLifecycle, type Definition, type LifecycleClient } from './lifecycle-client.ts';
import type { Network } from './network.ts';

/** What the contracts of a channel are changed with. */
export interface Deployment {
  readonly network: Network;
  clientOf(mspId: string): GatewayClient;
  config(channelId: string): ChannelConfig | undefined;
  /** Returns when the channel's running peers have the same height. */
  settled(channelId: string): Promise<void>;
}

type ClientOf = (mspId: string) => LifecycleClient;

/**
 * Commits the contracts of the network's definition that have no definition on their channel yet: each member that has not
 * approves, one commits, all of it transactions signed by the organisations' administrators. @throws LedgerError REFUSED
 */
export async function deploy(deployment: Deployment): Promise<void> {
  for (const { name: channelId, contracts } of deployment.network.definition.channels) {
    await lifecycleOf(deployment, channelId, async (of, members) => {
      for (const { name, version, endorsement, initRequired } of contracts) {
        if ((await of(members[0]).committed(name)) !== undefined) continue;
        const policy = applicationPolicy(endorsement);
        const definition = { name, version, sequence: 1, policy, initRequired };
        await deployment.settled(channelId);
        const approvals = await of(members[0]).readiness(definition);
        for (const member of members) if (approvals[member] !== true) await of(member).approve(definition);
        await deployment.settled(channelId);
        await of(members[0]).commit(definition, members);
        await deployment.settled(channelId);
      }
    });
  }
}

/** @throws LedgerError NOT_FOUND when the contract has no definition; REFUSED */
export async function upgrade(deployment: Deployment, request: UpgradeRequest): Promise<UpgradeReport> {
  const { channel, contract, version, endorsement } = request;
  return lifecycleOf(deployment, channel, async (of, members) => {
    const approvers = request.approvedBy ?? members;
    const first = of(approvers[0] ?? members[0]);
    const current = await first.committed(contract);
    if (current === undefined)
      throw new LedgerError('NOT_FOUND', `${contract} has no definition on ${channel}`);
    const policy = endorsement === undefined ? current.policy : applicationPolicy(endorsement);
    const definition = { ...current, version, policy, sequence: current.sequence + 1 };
    const before = await first.readiness(definition);
    for (const mspId of approvers) if (before[mspId] !== true) await of(mspId).approve(definition);
    await deployment.settled(channel);
    const approvals = await first.readiness(definition);
    await commitBy(first, definition, approvals);
    await deployment.settled(channel);
    return { sequence: definition.sequence, approvals };
  });
}

/** The organisation's administrator approves every definition in force, so that its peer takes part by its own word. */
export async function approveAll(deployment: Deployment, channelId: string, mspId: string): Promise<void> {
  await lifecycleOf(deployment, channelId, async (of) => {
    const own = of(mspId);
    for (const name of await own.names()) {
      const definition = await own.committed(name);
      if (definition !== undefined && definition.approvals[mspId] !== true) await own.approve(definition);
    }
  });
  await deployment.settled(channelId);
}

async function commitBy(
  client: LifecycleClient,
  definition: Definition,
  approvals: Readonly<Record<string, boolean>>,
): Promise<void> {
  const endorsers = Object.keys(approvals).filter((mspId) => approvals[mspId]);
  const missing = Object.keys(approvals).filter((mspId) => !approvals[mspId]);
  try {
    await client.commit(definition, endorsers);
  } catch (error) {
    if (!(error instanceof LedgerError) || missing.length === 0) throw error;
    throw new LedgerError(
      'REFUSED',
      `${error.message}. Sequence ${definition.sequence} of ${definition.name} is approved by ${endorsers.join(', ') || 'nobody'}, not by ${missing.join(', ')}; the channel's LifecycleEndorsement needs more`,
      { cause: error, details: { approvals } },
    );
  }
}

function lifecycleOf<T>(
  deployment: Deployment,
  channelId: string,
  work: (of: ClientOf, members: readonly [string, ...string[]]) => Promise<T>,
): Promise<T> {
  const members = deployment.config(channelId)?.organisations.map(({ mspId }) => mspId) ?? [];
  const [first, ...others] = members;
  if (first === undefined) throw new LedgerError('NOT_FOUND', `There is no channel ${channelId}`);
  return withLifecycle(
    deployment.network,
    (mspId) => deployment.clientOf(mspId),
    channelId,
    (of) => work(of, [first, ...others]),
  );
}

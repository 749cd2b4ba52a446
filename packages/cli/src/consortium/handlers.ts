import { CliError } from '../error.ts';
import type { ControlHandler } from '../control/server.ts';
import type { ConsortiumStatus, NodeStatus } from '../commands/nodes.ts';
import { changeHandlers } from './change-handlers.ts';
import { ledgerHandlers } from './ledger-handlers.ts';
import { enrolPatient } from './enrol-patient.ts';
import { text } from './params.ts';
import { profileHandlers } from './profile-handlers.ts';
import { bindKey } from './stage.ts';
import { fhirBaseOf, organisationOf, userOf } from './state.ts';
import type { Consortium } from './up.ts';

/** What a running consortium answers on its control socket. */
export function controlHandlers(
  consortium: Consortium,
  data: string,
): Readonly<Record<string, ControlHandler>> {
  const { state } = consortium;
  return {
    status: () => statusOf(consortium),
    process: () => Promise.resolve({ pid: process.pid }),
    switch: (params) => switchPart(consortium, params),
    'revoke-cert': async (params) => {
      const user = userOf(state, text(params, 'user'));
      return revokeUser(consortium, user.handle);
    },
    bind: async (params) => {
      await bindKey(consortium, text(params, 'user'), text(params, 'patient'), 'care');
      return null;
    },
    enrol: (params) => enrolPatient(consortium, data, text(params, 'user'), text(params, 'patient')),
    ...changeHandlers(consortium, data),
    ...ledgerHandlers(consortium.engine),
    ...profileHandlers(),
    rebuild: (params, progress) => rebuild(consortium, text(params, 'organisation'), progress),
  };
}

function damageOf(channels: readonly { readonly damage?: string }[]): { readonly damage?: string } {
  const damage = channels.find((channel) => channel.damage !== undefined)?.damage;
  return damage === undefined ? {} : { damage };
}

async function statusOf({ state, engine, organisations }: Consortium): Promise<ConsortiumStatus> {
  const engineNodes = await engine.status();
  const custodians = organisations.map(({ organisation, exchange }): NodeStatus => {
    const { custodian, channels } = exchange.status();
    const heights = Object.fromEntries(channels.map((channel) => [channel.name, channel.applied + 1]));
    return { organisation: organisation.name, part: 'custodian', state: custodian, heights };
  });
  const nodes = engineNodes.map((node): NodeStatus => ({
    organisation: state.organisations.find(({ mspId }) => mspId === node.mspId)?.name ?? node.mspId,
    part: node.kind,
    state: node.state,
    ...(node.reason === undefined ? {} : { reason: node.reason }),
    ...damageOf(node.channels),
    heights: Object.fromEntries(node.channels.map((channel) => [channel.name, channel.height])),
  }));
  const servers = organisations.map(({ organisation, exchange }) => ({
    organisation: organisation.name,
    url: fhirBaseOf(organisation),
    ready: exchange.ready(),
    missing: exchange.status().missing,
  }));
  return { ready: servers.every((server) => server.ready), servers, nodes: [...nodes, ...custodians] };
}

type Action = 'stop' | 'start' | 'pause' | 'resume';

async function switchPart(
  { state, engine, organisations }: Consortium,
  params: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { name } = organisationOf(state, text(params, 'organisation'));
  const action = text(params, 'action') as Action;
  const part = text(params, 'part');
  if (part !== 'custodian') {
    await engine[action](`${part}0.${name}`);
    return;
  }
  const running = organisations.find(({ organisation }) => organisation.name === name);
  if (running === undefined) throw new CliError('USAGE', `${name} does not run`);
  if (action === 'stop') await running.exchange.stopCustodian();
  else if (action === 'start') await running.exchange.startCustodian();
  else throw new CliError('USAGE', 'A custodian is stopped and started, not paused');
}

async function revokeUser(
  { state, engine, organisations }: Consortium,
  handle: string,
): Promise<{ blocks: Record<string, number> }> {
  const user = userOf(state, handle);
  const running = organisations.find(({ organisation }) => organisation.name === user.organisation);
  if (running === undefined) throw new CliError('USAGE', `${user.organisation} does not run`);
  const { certificate } = running.exchange.keystore.keyPair(user.userId);
  const revoked = await engine.revokeCertificate({ mspId: running.organisation.mspId, certificate });
  return { blocks: Object.fromEntries(revoked.map(({ channel, blockNumber }) => [channel, blockNumber])) };
}

async function rebuild(
  { organisations }: Consortium,
  name: string,
  progress: (line: string) => void,
): Promise<unknown> {
  const running = organisations.find(({ organisation }) => organisation.name === name);
  if (running === undefined) throw new CliError('USAGE', `${name} does not run`);
  return running.exchange.rebuild(({ done, total }) => progress(`${done}/${total} versions`));
}

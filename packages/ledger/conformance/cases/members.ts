import assert from 'node:assert/strict';
import { CODE } from '../blocks.ts';
import type { Case } from '../case.ts';
import { applyUpdate, readConfig, updateBy } from '../configuration.ts';
import { refused } from '../expect.ts';
import { inviteGuest } from '../guest.ts';
import { freshKey, openSession } from '../session.ts';
import { take } from '../take.ts';
import { CHANNELS, MEMBERS, ORGANISATIONS } from '../target.ts';
import type { Target } from '../target.ts';

const source = '§2 organisations (MSPs) and orderers change by CONFIG transactions';
const channel = CHANNELS.side;
/** A configuration block reaches every member's peer within this. */
const EVERYWHERE_MS = 15_000;

/**
 * Applies edits of the configuration of `side`, signed by the administrators of all who take part or order there; done when
 * every member's peer has the block.
 */
async function changer(target: Target) {
  const admins = await Promise.all(
    ORGANISATIONS.map((as) => openSession(target, { as, kind: 'admin', channel })),
  );
  const [north] = admins;
  assert.ok(north !== undefined);
  return async (edit: (config: Uint8Array) => Uint8Array) => {
    const startBlock = await applyUpdate(target, north, await updateBy(north, edit), admins);
    const deadline = Date.now() + EVERYWHERE_MS;
    const members = admins.filter(({ signing }) =>
      MEMBERS.side.some((mspId) => mspId === signing.identity.mspId),
    );
    const blocks = members.map(async ({ network }) =>
      take(await network.newBlockEventsRequest({ startBlock }).getEvents({ deadline }), () => true),
    );
    await Promise.all(blocks);
  };
}

export const memberCases: readonly Case[] = [
  {
    name: 'an organisation joins a channel by its configuration, takes part and leaves',
    source,
    run: async (target) => {
      const change = await changer(target);
      const { client, joins, leaves } = await inviteGuest();
      const guest = await openSession(target, { at: 'NorthMSP', channel, signing: client });
      const write = () =>
        guest.submit([['put', freshKey('guest'), '1']], { endorsers: ['NorthMSP', 'SouthMSP'] });
      const stranger = { code: 'ABORTED', text: /creator org unknown|access denied/ } as const;
      await refused(write(), stranger);
      await change(joins);
      assert.equal((await write()).status.code, CODE.VALID);
      await change(leaves);
      await refused(write(), stranger);
    },
  },
  {
    name: 'an authority joins the orderers by the configuration and leaves, and writes go on',
    source,
    run: async (target) => {
      const change = await changer(target);
      const session = await openSession(target, { channel });
      const before = (await readConfig(session)).serializeBinary();
      await change((await inviteGuest()).orders);
      await session.commit([['put', freshKey('four'), '1']]);
      await change(() => before);
      await session.commit([['put', freshKey('three'), '1']]);
    },
  },
];

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openHealthClient } from '@healthchain/server';
import type { StoryConsortium } from './consortium.ts';
import { eventually } from './eventually.ts';
import { giveCertificate, runningOf, type TestUser } from './users.ts';

/** Puts the user's certificate onto the revocation list of the organisation; in force on all peers on return. */
export async function revoke(story: StoryConsortium, user: TestUser): Promise<void> {
  const { exchange, organisation } = runningOf(story, user.organisation);
  const { certificate } = exchange.keystore.keyPair(user.userId);
  const revoked = await story.consortium.engine.revokeCertificate({ mspId: user.mspId, certificate });
  const block = revoked.find(({ channel }) => channel === organisation.circle)?.blockNumber ?? 0;
  await applied(story, user, block);
}

/** The user's certificate is one that ended a minute ago. */
export async function expire(story: StoryConsortium, user: TestUser): Promise<void> {
  await giveCertificate(story, user, new Date(Date.now() - 60_000));
}

/** An administrator of the organisation suspends the user. */
export async function suspend(story: StoryConsortium, user: TestUser): Promise<void> {
  const { organisation } = runningOf(story, user.organisation);
  const { mspId, name, circle } = organisation;
  const pem = (file: string): string => readFileSync(join(story.data, name, 'identities', file), 'utf8');
  const client = openHealthClient({
    mspId,
    channel: circle,
    gateways: [{ mspId, client: story.consortium.engine.client(mspId) }],
    keyPair: { certificate: pem('administrator.pem'), privateKey: pem('administrator.key') },
  });
  const { blockNumber } = await client.membership.suspend({ userId: user.userId });
  await applied(story, user, Number(blockNumber));
}

async function applied(story: StoryConsortium, user: TestUser, block: number): Promise<void> {
  const { exchange, organisation } = runningOf(story, user.organisation);
  await eventually(`block ${block}`, async () => {
    const at = exchange.status().channels.find(({ name }) => name === organisation.circle);
    return (at?.applied ?? -1) >= block ? true : undefined;
  });
}

import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { common, peer } from '@hyperledger/fabric-protos';
import type { Session } from './session.ts';
import { CONTRACTS } from './target.ts';
import type { MspId } from './target.ts';

/** Between two looks at a peer; the case's own limit ends a wait. */
const POLL_MS = 20;

/** A contract's definition as its next sequence would have it; fields not here stay as `_lifecycle` has them by default. */
export interface NextDefinition {
  readonly name: string;
  readonly version: string;
  readonly sequence: number;
  readonly policy: Uint8Array;
  readonly collections?: peer.CollectionConfigPackage;
}

/** Any one of the organisations' peers, as `_lifecycle` stores an endorsement policy. */
export function anyPeerOf(signaturePolicy: string): Uint8Array {
  const policy = new peer.ApplicationPolicy();
  policy.setSignaturePolicy(
    common.SignaturePolicyEnvelope.deserializeBinary(Buffer.from(signaturePolicy, 'base64')),
  );
  return policy.serializeBinary();
}

/** The policy of the channel's configuration of this name, as `_lifecycle` stores the reference. */
export function channelPolicy(path: string): Uint8Array {
  const policy = new peer.ApplicationPolicy();
  policy.setChannelConfigPolicyReference(path);
  return policy.serializeBinary();
}

/** Private data of all members under one name. */
export function privateCollection(name: string, signaturePolicy: string): peer.CollectionConfigPackage {
  const members = new peer.CollectionPolicyConfig();
  members.setSignaturePolicy(
    common.SignaturePolicyEnvelope.deserializeBinary(Buffer.from(signaturePolicy, 'base64')),
  );
  const collection = new peer.StaticCollectionConfig();
  collection.setName(name);
  collection.setMemberOrgsPolicy(members);
  collection.setMaximumPeerCount(1);
  const config = new peer.CollectionConfig();
  config.setStaticCollectionConfig(collection);
  const collections = new peer.CollectionConfigPackage();
  collections.addConfig(config);
  return collections;
}

export async function currentSequence(session: Session, name: string = CONTRACTS.basic): Promise<number> {
  const args = new peer.lifecycle.QueryChaincodeDefinitionArgs();
  args.setName(name);
  const bytes = await lifecycle(session).evaluate('QueryChaincodeDefinition', {
    arguments: [args.serializeBinary()],
  });
  return peer.lifecycle.QueryChaincodeDefinitionResult.deserializeBinary(bytes).getSequence();
}

/** Approves for the session's own organisation with the package it approved at the current sequence. */
export async function approve(session: Session, next: NextDefinition): Promise<void> {
  const query = new peer.lifecycle.QueryApprovedChaincodeDefinitionArgs();
  query.setName(next.name);
  query.setSequence(next.sequence - 1);
  const own = { endorsingOrganizations: [session.signing.identity.mspId] };
  const approved = peer.lifecycle.QueryApprovedChaincodeDefinitionResult.deserializeBinary(
    await lifecycle(session).evaluate('QueryApprovedChaincodeDefinition', {
      arguments: [query.serializeBinary()],
      ...own,
    }),
  );
  const source = new peer.lifecycle.ChaincodeSource();
  const local = new peer.lifecycle.ChaincodeSource.Local();
  local.setPackageId(approved.getSource()?.getLocalPackage()?.getPackageId() ?? '');
  source.setLocalPackage(local);
  const args = fill(new peer.lifecycle.ApproveChaincodeDefinitionForMyOrgArgs(), next);
  args.setSource(source);
  await lifecycle(session).submit('ApproveChaincodeDefinitionForMyOrg', {
    arguments: [args.serializeBinary()],
    ...own,
  });
}

/** Who has approved the definition, by MSP id. */
export async function readiness(session: Session, next: NextDefinition): Promise<Record<string, boolean>> {
  const args = fill(new peer.lifecycle.CheckCommitReadinessArgs(), next);
  const bytes = await lifecycle(session).evaluate('CheckCommitReadiness', {
    arguments: [args.serializeBinary()],
  });
  const result = peer.lifecycle.CheckCommitReadinessResult.deserializeBinary(bytes);
  return Object.fromEntries(result.getApprovalsMap().toArray());
}

/** Waits until the peer of each session shows exactly these approvals; peers learn of a commit one after the other. */
export async function seenBy(
  sessions: readonly Session[],
  next: NextDefinition,
  approvals: Readonly<Record<string, boolean>>,
): Promise<void> {
  for (const session of sessions) {
    while (!isDeepStrictEqual(await readiness(session, next), approvals)) await delay(POLL_MS);
  }
}

export async function commitDefinition(
  session: Session,
  next: NextDefinition,
  endorsers: readonly MspId[],
): Promise<void> {
  const args = fill(new peer.lifecycle.CommitChaincodeDefinitionArgs(), next);
  await lifecycle(session).submit('CommitChaincodeDefinition', {
    arguments: [args.serializeBinary()],
    endorsingOrganizations: [...endorsers],
  });
}

interface DefinitionArgs {
  setName(name: string): void;
  setVersion(version: string): void;
  setSequence(sequence: number): void;
  setEndorsementPlugin(plugin: string): void;
  setValidationPlugin(plugin: string): void;
  setValidationParameter(policy: Uint8Array): void;
  setCollections(collections?: peer.CollectionConfigPackage): void;
}

function fill<Args extends DefinitionArgs>(args: Args, next: NextDefinition): Args {
  args.setName(next.name);
  args.setVersion(next.version);
  args.setSequence(next.sequence);
  args.setEndorsementPlugin('escc');
  args.setValidationPlugin('vscc');
  args.setValidationParameter(next.policy);
  args.setCollections(next.collections);
  return args;
}

function lifecycle(session: Session) {
  return session.network.getContract('_lifecycle');
}

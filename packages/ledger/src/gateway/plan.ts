import type { ChannelConfig } from '../config/index.ts';
import type { ChaincodeDefinition } from '../lifecycle/index.ts';
import { compileApplicationPolicy, compileSignaturePolicy, type Policy } from '../policy/index.ts';
import type { NamespaceInterest, Peer, PeerChannel } from '../peer/index.ts';

/** Peers that a plan chooses among; beyond it only the first are considered. */
const MAX_CANDIDATES = 16;

/** Every policy that the endorsements of one transaction have to satisfy; undefined when one of them cannot be used. */
export function policiesFor(
  channel: PeerChannel,
  interest: readonly NamespaceInterest[],
): readonly Policy[] | undefined {
  const { config } = channel;
  const view = channel.store.view();
  try {
    const policies: (Policy | undefined)[] = interest.flatMap(
      ({ namespace, keyPolicies, needsChaincodePolicy }) => [
        ...(needsChaincodePolicy
          ? [chaincodePolicy(config, channel.definitions.forPlan(view, namespace))]
          : []),
        ...keyPolicies.map((policy) => compileSignaturePolicy(policy, config.identities)),
      ],
    );
    return policies.every((policy) => policy !== undefined) ? policies : undefined;
  } finally {
    void view.close();
  }
}

/**
 * A smallest set of peers that satisfies all policies, holding as many of `collected` as it can, otherwise the earliest
 * candidates; undefined when no set does.
 */
export function choosePeers(
  config: ChannelConfig,
  policies: readonly Policy[],
  collected: readonly Peer[],
  candidates: readonly Peer[],
): readonly Peer[] | undefined {
  const others = candidates.filter((peer) => !collected.includes(peer)).slice(0, MAX_CANDIDATES);
  const identityOf = (peer: Peer) => config.identities.deserialize(peer.serialized);
  const satisfied = (peers: readonly Peer[]) => {
    const signers = peers.map(identityOf);
    return policies.every((policy) => policy.satisfiedBy(signers));
  };
  if (satisfied(collected)) return [];
  for (let size = 1; size <= others.length; size++) {
    for (const chosen of subsets(others, size)) {
      if (satisfied([...collected, ...chosen])) return chosen;
    }
  }
  return undefined;
}

/** Of the endorsements collected, the ones to put into the transaction: none that the policies do not need. */
export function neededPeers(
  config: ChannelConfig,
  policies: readonly Policy[],
  collected: readonly Peer[],
): readonly Peer[] {
  for (let size = 1; size < collected.length; size++) {
    for (const chosen of subsets(collected, size)) {
      const signers = chosen.map((peer) => config.identities.deserialize(peer.serialized));
      if (policies.every((policy) => policy.satisfiedBy(signers))) return chosen;
    }
  }
  return collected;
}

/** Every set of peers that satisfies all policies and would not without any one of them; the smallest first, at most `limit`. */
export function minimalSets(
  config: ChannelConfig,
  policies: readonly Policy[],
  candidates: readonly Peer[],
  limit: number,
): (readonly Peer[])[] {
  const peers = candidates.slice(0, MAX_CANDIDATES);
  const found: (readonly Peer[])[] = [];
  for (let size = 1; size <= peers.length; size++) {
    for (const chosen of subsets(peers, size)) {
      if (found.some((smaller) => smaller.every((peer) => chosen.includes(peer)))) continue;
      const signers = chosen.map((peer) => config.identities.deserialize(peer.serialized));
      if (policies.every((policy) => policy.satisfiedBy(signers))) found.push(chosen);
      if (found.length >= limit) return found;
    }
  }
  return found;
}

const compiled = new WeakMap<ChaincodeDefinition, { config: ChannelConfig; policy: Policy | undefined }>();

function chaincodePolicy(
  config: ChannelConfig,
  definition: ChaincodeDefinition | undefined,
): Policy | undefined {
  if (definition === undefined) return undefined;
  let known = compiled.get(definition);
  if (known?.config !== config) {
    const { validationParameter } = definition;
    known = {
      config,
      policy: compileApplicationPolicy(validationParameter, config.identities, config.policies),
    };
    compiled.set(definition, known);
  }
  return known.policy;
}

function* subsets<T>(items: readonly T[], size: number, from = 0): Generator<T[]> {
  if (size === 0) {
    yield [];
    return;
  }
  for (let i = from; i <= items.length - size; i++) {
    for (const rest of subsets(items, size - 1, i + 1)) yield [items[i] as T, ...rest];
  }
}

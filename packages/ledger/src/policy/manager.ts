import { LedgerError } from '../error.ts';
import type { IdentityManager } from '../msp/index.ts';
import { WireReader } from '../wire/index.ts';
import { remembered } from './remembered.ts';
import { compileSignaturePolicy } from './signature-policy.ts';
import type { Policy, PolicyManager } from './types.ts';

/** What a policy manager reads of a ConfigGroup. */
export interface PolicyGroup {
  readonly groups: ReadonlyMap<string, PolicyGroup>;
  /** common.Policy messages by name: type 1 SIGNATURE or 3 IMPLICIT_META; undefined when the entry holds none. */
  readonly policies: ReadonlyMap<string, { readonly type: number; readonly value: Uint8Array } | undefined>;
}

const SIGNATURE = 1;
const IMPLICIT_META = 3;

/** common.ImplicitMetaPolicy.Rule, by number: how many of the sub-policies have to hold. */
const THRESHOLDS: readonly ((count: number) => number)[] = [
  (count) => Math.min(1, count),
  (count) => count,
  (count) => (count === 0 ? 0 : Math.floor(count / 2) + 1),
];

const REJECT: Policy = { satisfiedBy: () => false };

/**
 * The policies of a configuration group and the groups below it. `name` is the group's own name ('Channel').
 * @throws LedgerError BAD_CONFIG when one does not compile
 */
export function createPolicyManager(
  name: string,
  root: PolicyGroup,
  identities: IdentityManager,
): PolicyManager {
  const policies = compileGroup(name, root, identities);
  const find = (path: string): Policy | undefined => policies.get(relative(name, path) ?? '');
  return { policy: (path) => find(path) ?? REJECT, has: (path) => find(path) !== undefined };
}

/** Absolute paths begin with the manager's own; anything else is relative to it. */
function relative(name: string, path: string): string | undefined {
  if (!path.startsWith('/')) return path;
  return path.startsWith(`/${name}`) ? path.slice(name.length + 2) : undefined;
}

function compileGroup(path: string, group: PolicyGroup, identities: IdentityManager): Map<string, Policy> {
  const below = new Map(
    [...group.groups].map(([name, inner]) => [name, compileGroup(`${path}/${name}`, inner, identities)]),
  );
  const policies = new Map<string, Policy>();
  for (const [name, policy] of group.policies) {
    if (policy === undefined) throw new LedgerError('BAD_CONFIG', `Policy ${name} at ${path} is empty`);
    policies.set(name, compilePolicy(policy, `${name} at ${path}`, below, identities));
  }
  for (const [name, inner] of below) {
    for (const [policyName, policy] of inner) policies.set(`${name}/${policyName}`, policy);
  }
  return policies;
}

function compilePolicy(
  policy: { readonly type: number; readonly value: Uint8Array },
  where: string,
  below: ReadonlyMap<string, ReadonlyMap<string, Policy>>,
  identities: IdentityManager,
): Policy {
  if (policy.type === SIGNATURE) return compileSignaturePolicy(policy.value, identities);
  if (policy.type === IMPLICIT_META) return implicitMeta(policy.value, where, [...below.values()]);
  throw new LedgerError('BAD_CONFIG', `Policy ${where} has the unknown type ${policy.type}`);
}

/** A group below that has no policy of the name counts as one that refuses. */
function implicitMeta(
  bytes: Uint8Array,
  where: string,
  below: readonly ReadonlyMap<string, Policy>[],
): Policy {
  let subPolicy = '';
  let rule = 0;
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) subPolicy = reader.string();
    else if (reader.field === 2 && reader.wireType === 0) rule = reader.int32();
    else reader.skip();
  }
  const threshold = THRESHOLDS[rule]?.(below.length);
  if (threshold === undefined)
    throw new LedgerError('BAD_CONFIG', `Policy ${where} has the unknown rule ${rule}`);
  const policies = below.map((group) => group.get(subPolicy) ?? REJECT);
  return remembered((signers) => {
    let remaining = threshold;
    for (const policy of policies) {
      if (remaining === 0) break;
      if (policy.satisfiedBy(signers)) remaining--;
    }
    return remaining === 0;
  });
}

import { localResourceRole, type ChannelConfig } from '../config/index.ts';
import type { Verifier } from '../crypto/index.ts';
import type { Identity } from '../msp/index.ts';
import { evaluateSignedData, type Policy, type SignedData } from '../policy/index.ts';

/**
 * Whether a signer may use a resource of a channel ('peer/Propose', 'qscc/GetChainInfo', 'event/Block') at a peer of `mspId`:
 * its signature holds and satisfies the policy that the channel's ACLs, or Fabric's defaults, name; some resources are for
 * the peer's own organisation alone. Undefined: yes; otherwise the reason.
 */
export async function checkAccess(
  context: { readonly config: ChannelConfig; readonly verifier: Verifier; readonly mspId: string },
  resource: string,
  signed: SignedData,
): Promise<string | undefined> {
  const { config, verifier, mspId } = context;
  const denied = `failed evaluating policy on signed data during check policy on channel [${config.channelId}]`;
  let identity: Identity;
  try {
    identity = config.identities.deserialize(signed.identity);
  } catch {
    return denied;
  }
  const [holds] = await verifier.verifyAll([
    { publicKey: identity.publicKey, message: signed.data, signature: signed.signature },
  ]);
  const role = localResourceRole(resource);
  if (role !== undefined) {
    const isAllowed = holds === true && config.identities.satisfies(identity, { kind: 'role', mspId, role });
    const name = role === 'admin' ? 'Admins' : 'Members';
    return isAllowed
      ? undefined
      : `Failed verifying that proposal's creator satisfies local MSP principal during channelless check policy with policy [${name}]: [This identity is not an ${role}]`;
  }
  const policy = config.aclPolicy(resource);
  if (policy === undefined) return `Unmapped policy for ${resource}`;
  const policyContext = { identities: config.identities, check: () => holds === true };
  return evaluateSignedData(policyContext, policy, [signed])
    ? undefined
    : `${denied} with policy [${pathOf(config, policy)}]: [implicit policy evaluation failed]`;
}

/** For the message alone: the application's policy of that name, if it is one of the usual three. */
function pathOf(config: ChannelConfig, policy: Policy): string {
  const paths = ['Readers', 'Writers', 'Admins'].map((name) => `/Channel/Application/${name}`);
  return paths.find((path) => config.policies.policy(path) === policy) ?? "of the channel's ACLs";
}

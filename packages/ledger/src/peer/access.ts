import { localResourceRole, type ChannelConfig } from '../config/index.ts';
import type { Verifier } from '../crypto/index.ts';
import type { Identity } from '../msp/index.ts';
import { isSatisfiedBySigner, type Policy, type SignedData } from '../policy/index.ts';

/** What access is judged by: a channel's configuration as a peer of `mspId` has it. */
interface AccessContext {
  readonly config: ChannelConfig;
  readonly mspId: string;
}

/**
 * Whether a signer may use a resource of a channel ('peer/Propose', 'qscc/GetChainInfo', 'event/Block') at a peer of `mspId`:
 * its signature holds and satisfies the policy that the channel's ACLs, or Fabric's defaults, name; some resources are for
 * the peer's own organisation alone. Undefined: yes; otherwise the reason.
 */
export async function checkAccess(
  context: AccessContext & { readonly verifier: Verifier },
  resource: string,
  signed: SignedData,
): Promise<string | undefined> {
  const identity = identityOf(context.config, signed);
  if (identity === undefined) return denied(context.config);
  const [holds] = await context.verifier.verifyAll([
    { publicKey: identity.publicKey, message: signed.data, signature: signed.signature },
  ]);
  return judgeAccess(context, resource, signed, holds === true);
}

/** The same of a signer whose signature has been decided: it holds or it does not. */
export function judgeAccess(
  { config, mspId }: AccessContext,
  resource: string,
  signed: SignedData,
  holds: boolean,
): string | undefined {
  const identity = identityOf(config, signed);
  if (identity === undefined) return denied(config);
  const role = localResourceRole(resource);
  if (role !== undefined) {
    const isAllowed = holds && config.identities.satisfies(identity, { kind: 'role', mspId, role });
    const name = role === 'admin' ? 'Admins' : 'Members';
    return isAllowed
      ? undefined
      : `Failed verifying that proposal's creator satisfies local MSP principal during channelless check policy with policy [${name}]: [This identity is not an ${role}]`;
  }
  const policy = config.aclPolicy(resource);
  if (policy === undefined) return `Unmapped policy for ${resource}`;
  return isSatisfiedBySigner(policy, identity, holds)
    ? undefined
    : `${denied(config)} with policy [${pathOf(config, policy)}]: [implicit policy evaluation failed]`;
}

function identityOf(config: ChannelConfig, { identity }: SignedData): Identity | undefined {
  try {
    return config.identities.deserialize(identity);
  } catch {
    return undefined;
  }
}

function denied({ channelId }: ChannelConfig): string {
  return `failed evaluating policy on signed data during check policy on channel [${channelId}]`;
}

/** For the message alone: the application's policy of that name, if it is one of the usual three. */
function pathOf(config: ChannelConfig, policy: Policy): string {
  const paths = ['Readers', 'Writers', 'Admins'].map((name) => `/Channel/Application/${name}`);
  return paths.find((path) => config.policies.policy(path) === policy) ?? "of the channel's ACLs";
}

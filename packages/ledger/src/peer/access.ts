import type { ChannelConfig } from '../config/index.ts';
import type { Verifier } from '../crypto/index.ts';
import { evaluateSignedData } from '../policy/index.ts';
import type { SignedData } from '../policy/index.ts';

/**
 * Whether a signer may use a resource of a channel ('peer/Propose', 'qscc/GetChainInfo', 'event/Block'): its signature holds
 * and satisfies the policy that the channel's ACLs, or Fabric's defaults, name. Undefined: yes; otherwise Fabric's text.
 */
export async function checkAccess(
  config: ChannelConfig,
  verifier: Verifier,
  resource: string,
  signed: SignedData,
): Promise<string | undefined> {
  const policy = config.aclPolicy(resource);
  if (policy === undefined) return `Unmapped policy for ${resource}`;
  let holds = false;
  try {
    const { publicKey } = config.identities.deserialize(signed.identity);
    const [outcome] = await verifier.verifyAll([
      { publicKey, message: signed.data, signature: signed.signature },
    ]);
    holds = outcome === true;
  } catch {
    return `failed evaluating policy on signed data during check policy on channel [${config.channelId}]`;
  }
  const context = { identities: config.identities, check: () => holds };
  return evaluateSignedData(context, policy, [signed])
    ? undefined
    : `failed evaluating policy on signed data during check policy on channel [${config.channelId}] with policy of ${resource}: implicit policy evaluation failed`;
}

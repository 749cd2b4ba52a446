import { connect, hash, type Gateway, type Identity, type Signer } from '@hyperledger/fabric-gateway';
import type { GatewayEndpoint } from '../context.ts';
import { COMMIT_WAIT_MS, ENDORSE_DEADLINE_MS, EVALUATE_DEADLINE_MS, SUBMIT_DEADLINE_MS } from './limits.ts';

export interface SigningIdentity {
  readonly identity: Identity;
  readonly signer: Signer;
}

/** One identity's gateways, opened when first used. Every call has a deadline. */
export class Gateways {
  readonly #signing: SigningIdentity;
  readonly #open = new Map<GatewayEndpoint, Gateway>();

  constructor(signing: SigningIdentity) {
    this.#signing = signing;
  }

  get identity(): Identity {
    return this.#signing.identity;
  }

  async sign(message: Uint8Array): Promise<Uint8Array> {
    return this.#signing.signer(message);
  }

  at(endpoint: GatewayEndpoint): Gateway {
    const open = this.#open.get(endpoint);
    if (open !== undefined) return open;
    const gateway = connect({
      client: endpoint.client,
      identity: this.#signing.identity,
      signer: this.#signing.signer,
      hash: hash.none,
      evaluateOptions: () => ({ deadline: Date.now() + EVALUATE_DEADLINE_MS }),
      endorseOptions: () => ({ deadline: Date.now() + ENDORSE_DEADLINE_MS }),
      submitOptions: () => ({ deadline: Date.now() + SUBMIT_DEADLINE_MS }),
      commitStatusOptions: () => ({ deadline: Date.now() + COMMIT_WAIT_MS }),
    });
    this.#open.set(endpoint, gateway);
    return gateway;
  }
}

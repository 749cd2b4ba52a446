import { LedgerError } from '../error.ts';
import { RecentMap } from '../recent-map.ts';
import { parseSerializedIdentity } from './definition.ts';
import { Msp, type MspIdentity, type MspOptions } from './msp.ts';
import type { Identity, IdentityManager, Principal } from './types.ts';

/** Identities kept decoded per configuration. */
const MAX_CACHED_IDENTITIES = 20_000;

/**
 * The MSPs of a channel, from MSPConfig messages.
 * @throws LedgerError BAD_CONFIG
 */
export function createIdentityManager(
  mspConfigs: readonly Uint8Array[],
  options: MspOptions = { ed25519: true },
): IdentityManager {
  return new Manager(mspConfigs.map((config) => new Msp(config, options)));
}

interface KeptIdentity {
  readonly serialized: Buffer;
  readonly identity: MspIdentity;
}

/** Part of a certificate's signature, in PEM: enough to find it by, short enough to be hashed at every look. */
const SAMPLE = { fromEnd: 96, bytes: 48 };

class Manager implements IdentityManager {
  readonly #msps: ReadonlyMap<string, Msp>;
  /** By the very bytes, which all nodes of a process look at several times. */
  readonly #seen = new WeakMap<Uint8Array, MspIdentity>();
  readonly #kept = new RecentMap<string, KeptIdentity>(MAX_CACHED_IDENTITIES);

  constructor(msps: readonly Msp[]) {
    this.#msps = new Map(msps.map((msp) => [msp.mspId, msp]));
  }

  get mspIds(): readonly string[] {
    return [...this.#msps.keys()];
  }

  deserialize(serialized: Uint8Array): Identity {
    let identity = this.#seen.get(serialized);
    if (identity === undefined) {
      identity = this.#known(serialized);
      this.#seen.set(serialized, identity);
    }
    return identity;
  }

  #known(serialized: Uint8Array): MspIdentity {
    const bytes = Buffer.from(serialized.buffer, serialized.byteOffset, serialized.length);
    const key = sampleOf(bytes);
    const kept = this.#kept.get(key);
    if (kept?.serialized.equals(bytes) === true) return kept.identity;
    const identity = this.#decode(serialized);
    this.#kept.set(key, { serialized: Buffer.from(bytes), identity });
    return identity;
  }

  validate(identity: Identity, at?: Date): void {
    this.#mspOf(identity.mspId).validate(identity as MspIdentity);
    if (at !== undefined && identity.notAfter.getTime() < at.getTime()) {
      throw new LedgerError(
        'IDENTITY_EXPIRED',
        `The certificate expired on ${identity.notAfter.toISOString()}`,
      );
    }
  }

  satisfies(identity: Identity, principal: Principal): boolean {
    return this.#mspOf(identity.mspId).satisfies(identity as MspIdentity, principal);
  }

  #decode(serialized: Uint8Array): MspIdentity {
    let parsed: ReturnType<typeof parseSerializedIdentity>;
    try {
      parsed = parseSerializedIdentity(serialized);
    } catch (cause) {
      throw new LedgerError('IDENTITY_REFUSED', 'Not a serialized identity', { cause });
    }
    return this.#mspOf(parsed.mspId).deserialize(parsed.certificate);
  }

  #mspOf(mspId: string): Msp {
    const msp = this.#msps.get(mspId);
    if (msp === undefined)
      throw new LedgerError(
        'IDENTITY_REFUSED',
        `No organisation of the channel has the MSP ${JSON.stringify(mspId)}`,
      );
    return msp;
  }
}

function sampleOf(serialized: Buffer): string {
  const start = Math.max(0, serialized.length - SAMPLE.fromEnd);
  return serialized.toString('latin1', start, start + SAMPLE.bytes);
}

import { nativeSigner } from '@healthchain/ledger';
import { utf8 } from '@healthchain/core';
import type { Caller } from '../../ports.ts';
import type { KeyPair } from '../context.ts';
import { ExchangeError } from '../error.ts';
import type { Keystore } from '../identities/keystore.ts';
import type { GatewayPool } from './pool.ts';
import type { SigningIdentity } from './gateways.ts';
import { LedgerSession } from './session.ts';

/** Sessions kept open; the longest unused goes first. */
const MAX_SESSIONS = 1_000;

/** One session per channel and identity, over the gateways of this server. */
export class Sessions {
  readonly #mspId: string;
  readonly #pool: GatewayPool;
  readonly #keystore: Keystore;
  readonly #server: SigningIdentity;
  readonly #open = new Map<string, { readonly certificate: string; readonly session: LedgerSession }>();

  constructor(options: {
    readonly mspId: string;
    readonly pool: GatewayPool;
    readonly keystore: Keystore;
    readonly server: KeyPair;
  }) {
    this.#mspId = options.mspId;
    this.#pool = options.pool;
    this.#keystore = options.keystore;
    this.#server = signingIdentity(options.mspId, options.server);
  }

  /** The server's own identity. */
  server(channel: string): LedgerSession {
    return this.#session(`server/${channel}`, '', () => new LedgerSession(this.#pool, channel, this.#server));
  }

  /** @throws ExchangeError FORBIDDEN when the caller is no user of this server */
  of(caller: Pick<Caller, 'mspId' | 'userId'>, channel: string): LedgerSession {
    if (caller.mspId !== this.#mspId)
      throw new ExchangeError('FORBIDDEN', 'The caller belongs to another organisation');
    const pair = this.#keystore.keyPair(caller.userId);
    return this.#session(
      `${caller.userId}/${channel}`,
      pair.certificate,
      () => new LedgerSession(this.#pool, channel, signingIdentity(this.#mspId, pair)),
    );
  }

  #session(key: string, certificate: string, open: () => LedgerSession): LedgerSession {
    const found = this.#open.get(key);
    const entry = found?.certificate === certificate ? found : { certificate, session: open() };
    this.#open.delete(key);
    this.#open.set(key, entry);
    const oldest = this.#open.keys().next().value;
    if (this.#open.size > MAX_SESSIONS && oldest !== undefined) this.#open.delete(oldest);
    return entry.session;
  }
}

function signingIdentity(mspId: string, pair: KeyPair): SigningIdentity {
  return {
    identity: { mspId, credentials: utf8(pair.certificate) },
    signer: nativeSigner(pair.privateKey),
  };
}

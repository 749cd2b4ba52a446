import type { Ending } from '../ending.ts';
import { RpcError, Code } from './status.ts';

/**
 * What a session has seen: it is never served from an older state (design/ledger.md section 1). Shared by all calls of one
 * client object.
 */
export interface Session {
  /** Number of blocks of a channel that this session has seen. */
  seen(channelId: string): number;
  note(channelId: string, height: number): void;
}

export function createSession(): Session {
  const heights = new Map<string, number>();
  return {
    seen: (channelId) => heights.get(channelId) ?? 0,
    note: (channelId, height) => {
      if (height > (heights.get(channelId) ?? 0)) heights.set(channelId, height);
    },
  };
}

/** One call's surroundings. `ending` comes when the client cancels or the deadline passes; its reason is the RpcError. */
export interface CallContext {
  readonly ending: Ending;
  readonly session: Session;
  /** SHA-256 of the client's TLS certificate (DER) where the node demands one; empty when none was shown. */
  readonly clientCertificateHash: Uint8Array | undefined;
  /** Where the caller reaches nodes ('peer0.north.test:7051' → '127.0.0.1:40151'): for answers that name them. */
  readonly advertised: Readonly<Record<string, string>>;
}

/** Resolves or rejects as `work` does, but not after the call has ended. */
export function whileOpen<T>({ ending }: CallContext, work: Promise<T>): Promise<T> {
  if (ending.hasCome) return Promise.reject(reasonOf(ending));
  return new Promise((resolve, reject) => {
    const end = () => reject(reasonOf(ending));
    ending.listen(end);
    work.then(
      (value) => {
        ending.leave(end);
        resolve(value);
      },
      (error: unknown) => {
        ending.leave(end);
        reject(error);
      },
    );
  });
}

export function reasonOf({ reason }: Ending): RpcError {
  return reason instanceof RpcError ? reason : new RpcError(Code.CANCELLED, 'Cancelled on client');
}

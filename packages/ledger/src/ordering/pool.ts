import type { BatchLimits } from '../config/index.ts';

/** Requests that one orderer keeps for one channel; beyond it Broadcast answers SERVICE_UNAVAILABLE. */
const MAX_WAITING_REQUESTS = 20_000;
const MAX_WAITING_BYTES = 256 * 1024 * 1024;

export interface OrderRequest {
  /** One request of a key waits at a time. */
  readonly key: string;
  readonly envelope: Uint8Array;
  /** Payload and signature, as Fabric counts. */
  readonly size: number;
  readonly isConfig: boolean;
}

/** Admitted requests in the order of arrival, until a block holds them. */
export class RequestPool {
  readonly #waiting = new Map<string, OrderRequest>();
  #bytes = 0;

  get size(): number {
    return this.#waiting.size;
  }

  get isFull(): boolean {
    return this.#waiting.size >= MAX_WAITING_REQUESTS || this.#bytes >= MAX_WAITING_BYTES;
  }

  /** False when a request of this key waits already. */
  add(request: OrderRequest): boolean {
    if (this.#waiting.has(request.key)) return false;
    this.#waiting.set(request.key, request);
    this.#bytes += request.size;
    return true;
  }

  get(key: string): OrderRequest | undefined {
    return this.#waiting.get(key);
  }

  remove(key: string): void {
    const request = this.#waiting.get(key);
    if (request === undefined) return;
    this.#waiting.delete(key);
    this.#bytes -= request.size;
  }

  all(): OrderRequest[] {
    return [...this.#waiting.values()];
  }

  /** The next block's requests, which stay in the pool: a configuration alone, else as many as the limits allow. */
  batch(limits: BatchLimits): OrderRequest[] {
    const batch: OrderRequest[] = [];
    let bytes = 0;
    for (const request of this.#waiting.values()) {
      const isAlone = request.isConfig || request.size > limits.preferredMaxBytes;
      if (batch.length > 0 && (isAlone || bytes + request.size > limits.preferredMaxBytes)) break;
      batch.push(request);
      bytes += request.size;
      if (isAlone || batch.length >= limits.maxMessageCount) break;
    }
    return batch;
  }
}

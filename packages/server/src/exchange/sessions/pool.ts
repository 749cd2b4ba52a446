import type { GatewayEndpoint } from '../context.ts';
import { GATEWAY_COOLDOWN_MS } from './limits.ts';

/**
 * The gateways of one server, its own organisation's first, and what is known of their peers' heights. One per server process:
 * all its users share the highest block that any of them has seen, so no session of the server goes back.
 */
export class GatewayPool {
  readonly #channels: ReadonlyMap<string, readonly string[]>;
  readonly #endpoints: readonly GatewayEndpoint[];
  readonly #downUntil = new Map<GatewayEndpoint, number>();
  readonly #seen = new Map<string, bigint>();
  readonly #known = new Map<GatewayEndpoint, Map<string, bigint>>();
  readonly #clock: () => Date;

  constructor(
    endpoints: readonly GatewayEndpoint[],
    channels: readonly { readonly name: string; readonly members: readonly string[] }[],
    clock: () => Date,
  ) {
    this.#channels = new Map(channels.map(({ name, members }) => [name, members]));
    this.#endpoints = endpoints;
    this.#clock = clock;
  }

  /**
   * The channel's gateways in the order to try: those that answered lately first, each group in the order of the configuration.
   * `only`: no other organisation's.
   */
  inOrder(channel: string, only?: string): readonly GatewayEndpoint[] {
    const members = this.#channels.get(channel) ?? [];
    const usable = this.#endpoints.filter(
      ({ mspId }) => members.includes(mspId) && (only ?? mspId) === mspId,
    );
    return [...usable.filter((e) => !this.#isDown(e)), ...usable.filter((e) => this.#isDown(e))];
  }

  of(mspId: string): GatewayEndpoint | undefined {
    return this.#endpoints.find((endpoint) => endpoint.mspId === mspId);
  }

  markDown(endpoint: GatewayEndpoint): void {
    this.#downUntil.set(endpoint, this.#clock().getTime() + GATEWAY_COOLDOWN_MS);
  }

  markUp(endpoint: GatewayEndpoint): void {
    this.#downUntil.delete(endpoint);
  }

  /** The number of the highest block that an answer of this server has shown. */
  seen(channel: string): bigint {
    return this.#seen.get(channel) ?? 0n;
  }

  /** The endpoint's peer has this block. */
  sawBlock(endpoint: GatewayEndpoint | undefined, channel: string, block: bigint): void {
    if (block > this.seen(channel)) this.#seen.set(channel, block);
    if (endpoint === undefined || block <= this.known(endpoint, channel)) return;
    const known = this.#known.get(endpoint) ?? new Map<string, bigint>();
    this.#known.set(endpoint, known.set(channel, block));
  }

  /** A block that the endpoint's peer is known to have; it may have more. */
  known(endpoint: GatewayEndpoint, channel: string): bigint {
    return this.#known.get(endpoint)?.get(channel) ?? -1n;
  }

  #isDown(endpoint: GatewayEndpoint): boolean {
    return (this.#downUntil.get(endpoint) ?? 0) > this.#clock().getTime();
  }
}

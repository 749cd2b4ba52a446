import { toBase64 } from '@healthchain/core';
import type { ExchangeContext } from '../context.ts';
import { ExchangeError } from '../error.ts';
import type { GatewayPool } from '../sessions/pool.ts';
import type { Sessions } from '../sessions/sessions.ts';
import { Throttle } from '../throttle.ts';
import { ChannelCustodian } from './channel-custodian.ts';
import { CustodyClient } from './client.ts';
import { assertOnChannel } from './membership.ts';
import { serveCustody, type CustodyHandlers, type CustodyServer } from './server.ts';

/** Blocks that one member may want to see in a minute: a custodian asks when it is behind, or when two peers differ. */
const BLOCKS_PER_MEMBER = 120;

export interface CustodyServiceOptions {
  readonly context: ExchangeContext;
  readonly pool: GatewayPool;
  readonly sessions: Sessions;
  /** Answers a match request of another member. */
  readonly match: CustodyHandlers['match'];
}

/**
 * This organisation's custodians and the HTTPS API before them, and its connections to the others'. The API serves as long as the
 * custodians run; stopping them leaves the rest of the server at work.
 */
export class CustodyService {
  readonly #options: CustodyServiceOptions;
  readonly #clients: ReadonlyMap<string, CustodyClient>;
  #running:
    | { readonly server: CustodyServer; readonly custodians: ReadonlyMap<string, ChannelCustodian> }
    | undefined;
  readonly #blocks: Throttle;
  #changing: Promise<void> = Promise.resolve();

  constructor(options: CustodyServiceOptions) {
    this.#options = options;
    this.#blocks = new Throttle(BLOCKS_PER_MEMBER, options.context.clock);
    const { members, mspId, tls } = options.context;
    this.#clients = new Map(
      members
        .filter((member) => member.mspId !== mspId)
        .map((member) => [member.mspId, new CustodyClient(member, tls)]),
    );
  }

  get running(): boolean {
    return this.#running !== undefined;
  }

  /** The connection to another organisation's custodian. */
  client(mspId: string): CustodyClient | undefined {
    return this.#clients.get(mspId);
  }

  /** The own custodian on a channel. @throws ExchangeError UNAVAILABLE while custody is stopped */
  own(channel: string): ChannelCustodian {
    const custodian = this.#running?.custodians.get(channel);
    if (custodian === undefined)
      throw new ExchangeError('UNAVAILABLE', `The own custodian on ${channel} is stopped`);
    return custodian;
  }

  start(): Promise<void> {
    return this.#change(async () => {
      if (this.#running !== undefined) return;
      const custodians = await this.#openCustodians();
      this.#running = { custodians, server: await this.#serve() };
    });
  }

  stop(): Promise<void> {
    return this.#change(async () => {
      const running = this.#running;
      this.#running = undefined;
      if (running === undefined) return;
      await running.server.close();
      await Promise.all([...running.custodians.values()].map((custodian) => custodian.close()));
    });
  }

  async close(): Promise<void> {
    await this.stop();
    for (const client of this.#clients.values()) client.close();
  }

  #change(step: () => Promise<void>): Promise<void> {
    const next = this.#changing.then(step);
    this.#changing = next.catch(() => undefined);
    return next;
  }

  async #openCustodians(): Promise<ReadonlyMap<string, ChannelCustodian>> {
    const { context, pool, sessions } = this.#options;
    const own = pool.of(context.mspId);
    if (own === undefined) throw new ExchangeError('INVALID', 'There is no gateway of the own organisation');
    const custodians = new Map<string, ChannelCustodian>();
    try {
      for (const { name, members } of context.channels) {
        const others = members.flatMap((mspId) => this.#clients.get(mspId) ?? []);
        const session = sessions.server(name);
        const custodian = ChannelCustodian.open({ context, channel: name, session, pool, own, others });
        custodians.set(name, custodian);
        await custodian.start();
      }
    } catch (error) {
      await Promise.all([...custodians.values()].map((custodian) => custodian.close()));
      throw error;
    }
    return custodians;
  }

  #serving(channel: string, member: string): ChannelCustodian {
    assertOnChannel(this.#options.context.channels, channel, member);
    return this.own(channel);
  }

  #serve(): Promise<CustodyServer> {
    const { context, match } = this.#options;
    return serveCustody({
      ...context.custody,
      tls: context.tls,
      log: context.log,
      handlers: {
        release: async ({ channel, request }, member) =>
          this.#serving(channel, member).custodian.release(request, member),
        log: async ({ channel, request }, member) =>
          this.#serving(channel, member).custodian.readLog(request, member),
        height: async ({ channel }, member) => this.#serving(channel, member).view.tip(),
        block: async ({ channel, height }, member) => {
          const { view } = this.#serving(channel, member);
          this.#blocks.use(member);
          return { proof: toBase64(await view.proof(height)) };
        },
        match: async (body, member) => {
          assertOnChannel(context.channels, body.channel, member);
          return match(body, member);
        },
      },
    });
  }
}

import { describe, expect, it } from 'vitest';
import { toHex, utf8 } from '@healthchain/core';
import { blockDataHash } from '../validation/index.ts';
import { Authority } from './authority.ts';
import type { Effect, Event, Step } from './machine.ts';
import type { Council } from './finality.ts';
import type { FinalBlock, Message } from './messages.ts';
import type { SigningRecord } from './records.ts';
import { roundRobin } from './schedule.ts';
import { encodeIdentifierHeader, makeProposal } from './turn-metadata.ts';

/** mulberry32: every schedule is one number. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Node {
  readonly id: number;
  machine: Authority | undefined;
  /** Durable: signing records and final blocks. */
  records: SigningRecord[];
  chain: FinalBlock[];
  timer: { readonly at: number; readonly height: number; readonly turn: number } | undefined;
  made: number;
}

interface Faults {
  readonly loss: number;
  readonly crash: number;
}

/** The authorities of one channel with clock, network and storage played from a seed. */
class World {
  readonly #random: () => number;
  readonly #faults: Faults;
  readonly #council: Council;
  readonly nodes: Node[];
  #now = 0;
  /** Latest first, so that the next is at the end. */
  readonly #queue: { readonly at: number; readonly run: () => void }[] = [];

  constructor(seed: number, authorities: number, faults: Faults) {
    this.#random = randomOf(seed);
    this.#faults = faults;
    const ids = Array.from({ length: authorities }, (_, i) => i + 1);
    this.#council = { channel: 'c', authorities: ids, schedule: roundRobin, mayTakePart: () => true };
    this.nodes = ids.map((id) => ({
      id,
      machine: undefined,
      records: [],
      chain: [],
      timer: undefined,
      made: 0,
    }));
    for (const node of this.nodes) this.start(node);
  }

  start(node: Node): void {
    const id = node.id;
    node.machine = new Authority(
      { self: id, timeoutMs: 100, downTimeoutMs: 5 },
      {
        sign: () => utf8(`by ${id}`),
        signBlock: () => ({
          identifierHeader: encodeIdentifierHeader(id, utf8('n')),
          signature: utf8(`s${id}`),
        }),
        propose: (turn, certificate, repeat) => {
          const height = node.chain.length;
          const data = repeat?.data ?? [utf8(`${id}/${height}/${node.made++}`)];
          const previousHash = node.chain.at(-1)?.headerHash ?? new Uint8Array(32);
          const header = repeat?.header ?? {
            number: BigInt(height),
            previousHash,
            dataHash: blockDataHash(data),
          };
          return makeProposal(header, data, { lastConfig: 0, turn, height, certificate });
        },
      },
      { height: node.chain.length, council: this.#council, records: node.records },
    );
    this.#apply(node, node.machine.resume());
    this.#feed(node, { kind: 'pending', requests: 1 });
  }

  crash(node: Node): void {
    node.machine = undefined;
    node.timer = undefined;
  }

  run(until: number): void {
    while (this.#now < until) {
      const next = this.#takeNext();
      if (next === undefined || next.at > until) {
        if (next !== undefined) this.#queue.push(next);
        break;
      }
      this.#now = Math.max(this.#now, next.at);
      next.run();
      this.#maybeCrash();
    }
    this.#now = until;
  }

  #takeNext() {
    const due = this.nodes
      .filter(({ timer }) => timer !== undefined)
      .sort((a, b) => (a.timer?.at ?? 0) - (b.timer?.at ?? 0))[0];
    const next = this.#queue.at(-1);
    if (due?.timer !== undefined && (next === undefined || due.timer.at <= next.at)) {
      const { timer } = due;
      due.timer = undefined;
      return {
        at: timer.at,
        run: () => this.#feed(due, { kind: 'timer', height: timer.height, turn: timer.turn }),
      };
    }
    return this.#queue.pop();
  }

  #maybeCrash(): void {
    if (this.#random() >= this.#faults.crash) return;
    const node = this.nodes[Math.floor(this.#random() * this.nodes.length)] as Node;
    if (node.machine !== undefined) this.crash(node);
    this.#later(50 + this.#random() * 300, () => {
      if (node.machine === undefined) this.start(node);
    });
  }

  #feed(node: Node, event: Event): void {
    if (node.machine !== undefined) this.#apply(node, node.machine.handle(event));
  }

  /** Records are durable before effects; a crash may come in between, and then the effects never happen. */
  #apply(node: Node, step: Step): void {
    node.records.push(...step.records);
    const { machine } = node;
    if (step.records.length > 0 && this.#random() < this.#faults.crash) this.crash(node);
    for (const effect of step.effects)
      if (node.machine === machine && machine !== undefined) this.#perform(node, effect);
  }

  #perform(node: Node, effect: Effect): void {
    if (effect.kind === 'send') this.#send(node, effect.to, effect.message);
    else if (effect.kind === 'check') {
      const key = `${effect.proposal.turn}:${toHex(effect.proposal.headerHash)}:${toHex(effect.proposal.valueHash)}`;
      const previous = node.chain.at(-1)?.headerHash ?? new Uint8Array(32);
      const isValid = toHex(effect.proposal.block.header.previousHash) === toHex(previous);
      this.#later(1, () => this.#feed(node, { kind: 'checked', key, isValid }));
    } else if (effect.kind === 'decide') this.#later(1, () => this.#commit(node, effect.final));
    else if (effect.kind === 'timer') node.timer = { ...effect, at: this.#now + effect.afterMs };
    else if (effect.kind === 'catchUp') this.#later(5, () => this.#catchUp(node, effect.from));
  }

  #send(from: Node, to: number | 'others', message: Message): void {
    for (const node of this.nodes) {
      if (node === from || (to !== 'others' && node.id !== to)) continue;
      if (this.#random() < this.#faults.loss) continue;
      this.#later(this.#random() * 20, () => this.#feed(node, { kind: 'message', from: from.id, message }));
    }
  }

  #commit(node: Node, final: FinalBlock): void {
    if (node.machine === undefined || final.height !== node.chain.length) return;
    node.chain.push(final);
    this.#feed(node, { kind: 'committed', height: node.chain.length, council: this.#council, requests: 1 });
  }

  #catchUp(node: Node, from: number): void {
    const source = this.nodes.find(({ id }) => id === from);
    for (const final of source?.chain.slice(node.chain.length) ?? []) this.#commit(node, final);
  }

  #later(after: number, run: () => void): void {
    const item = { at: this.#now + after, run };
    let place = this.#queue.length;
    while (place > 0 && (this.#queue[place - 1]?.at ?? 0) < item.at) place -= 1;
    this.#queue.splice(place, 0, item);
  }
}

function mustAgree(world: World): void {
  for (const a of world.nodes) {
    for (const b of world.nodes) {
      const shared = Math.min(a.chain.length, b.chain.length);
      for (let i = 0; i < shared; i++) {
        expect(toHex(a.chain[i]?.headerHash ?? utf8('a'))).toBe(toHex(b.chain[i]?.headerHash ?? utf8('b')));
      }
    }
  }
}

const heights = (world: World) => world.nodes.map((node) => node.chain.length);

describe('authorities', () => {
  it.each([1, 2, 3, 4, 7])('decide block after block when nothing fails (%d of them)', (authorities) => {
    const world = new World(1, authorities, { loss: 0, crash: 0 });
    world.run(1000);
    mustAgree(world);
    expect(Math.min(...heights(world))).toBeGreaterThan(10);
  });

  it.each([
    [3, 40],
    [4, 25],
    [7, 6],
  ])('never disagree under loss and crashes, and go on afterwards (%d of them)', (authorities, seeds) => {
    for (let seed = 1; seed <= seeds; seed++) {
      const faults = { loss: 0.1, crash: 0.01 };
      const world = new World(seed, authorities, faults);
      world.run(2000);
      mustAgree(world);
      for (const node of world.nodes) if (node.machine === undefined) world.start(node);
      const before = Math.max(...heights(world));
      Object.assign(faults, { loss: 0, crash: 0 });
      world.run(6000);
      mustAgree(world);
      expect(Math.min(...heights(world)), `seed ${seed}`).toBeGreaterThan(before);
    }
  });

  it('pass over an authority that is gone, with one vote carried', () => {
    const world = new World(7, 3, { loss: 0, crash: 0 });
    world.crash(world.nodes[1] as Node);
    world.run(5000);
    mustAgree(world);
    const [first] = world.nodes;
    expect(first?.chain.length).toBeGreaterThan(10);
    const passed = first?.chain.filter((block) => block.turn > 0) ?? [];
    expect(passed.length).toBeGreaterThan(2);
    for (const block of passed) expect(block.certificate?.votes.length).toBeGreaterThanOrEqual(2);
  });

  it('stop without a quorum and resume with one', () => {
    const world = new World(9, 4, { loss: 0, crash: 0 });
    world.run(1000);
    const [, second, third] = world.nodes;
    if (second === undefined || third === undefined) throw new Error('four nodes');
    world.crash(second);
    world.crash(third);
    world.run(1100);
    const stopped = Math.max(...heights(world));
    world.run(4000);
    expect(Math.max(...heights(world))).toBeLessThanOrEqual(stopped + 1);
    world.start(third);
    world.run(20_000);
    mustAgree(world);
    expect(Math.max(...heights(world))).toBeGreaterThan(stopped + 3);
  });
});

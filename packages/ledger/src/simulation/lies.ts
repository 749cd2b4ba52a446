import { concat } from '@healthchain/core';
import { decodeBlock, encodeBlock, MetadataIndex, withMetadata } from '../ordering/block.ts';
import {
  acknowledgementBytes,
  type Certificate,
  type Message,
  type Proposal,
  type SignedAt,
  type Vote,
} from '../ordering/messages.ts';
import { openBlock } from '../ordering/turn-metadata.ts';
import type { Environment } from './environment.ts';
import type { Random } from './random.ts';
import { makeBlock, makeRequest } from './requests.ts';
import { signBlock, signVote } from './signing.ts';

export interface LieContext {
  readonly id: number;
  readonly environment: Environment;
  readonly random: Random;
  readonly height: number;
  readonly turn: number;
  readonly heard: readonly Message[];
}

/** One way to lie, with the liar's own key. */
export interface Lie {
  readonly name: string;
  /** What goes to one authority in place of a message; undefined where this lie does not apply. */
  readonly instead?: (context: LieContext, message: Message, to: number) => readonly Message[] | undefined;
  /** What it says when it hears a message. */
  readonly onHearing?: (context: LieContext, message: Message) => readonly Message[];
  /** What it says by itself, now and then. */
  readonly idea?: (context: LieContext) => readonly Message[];
  /** What it gives in place of a final block. */
  readonly block?: (context: LieContext, bytes: Uint8Array) => Uint8Array;
}

const bytes = (random: Random, length = 32): Uint8Array =>
  Uint8Array.from({ length }, () => random.below(256));

const HIDES_SIGNED: Lie = {
  name: 'hides the block it signed',
  instead: ({ environment }, message) =>
    message.kind === 'vote' && message.vote.last !== undefined
      ? [
          {
            kind: 'vote',
            vote: signVote(environment, { ...message.vote, last: undefined }),
            block: undefined,
          },
        ]
      : undefined,
};

/** What helps any block and any turn to be passed over, and forgets both. */
export const ACCOMPLICE: readonly Lie[] = [
  {
    name: 'signs whatever it hears of',
    onHearing: ({ id, environment }, message) =>
      message.kind === 'proposal' ? everySignature(id, environment, message.proposal) : [],
  },
  {
    name: 'votes along, without a block',
    onHearing: ({ id, environment }, message) => {
      if (message.kind !== 'vote' || environment.liars.has(message.vote.voter)) return [];
      const { height, turn } = message.vote;
      const vote = signVote(environment, { height, turn, voter: id, last: undefined });
      return [{ kind: 'vote', vote, block: undefined }];
    },
  },
];

export const LIES: readonly Lie[] = [
  {
    name: 'is silent',
    instead: () => [],
  },
  {
    name: 'shows its block to one authority only',
    instead: ({ environment, height }, message, to) => {
      if (message.kind !== 'proposal' && message.kind !== 'signature') return undefined;
      const { authorities } = environment.council;
      return to === authorities[height % authorities.length] ? [message] : [];
    },
  },
  {
    name: 'keeps its signature back',
    instead: (_, message) => (message.kind === 'signature' ? [] : undefined),
  },
  HIDES_SIGNED,
  {
    name: 'claims to have signed what nobody acknowledged',
    instead: ({ environment, random }, message) => {
      if (message.kind !== 'vote') return undefined;
      const last = { ...madeUp(random, message.vote.turn), acknowledgements: [] };
      return [{ kind: 'vote', vote: signVote(environment, { ...message.vote, last }), block: undefined }];
    },
  },
  {
    name: 'moves the borders of the block it carries',
    instead: (_, message) => {
      if (message.kind !== 'vote' || message.block === undefined) return undefined;
      return [{ ...message, block: { ...message.block, data: [concat(...message.block.data)] } }];
    },
  },
  {
    name: 'leaves out the block it carries',
    instead: (_, message) =>
      message.kind === 'vote' && message.block !== undefined ? [{ ...message, block: undefined }] : undefined,
  },
  {
    name: 'signs in the name of another',
    instead: ({ id, environment, random }, message) => {
      if (message.kind !== 'signature') return undefined;
      const named = random.pick([0, ...environment.council.authorities]);
      const block = { header: message.header, data: [], metadata: [] };
      const signed = { ...message.id, value: message.value, block };
      return [{ ...message, ...signBlock(environment, id, signed, named) }];
    },
  },
  ...ACCOMPLICE,
  {
    name: 'proposes other metadata than it signs',
    instead: ({ random }, message) => {
      if (message.kind !== 'proposal') return undefined;
      const { proposal } = message;
      const metadata = random.pick([
        [],
        withMetadata(proposal.block, MetadataIndex.signatures, new Uint8Array()).metadata,
        withMetadata(proposal.block, MetadataIndex.lastConfig, bytes(random)).metadata,
        [...proposal.block.metadata, bytes(random)],
      ]);
      return [{ ...message, proposal: { ...proposal, block: { ...proposal.block, metadata } } }];
    },
  },
  {
    name: 'shows another certificate than it signs',
    instead: ({ height }, message) => {
      if (message.kind !== 'proposal') return undefined;
      const { proposal } = message;
      const other = proposal.certificate === undefined ? { height, turn: 0, votes: [] } : undefined;
      return [{ ...message, proposal: { ...proposal, certificate: other } }];
    },
  },
  {
    name: 'proposes what no client signed',
    idea: (context) =>
      proposals(context, context.turn, undefined, [makeRequest(`forged ${context.random.next()}`)]),
  },
  {
    name: 'forges certificates',
    idea: (context) => {
      const turn = context.turn + context.random.below(3);
      const certificate = forgeCertificate(context, turn);
      return [
        ...proposals(context, turn + 1, certificate, [makeRequest('of a client')]),
        { kind: 'certificate', certificate },
      ];
    },
  },
  {
    name: 'says again what it has heard',
    idea: ({ random, heard }) => (heard.length === 0 ? [] : [random.pick(heard), random.pick(heard)]),
  },
  {
    name: 'votes for turns far away',
    idea: ({ id, environment, random, height, turn }) => {
      const far = turn + random.below(2000);
      return [
        {
          kind: 'vote',
          vote: signVote(environment, { height, turn: far, voter: id, last: undefined }),
          block: undefined,
        },
      ];
    },
  },
  {
    name: 'lies about its height',
    idea: ({ random, height }) => [
      { kind: 'height', height: random.pick([0, height + 1, height + 7, 2 ** 40]) },
    ],
    block: alterBlock,
  },
];

function madeUp(random: Random, turn: number): Omit<SignedAt, 'acknowledgements'> {
  return { turn, headerHash: bytes(random), valueHash: bytes(random) };
}

function everySignature(id: number, environment: Environment, proposal: Proposal): Message[] {
  const { height, turn, headerHash, valueHash, value, block } = proposal;
  const at = { height, turn, headerHash, valueHash };
  const signature = environment.sign(id, acknowledgementBytes(environment.council.channel, at));
  return [
    { kind: 'acknowledgement', id: at, signature },
    { kind: 'signature', id: at, header: block.header, value, ...signBlock(environment, id, proposal) },
  ];
}

/** A proposal of its own where it is the proposer, with its signature at once. */
function proposals(
  { id, environment, height }: LieContext,
  turn: number,
  certificate: Certificate | undefined,
  data: readonly Uint8Array[],
): Message[] {
  const { council, promises } = environment;
  const previousHash = promises.final(height - 1);
  if (previousHash === undefined || council.schedule.proposer(council.authorities, height, turn) !== id)
    return [];
  const proposal = makeBlock(previousHash, data, { height, turn, certificate });
  const [acknowledgement, signature] = everySignature(id, environment, proposal);
  if (acknowledgement?.kind !== 'acknowledgement' || signature === undefined) return [];
  return [{ kind: 'proposal', proposal, acknowledgement: acknowledgement.signature }, signature];
}

/** Votes of a quorum, as far as one key and what was heard will do: some forged, some its own twice, some of other turns. */
function forgeCertificate(context: LieContext, turn: number): Certificate {
  const { id, environment, random, height, heard } = context;
  const real = heard.flatMap((message): Vote[] => (message.kind === 'vote' ? [message.vote] : []));
  const own = signVote(environment, { height, turn, voter: id, last: undefined });
  const forged = environment.council.authorities.map((voter): Vote => {
    const vote = { height, turn, voter, last: undefined };
    const kind = random.below(4);
    if (kind === 0) return { ...vote, signature: bytes(random) };
    if (kind === 1) return own;
    const found = real.find((one) => one.voter === voter);
    return found === undefined ? { ...vote, signature: own.signature } : { ...found, height, turn };
  });
  return { height, turn, votes: random.chance(0.3) ? [own] : forged };
}

function alterBlock({ random }: LieContext, original: Uint8Array): Uint8Array {
  const block = decodeBlock(original);
  const kind = random.below(6);
  if (kind === 0) return encodeBlock({ ...block, data: [makeRequest('forged')] });
  if (kind === 1) return encodeBlock({ ...block, data: [concat(...block.data)] });
  if (kind === 2) return encodeBlock(withMetadata(block, MetadataIndex.lastConfig, bytes(random)));
  if (kind === 3)
    return encodeBlock({ ...block, header: { ...block.header, number: block.header.number + 1n } });
  if (kind === 4) return original.subarray(0, random.below(original.length));
  const unsigned = openBlock(block).block;
  return encodeBlock(withMetadata(unsigned, MetadataIndex.signatures, bytes(random, 50)));
}

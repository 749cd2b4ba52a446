import { fromUtf8 } from '@healthchain/core';
import { configOf, type ChannelConfig } from '../config/index.ts';
import { invokeLifecycle, LIFECYCLE } from '../lifecycle/index.ts';
import { WireWriter } from '../wire/index.ts';
import type { ChaincodeResponse } from './chaincode.ts';
import type { Simulator } from './simulator.ts';

export const SYSTEM_VERSION = 'syscc';
const SYSTEM_NAMES: ReadonlySet<string> = new Set(['qscc', 'cscc', 'lscc', LIFECYCLE]);

export function isSystemChaincode(name: string): boolean {
  return SYSTEM_NAMES.has(name);
}

/** Without a simulator on Fabric too: what they answer is not part of a read set. */
export function readsLedgerDirectly(name: string): boolean {
  return name === 'qscc' || name === 'cscc';
}

/** What system chaincodes ask of a channel at this peer. Errors are thrown with Fabric's texts. */
export interface LedgerQueries {
  readonly height: number;
  tip(): Promise<{ readonly currentHash: Uint8Array; readonly previousHash: Uint8Array }>;
  readonly config: ChannelConfig;
  block(number: number): Promise<Uint8Array>;
  numberByHash(headerHash: Uint8Array): number | undefined;
  place(txId: string): { readonly block: number; readonly index: number; readonly code: number } | undefined;
  envelope(block: number, index: number): Promise<Uint8Array>;
  configBlock(): Promise<Uint8Array>;
}

export interface SystemCall {
  readonly args: readonly Uint8Array[];
  /** The channel that a function's argument names; undefined when this peer has not joined it. */
  channel(channelId: string): LedgerQueries | undefined;
  channels(): readonly string[];
  /** Undefined when the caller may use the resource, otherwise the refusal's text. */
  access(resource: string, channelId: string): string | undefined;
}

type Query = (ledger: LedgerQueries, argument: Uint8Array) => Promise<Uint8Array>;

const QUERIES: Readonly<Record<string, Query>> = {
  GetChainInfo: async (ledger) => {
    const { height } = ledger;
    const { currentHash, previousHash } = await ledger.tip();
    return new WireWriter().uint(1, height).bytes(2, currentHash).bytes(3, previousHash).finish();
  },
  GetBlockByNumber: (ledger, argument) => blockByNumber(ledger, fromUtf8(argument)),
  GetBlockByHash: (ledger, argument) => {
    const number = ledger.numberByHash(argument);
    const hash = Buffer.from(argument).toString('latin1');
    if (number === undefined)
      throw new Error(`Failed to get block hash ${hash}, error no such block hash in index`);
    return ledger.block(number);
  },
  GetTransactionByID: async (ledger, argument) => {
    const txId = fromUtf8(argument);
    const place = ledger.place(txId);
    if (place === undefined) {
      throw new Error(
        `Failed to get transaction with id ${txId}, error no such transaction ID [${txId}] in index`,
      );
    }
    const envelope = await ledger.envelope(place.block, place.index);
    return new WireWriter().present(1, envelope).uint(2, place.code).finish();
  },
  GetBlockByTxID: (ledger, argument) => {
    const txId = fromUtf8(argument);
    const place = ledger.place(txId);
    if (place === undefined) {
      throw new Error(
        `Failed to get block for txID ${txId}, error no such transaction ID [${txId}] in index`,
      );
    }
    return ledger.block(place.block);
  },
};

export async function invokeQscc(call: SystemCall): Promise<ChaincodeResponse> {
  const { args } = call;
  if (args.length < 2) return failure(`Incorrect number of arguments, ${args.length}`);
  const [name = '', channelId = ''] = args.slice(0, 2).map((arg) => fromUtf8(arg));
  const argument = args[2];
  if (name !== 'GetChainInfo' && argument === undefined) return failure(`missing 3rd argument for ${name}`);
  const ledger = call.channel(channelId);
  if (ledger === undefined) return failure(`Invalid chain ID, ${channelId}`);
  const refusal = call.access(`qscc/${name}`, channelId);
  if (refusal !== undefined) return failure(`access denied for [${name}][${channelId}]: [${refusal}]`);
  const query = Object.hasOwn(QUERIES, name) ? QUERIES[name] : undefined;
  if (query === undefined) return failure(`Requested function ${name} not found.`);
  return answer(() => query(ledger, argument ?? new Uint8Array()));
}

/** What cscc tells of a channel: its configuration, in a block or (Fabric's `peer` asks for orderers so) alone. */
const CONFIGURATION: Readonly<Record<string, (ledger: LedgerQueries) => Promise<Uint8Array>>> = {
  GetConfigBlock: (ledger) => ledger.configBlock(),
  GetChannelConfig: (ledger) => Promise.resolve(configOf(ledger.config)),
};

export async function invokeCscc(call: SystemCall): Promise<ChaincodeResponse> {
  const [name = '', channelId = ''] = call.args.slice(0, 2).map((arg) => fromUtf8(arg));
  if (name === 'GetChannels') return channelsOf(call);
  const query = Object.hasOwn(CONFIGURATION, name) ? CONFIGURATION[name] : undefined;
  if (query === undefined) return failure(`Requested function ${name} not found.`);
  const ledger = call.channel(channelId);
  if (ledger === undefined) return failure(`Unknown channel ID, ${channelId}`);
  const refusal = call.access(`cscc/${name}`, channelId);
  if (refusal !== undefined) return failure(`access denied for [${name}][${channelId}]: ${refusal}`);
  return answer(() => query(ledger));
}

/** peer.ChannelQueryResponse, for members of the peer's organisation. */
function channelsOf(call: SystemCall): ChaincodeResponse {
  const channels = call.channels();
  const refusal = call.access('cscc/GetChannels', channels[0] ?? '');
  if (refusal !== undefined) return failure(`access denied for [GetChannels]: ${refusal}`);
  const writer = new WireWriter();
  for (const channel of channels) writer.present(1, new WireWriter().string(1, channel).finish());
  return { status: 200, payload: writer.finish() };
}

export async function invokeLifecycleOver(
  simulator: Simulator,
  context: { readonly mspId: string; readonly config: ChannelConfig },
  call: SystemCall,
): Promise<ChaincodeResponse> {
  const [name] = call.args;
  if (call.args.length === 2 && name !== undefined) {
    const refusal = call.access(`${LIFECYCLE}/${fromUtf8(name)}`, context.config.channelId);
    if (refusal !== undefined) {
      return failure(`Failed to authorize invocation due to failed ACL check: ${refusal}`);
    }
  }
  return invokeLifecycle(
    context,
    {
      getState: (key) => simulator.get(LIFECYCLE, key)?.value,
      putState: (key, value) => simulator.put(LIFECYCLE, key, value),
      getStateRange: (start, end) => rowsOf(simulator, start, end),
      getPrivateHash: (collection, key) => simulator.privateHash(LIFECYCLE, collection, key),
      getPrivate: (collection, key) => simulator.privateValue(LIFECYCLE, collection, key),
      getPrivateRange: (collection, start, end) => simulator.privateRange(LIFECYCLE, collection, start, end),
      putPrivate: (collection, key, value) => simulator.putPrivate(LIFECYCLE, collection, key, value),
    },
    call.args,
  );
}

async function* rowsOf(simulator: Simulator, start: string, end: string) {
  const cursor = simulator.range(LIFECYCLE, start, end);
  for (let row = await cursor.next(); row !== undefined; row = await cursor.next()) yield row;
}

function blockByNumber(ledger: LedgerQueries, text: string): Promise<Uint8Array> {
  if (!/^\d{1,20}$/.test(text)) {
    throw new Error(
      `Failed to parse block number with error strconv.ParseUint: parsing "${text}": invalid syntax`,
    );
  }
  const isNewest = BigInt(text) === 2n ** 64n - 1n;
  const number = isNewest ? ledger.height - 1 : Number(text);
  if (number >= ledger.height) {
    throw new Error(`Failed to get block number ${text}, error no such block number [${text}] in index`);
  }
  return ledger.block(number);
}

async function answer(work: () => Promise<Uint8Array>): Promise<ChaincodeResponse> {
  try {
    return { status: 200, payload: await work() };
  } catch (error) {
    return failure(error instanceof Error ? error.message : String(error));
  }
}

function failure(message: string): ChaincodeResponse {
  return { status: 500, message };
}

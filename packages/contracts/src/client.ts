import { fromUtf8 } from '@healthchain/core';
import {
  FUNCTION_NAMES,
  registry,
  type ArgumentOf,
  type FunctionName,
  type Registry,
  type ResultOf,
} from './registry.ts';

/** Transient values by name; they reach the endorsing peers and never the ledger. */
export type Transient = Readonly<Record<string, Uint8Array>>;

/** What the client needs of a connection to either engine, signed as one user on one channel. */
export interface HealthTransport {
  /** @throws whatever the engine's client throws; `contractErrorOf` finds the contract's refusal in its text */
  evaluate(name: string, args: string[], transient?: Transient): Promise<Uint8Array>;
  /** Returns once the transaction is VALID and durable; throws when it is anything else. */
  submit(name: string, args: string[], transient?: Transient): Promise<SubmittedBytes>;
}

interface SubmittedBytes {
  readonly result: Uint8Array;
  readonly transactionId: string;
  readonly blockNumber: bigint;
}

/** A VALID transaction and what its function returned. */
export interface Submitted<Result> {
  readonly result: Result;
  readonly transactionId: string;
  readonly blockNumber: bigint;
}

type Namespace = FunctionName extends `${infer Space}:${string}` ? Space : never;
type Call<Name extends FunctionName> = Registry[Name]['kind'] extends 'query'
  ? (argument: ArgumentOf<Name>) => Promise<ResultOf<Name>>
  : (argument: ArgumentOf<Name>, transient?: Transient) => Promise<Submitted<ResultOf<Name>>>;

/** `client.records.write(…)` is `records:Write`: queries answer their result, commands what was committed. */
export type HealthClient = {
  readonly [Space in Namespace]: {
    readonly [
      Name in FunctionName as Name extends `${Space}:${infer Short}` ? Uncapitalize<Short> : never
    ]: Call<Name>;
  };
};

export function createHealthClient(transport: HealthTransport): HealthClient {
  const client: Record<string, Record<string, unknown>> = {};
  for (const name of FUNCTION_NAMES) {
    const [space, short] = name.split(':') as [string, string];
    const method = short.charAt(0).toLowerCase() + short.slice(1);
    (client[space] ??= {})[method] = callOf(transport, name);
  }
  return client as HealthClient;
}

function callOf(transport: HealthTransport, name: FunctionName) {
  if (registry[name].kind === 'query') {
    return async (argument: unknown) => decode(await transport.evaluate(name, [JSON.stringify(argument)]));
  }
  return async (argument: unknown, transient?: Transient) => {
    const submitted = await transport.submit(name, [JSON.stringify(argument)], transient);
    return { ...submitted, result: decode(submitted.result) };
  };
}

function decode(payload: Uint8Array): unknown {
  return JSON.parse(fromUtf8(payload));
}

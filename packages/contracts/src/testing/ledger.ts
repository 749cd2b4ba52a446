import { fromUtf8, sha256, toHex, utf8, type Role } from '@healthchain/core';
import { createChaincode } from '../dispatcher.ts';
import { contractErrorOf, type ContractErrorCode } from '../errors.ts';
import { definitionOf, type ArgumentOf, type FunctionName, type ResultOf } from '../registry.ts';
import type { Signer } from '../state/rows.ts';
import { certificateWith } from './certificate.ts';
import { MemoryState, MemoryStub } from './memory-stub.ts';

/** Refusals of the dispatcher, which every function can answer with. */
const OF_EVERY_FUNCTION: readonly ContractErrorCode[] = [
  'UNKNOWN_FUNCTION',
  'INVALID_ARGUMENT',
  'INVALID_TRANSIENT',
  'BAD_CERTIFICATE',
  'NOT_FOUNDED',
  'NOT_A_MEMBER',
  'ORGANISATION_SUSPENDED',
  'USER_SUSPENDED',
  'ROLE_NOT_OF_ORGANISATION',
  'ROLE_NOT_PERMITTED',
  'KIND_NOT_PERMITTED',
];

export interface CallOptions {
  readonly transient?: Readonly<Record<string, Uint8Array>>;
  /** Evaluate: the writes are dropped. */
  readonly evaluate?: boolean;
}

export interface Executed<Result> {
  readonly result: Result;
  readonly transactionId: string;
}

/** A ledger with the contracts on one channel, as the cast's situations need it: the memory's, or an engine's. */
export interface CastLedger {
  readonly channel: string;
  /** The clock of whoever calls. */
  readonly now: string;
  call<Name extends FunctionName>(
    signer: Signer,
    name: Name,
    argument: ArgumentOf<Name>,
    options?: CallOptions,
  ): Promise<ResultOf<Name>>;
  /** @throws ContractError */
  execute<Name extends FunctionName>(
    signer: Signer,
    name: Name,
    argument: ArgumentOf<Name>,
    options?: CallOptions,
  ): Promise<Executed<ResultOf<Name>>>;
}

/** One channel's chaincode over a memory state: every call is a transaction of its own, committed at once. */
export class MemoryLedger implements CastLedger {
  readonly channel: string;
  readonly state = new MemoryState();
  /** The clock of whoever calls; tests set it. */
  now: string;
  #transactions = 0;
  readonly #chaincode = createChaincode((name, error) => {
    throw new Error(`defect in ${name}`, { cause: error });
  });

  constructor(options: { readonly channel?: string; readonly now?: string } = {}) {
    this.channel = options.channel ?? 'care';
    this.now = options.now ?? '2026-03-01T10:00:00.000Z';
  }

  async call<Name extends FunctionName>(
    signer: Signer,
    name: Name,
    argument: ArgumentOf<Name>,
    options: CallOptions = {},
  ): Promise<ResultOf<Name>> {
    return (await this.execute(signer, name, argument, options)).result;
  }

  /** @throws ContractError whose code stands in the function's row of the registry */
  async execute<Name extends FunctionName>(
    signer: Signer,
    name: Name,
    argument: ArgumentOf<Name>,
    options: CallOptions = {},
  ): Promise<Executed<ResultOf<Name>> & { readonly stub: MemoryStub }> {
    const stub = this.stubFor(signer, [name, JSON.stringify(argument)], options.transient);
    const { status, message = '', payload } = await this.#chaincode.Invoke(stub);
    if (status !== 200) throw declaredRefusal(name, message);
    const isQuery = definitionOf(name)?.kind === 'query';
    if (isQuery && (stub.writes.size > 0 || stub.event !== undefined)) throw new Error(`${name} wrote`);
    if (options.evaluate !== true) this.state.apply(stub.writes);
    const result = JSON.parse(fromUtf8(payload)) as ResultOf<Name>;
    return { result, transactionId: stub.getTxID(), stub };
  }

  stubFor(
    signer: Signer,
    args: readonly string[],
    transient: Readonly<Record<string, Uint8Array>> = {},
  ): MemoryStub {
    const { mspId: mspid, role, userId } = signer;
    return new MemoryStub(this.state, {
      args,
      transactionId: toHex(sha256(utf8(`transaction ${this.#transactions++}`))),
      channel: this.channel,
      creator: { mspid, idBytes: certificateWith({ role, userId }) },
      transient,
      at: new Date(this.now),
    });
  }
}

function declaredRefusal(name: FunctionName, message: string): Error {
  const error = contractErrorOf(message);
  if (error === undefined) return new Error(`${name} answered ${message}`);
  const isDeclared = [...OF_EVERY_FUNCTION, ...(definitionOf(name)?.errors ?? [])].includes(error.code);
  return isDeclared ? error : new Error(`${name} answered a code that it does not declare: ${error.line}`);
}

/** The same words give the same 32 hexadecimal digits. */
export function idOf(words: string): string {
  return toHex(sha256(utf8(words))).slice(0, 32);
}

export function recordIdOf(words: string): string {
  const hex = toHex(sha256(utf8(words)));
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

export function userOf(mspId: string, role: Role, name = ''): Signer {
  return { mspId, role, userId: idOf(`${mspId} ${role} ${name}`) };
}

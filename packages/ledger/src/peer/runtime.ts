import { isRefusedInput, LedgerError } from '../error.ts';
import { inTime } from '../in-time.ts';
import type { ChaincodeDefinition } from '../lifecycle/index.ts';
import { ERROR, type Chaincode, type ChaincodeEvent, type ChaincodeResponse } from './chaincode.ts';
import type { DefinitionCache } from './definitions.ts';
import type { DecodedProposal } from './proposal.ts';
import { SimulationError, type Simulator } from './simulator.ts';
import type { HistorySource } from './stub-iterators.ts';
import { ChaincodeStub } from './stub.ts';

/** Fabric's `chaincode.executetimeout` as `fabric.md` advises it, and its `totalQueryLimit`. */
export const EXECUTE_TIMEOUT_MS = 3000;
export const TOTAL_QUERY_LIMIT = 100_000;
/** Calls from chaincode to chaincode, one inside the other. */
const MAX_CALL_DEPTH = 16;
const INITIALIZED_KEY = '\u0000\u{10ffff}initialized';

export interface Execution {
  readonly response: ChaincodeResponse;
  readonly event: ChaincodeEvent | undefined;
}

/** One transaction's surroundings at one peer. */
export interface ExecutionContext {
  readonly proposal: DecodedProposal;
  readonly channelId: string;
  readonly mspId: string;
  readonly simulator: Simulator;
  readonly history: HistorySource;
  readonly definitions: DefinitionCache;
  chaincode(name: string): Chaincode | undefined;
  /** Runs a chaincode of this channel or, read-only, of another. @throws Error with Fabric's text */
  call(name: string, channelId: string, args: readonly Uint8Array[]): Promise<ChaincodeResponse>;
  readonly queryLimit: number;
  readonly executeTimeoutMs: number;
  /** The chaincode and those whose calls it stands in, outermost first. */
  readonly running: readonly string[];
}

/** Runs an application chaincode. @throws SimulationError, LedgerError */
export async function execute(
  context: ExecutionContext,
  name: string,
  args: readonly Uint8Array[],
  isInit: boolean,
): Promise<Execution> {
  const definition = context.definitions.forTransaction(context.simulator, name);
  const chaincode = context.chaincode(name);
  if (chaincode === undefined) {
    throw new SimulationError(`chaincode definition for '${name}' exists, but chaincode is not installed`);
  }
  if (context.running.length > MAX_CALL_DEPTH)
    throw new SimulationError(`chaincode calls are nested beyond ${MAX_CALL_DEPTH}`);
  const entry = entryPoint(context.simulator, definition, name, isInit);
  const stub = new ChaincodeStub({
    namespace: name,
    channelId: context.channelId,
    proposal: context.proposal,
    args,
    mspId: context.mspId,
    simulator: context.simulator,
    history: context.history,
    queryLimit: context.queryLimit,
    invoke: (callee, channelId, calleeArgs) => context.call(callee, channelId, calleeArgs),
  });
  const running = chaincode[entry](stub as never);
  // A contract that does not come back is given up; what it still does finds its simulation closed.
  try {
    const response = await inTime(running, context.executeTimeoutMs, () => expired(context.proposal));
    return { response: checkedResponse(response, entry), event: stub.chaincodeEvent };
  } catch (error) {
    throw failureOf(error);
  }
}

/** Fabric's init-exactly-once for definitions that ask for it. */
function entryPoint(
  simulator: Simulator,
  definition: ChaincodeDefinition,
  name: string,
  isInit: boolean,
): 'Init' | 'Invoke' {
  if (!definition.initRequired) {
    if (isInit)
      throw new SimulationError(`chaincode '${name}' does not require initialization but called as init`);
    return 'Invoke';
  }
  const marked = simulator.get(name, INITIALIZED_KEY)?.value;
  const isInitialized = marked !== undefined && Buffer.from(marked).toString() === definition.version;
  if (isInit && isInitialized) {
    throw new SimulationError(`chaincode '${name}' is already initialized but called as init`);
  }
  if (isInit) simulator.put(name, INITIALIZED_KEY, Buffer.from(definition.version));
  else if (!isInitialized) {
    throw new SimulationError(
      `chaincode '${name}' has not been initialized for this version, must call as init first`,
    );
  }
  return isInit ? 'Init' : 'Invoke';
}

function expired({ txId }: DecodedProposal): SimulationError {
  return new SimulationError(
    `failed to execute transaction ${txId}: error sending: timeout expired while executing transaction`,
  );
}

/** What a contract throws is the transaction's failure; a fault of the ledger below it is not. */
function failureOf(error: unknown): unknown {
  if (error instanceof SimulationError) return error;
  if (error instanceof LedgerError && !isRefusedInput(error)) return error;
  const text = error instanceof Error ? error.toString() : String(error);
  return new SimulationError(`transaction returned with failure: ${text}`);
}

function checkedResponse(response: ChaincodeResponse, entry: string): ChaincodeResponse {
  if (typeof response?.status === 'number' && response.status !== 0) return response;
  return { status: ERROR, message: `Calling chaincode ${entry}() has not called success or error.` };
}

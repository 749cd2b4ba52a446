import { peer } from '@hyperledger/fabric-protos';
import { LedgerError } from '../error.ts';
import type { ChaincodeParameters } from './definition.ts';
import {
  agreementOn,
  allApprovals,
  allDefinitions,
  approvalOf,
  approve,
  checkReadiness,
  commit,
  definitionOf,
  NotDefined,
  type Approval,
} from './functions.ts';
import type { LifecycleAnswer, LifecycleContext, LifecycleStub } from './types.ts';

const { lifecycle } = peer;

type Message = { serializeBinary(): Uint8Array };
type Run = (
  context: LifecycleContext,
  stub: LifecycleStub,
  argument: Uint8Array,
) => Message | Promise<Message>;

/** Every function takes and gives one message, as on Fabric. Packages are not installed here, so nothing speaks of them. */
const FUNCTIONS: Readonly<Record<string, Run>> = {
  ApproveChaincodeDefinitionForMyOrg: (context, stub, argument) => {
    approve(context, stub, lifecycle.ApproveChaincodeDefinitionForMyOrgArgs.deserializeBinary(argument));
    return new lifecycle.ApproveChaincodeDefinitionForMyOrgResult();
  },
  CheckCommitReadiness: (context, stub, argument) => {
    // CheckCommitReadinessArgs has the fields of CommitChaincodeDefinitionArgs under the same numbers.
    const agreement = checkReadiness(
      context,
      stub,
      lifecycle.CommitChaincodeDefinitionArgs.deserializeBinary(argument),
    );
    const result = new lifecycle.CheckCommitReadinessResult();
    for (const [mspId, approved] of agreement.approvals) result.getApprovalsMap().set(mspId, approved);
    for (const [mspId, differing] of agreement.mismatches) {
      const items = new lifecycle.CheckCommitReadinessResult.Mismatches();
      items.setItemsList([...differing]);
      result.getMismatchesMap().set(mspId, items);
    }
    return result;
  },
  CommitChaincodeDefinition: (context, stub, argument) => {
    commit(context, stub, lifecycle.CommitChaincodeDefinitionArgs.deserializeBinary(argument));
    return new lifecycle.CommitChaincodeDefinitionResult();
  },
  QueryChaincodeDefinition: (context, stub, argument) => {
    const name = lifecycle.QueryChaincodeDefinitionArgs.deserializeBinary(argument).getName();
    const definition = definitionOf(stub, name);
    const result = filled(new lifecycle.QueryChaincodeDefinitionResult(), definition);
    for (const [mspId, approved] of agreementOn(context, stub, definition).approvals)
      result.getApprovalsMap().set(mspId, approved);
    return result;
  },
  QueryChaincodeDefinitions: async (_context, stub) => {
    const result = new lifecycle.QueryChaincodeDefinitionsResult();
    for (const definition of await allDefinitions(stub)) {
      const item = filled(new lifecycle.QueryChaincodeDefinitionsResult.ChaincodeDefinition(), definition);
      item.setName(definition.name);
      result.addChaincodeDefinitions(item);
    }
    return result;
  },
  QueryApprovedChaincodeDefinition: (context, stub, argument) => {
    const input = lifecycle.QueryApprovedChaincodeDefinitionArgs.deserializeBinary(argument);
    const approval = approvalOf(context, stub, input.getName(), BigInt(input.getSequence()));
    return withSource(filled(new lifecycle.QueryApprovedChaincodeDefinitionResult(), approval), approval);
  },
  QueryApprovedChaincodeDefinitions: async (context, stub) => {
    const result = new lifecycle.QueryApprovedChaincodeDefinitionsResult();
    for (const approval of await allApprovals(context, stub)) {
      const item = new lifecycle.QueryApprovedChaincodeDefinitionsResult.ApprovedChaincodeDefinition();
      item.setName(approval.name);
      result.addApprovedChaincodeDefinitions(withSource(filled(item, approval), approval));
    }
    return result;
  },
};

/**
 * Runs `[function, argument]` of the system chaincode `_lifecycle`. The caller has checked the resource `_lifecycle/<function>`.
 * Refusals are answers, not errors.
 */
export async function invokeLifecycle(
  context: LifecycleContext,
  stub: LifecycleStub,
  args: readonly Uint8Array[],
): Promise<LifecycleAnswer> {
  const [name, argument] = args;
  if (name === undefined) return answer(500, 'lifecycle scc must be invoked with arguments');
  if (args.length !== 2 || argument === undefined) {
    return answer(500, `lifecycle scc operations require exactly two arguments but received ${args.length}`);
  }
  const named = Buffer.from(name).toString();
  const prefix = `failed to invoke backing implementation of '${named}': `;
  const run = Object.hasOwn(FUNCTIONS, named) ? FUNCTIONS[named] : undefined;
  if (run === undefined) return answer(500, `${prefix}there is no such function`);
  try {
    return answer(200, '', (await run(context, stub, argument)).serializeBinary());
  } catch (error) {
    if (error instanceof NotDefined) return answer(404, error.message);
    if (error instanceof LedgerError && error.code === 'STATE_UNREADABLE') throw error;
    return answer(500, prefix + (error instanceof Error ? error.message : String(error)));
  }
}

function answer(status: number, message: string, payload: Uint8Array = new Uint8Array()): LifecycleAnswer {
  return { status, message, payload };
}

interface DefinitionResult {
  setSequence(value: number): void;
  setVersion(value: string): void;
  setEndorsementPlugin(value: string): void;
  setValidationPlugin(value: string): void;
  setValidationParameter(value: Uint8Array): void;
  setInitRequired(value: boolean): void;
  setCollections(value: InstanceType<typeof peer.CollectionConfigPackage>): void;
}

function filled<Result extends DefinitionResult>(
  result: Result,
  definition: ChaincodeParameters & { readonly sequence: bigint },
): Result {
  result.setSequence(Number(definition.sequence));
  result.setVersion(definition.version);
  result.setEndorsementPlugin(definition.endorsementPlugin);
  result.setValidationPlugin(definition.validationPlugin);
  result.setValidationParameter(definition.validationParameter);
  result.setInitRequired(definition.initRequired);
  result.setCollections(new peer.CollectionConfigPackage());
  return result;
}

function withSource<
  Result extends { setSource(value: InstanceType<typeof lifecycle.ChaincodeSource>): void },
>(result: Result, { packageId }: Approval): Result {
  const source = new lifecycle.ChaincodeSource();
  if (packageId === '') {
    source.setUnavailable(new lifecycle.ChaincodeSource.Unavailable());
  } else {
    const local = new lifecycle.ChaincodeSource.Local();
    local.setPackageId(packageId);
    source.setLocalPackage(local);
  }
  result.setSource(source);
  return result;
}

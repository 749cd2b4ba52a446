import { equalBytes } from '@healthchain/core';
import { peer } from '@hyperledger/fabric-protos';
import {
  approvalName,
  DEFAULT_ENDORSEMENT,
  definitionStructure,
  implicitCollection,
  packageStructure,
  parametersStructure,
  readApproval,
  readDefinition,
  readSequence,
  withDefaults,
  type ChaincodeDefinition,
  type ChaincodeParameters,
} from './definition.ts';
import { checkDefinition, checkOffer, packageIdOf, parametersOf, refused } from './input.ts';
import {
  CHAINCODE_SOURCES,
  fieldKey,
  metadataKey,
  mismatches,
  NAMESPACES,
  readStateData,
  writeStructure,
} from './serializer.ts';
import type { LifecycleContext, LifecycleStub, StateRow } from './types.ts';

const { lifecycle } = peer;

type ApproveArguments = InstanceType<typeof lifecycle.ApproveChaincodeDefinitionForMyOrgArgs>;
type DefinitionArguments = InstanceType<typeof lifecycle.CommitChaincodeDefinitionArgs>;

/** Which organisations agree to a definition, and where those that do not differ from it. */
export interface Agreement {
  readonly approvals: ReadonlyMap<string, boolean>;
  readonly mismatches: ReadonlyMap<string, readonly string[]>;
}

export interface Approval extends ChaincodeParameters {
  readonly name: string;
  readonly sequence: bigint;
  readonly packageId: string;
}

/** Thrown for a namespace that is not defined: the answer is 404, not 500. */
export class NotDefined extends Error {}

export function approve(context: LifecycleContext, stub: LifecycleStub, input: ApproveArguments): void {
  checkDefinition(input);
  const requested = BigInt(input.getSequence());
  const current = readSequence((key) => stub.getState(key), input.getName());
  checkApprovable(requested, current);
  const parameters = complete(context, parametersOf(input));
  const packageId = packageIdOf(input);
  if (requested === current) checkUnchanged(stub, input.getName(), requested, parameters);
  checkNotRepeated(context, stub, input.getName(), { requested, current, parameters, packageId });
  const collection = implicitCollection(context.mspId);
  const name = approvalName(input.getName(), requested);
  const get = (key: string): Uint8Array | undefined => stub.getPrivate(collection, key);
  const put = (key: string, value: Uint8Array): void => stub.putPrivate(collection, key, value);
  writeStructure(NAMESPACES, name, parametersStructure(parameters), get, put);
  writeStructure(CHAINCODE_SOURCES, name, packageStructure(packageId), get, put);
}

export function checkReadiness(
  context: LifecycleContext,
  stub: LifecycleStub,
  input: DefinitionArguments,
): Agreement {
  checkOffer(input);
  const next = readSequence((key) => stub.getState(key), input.getName()) + 1n;
  const requested = BigInt(input.getSequence());
  if (requested !== next)
    throw refused(`requested sequence is ${requested}, but new definition must be sequence ${next}`);
  return agreementOn(context, stub, {
    name: input.getName(),
    sequence: requested,
    ...complete(context, parametersOf(input)),
  });
}

export function commit(context: LifecycleContext, stub: LifecycleStub, input: DefinitionArguments): void {
  checkDefinition(input);
  const { approvals } = checkReadiness(context, stub, input);
  if (approvals.get(context.mspId) !== true)
    throw refused(`chaincode definition not agreed to by this org (${context.mspId})`);
  const definition = {
    name: input.getName(),
    sequence: BigInt(input.getSequence()),
    ...complete(context, parametersOf(input)),
  };
  writeStructure(
    NAMESPACES,
    definition.name,
    definitionStructure(definition),
    (key) => stub.getState(key),
    (key, value) => stub.putState(key, value),
  );
}

/** @throws NotDefined */
export function definitionOf(stub: LifecycleStub, name: string): ChaincodeDefinition {
  const definition = readDefinition((key) => stub.getState(key), name);
  if (definition === undefined) throw new NotDefined(`namespace ${name} is not defined`);
  return definition;
}

export async function allDefinitions(stub: LifecycleStub): Promise<ChaincodeDefinition[]> {
  const names = await namesIn((start, end) => stub.getStateRange(start, end));
  return names.map((name) => definitionOf(stub, name));
}

export function agreementOn(
  context: LifecycleContext,
  stub: LifecycleStub,
  definition: ChaincodeDefinition,
): Agreement {
  const structure = parametersStructure(definition);
  const name = approvalName(definition.name, definition.sequence);
  const found = context.config.organisations.map(({ mspId }) => {
    const hashOf = (key: string): Uint8Array | undefined =>
      stub.getPrivateHash(implicitCollection(mspId), key);
    return [mspId, mismatches(NAMESPACES, name, structure, hashOf)] as const;
  });
  return {
    approvals: new Map(found.map(([mspId, differing]) => [mspId, differing.length === 0])),
    mismatches: new Map(found.filter(([, differing]) => differing.length > 0)),
  };
}

/** Of one sequence, or, for 0, of the next if that is approved and else the current one. */
export function approvalOf(
  context: LifecycleContext,
  stub: LifecycleStub,
  name: string,
  sequence: bigint,
): Approval {
  const get = privateGet(context, stub);
  let requested = sequence;
  if (requested === 0n) {
    const current = readSequence((key) => stub.getState(key), name);
    const isNextApproved = get(metadataKey(NAMESPACES, approvalName(name, current + 1n))) !== undefined;
    requested = isNextApproved ? current + 1n : current;
  }
  const parameters = readApproval(get, approvalName(name, requested));
  if (parameters === undefined) {
    throw refused(
      `could not fetch approved chaincode definition (name: '${name}', sequence: '${requested}') on channel '${context.config.channelId}'`,
    );
  }
  return {
    name,
    sequence: requested,
    ...parameters,
    packageId: packageOf(get, approvalName(name, requested)),
  };
}

export async function allApprovals(context: LifecycleContext, stub: LifecycleStub): Promise<Approval[]> {
  const collection = implicitCollection(context.mspId);
  const names = await namesIn((start, end) => stub.getPrivateRange(collection, start, end));
  return names.map((approved) => {
    const [name = '', sequence = '0'] = approved.split('#');
    return approvalOf(context, stub, name, BigInt(sequence));
  });
}

function privateGet(context: LifecycleContext, stub: LifecycleStub): (key: string) => Uint8Array | undefined {
  return (key) => stub.getPrivate(implicitCollection(context.mspId), key);
}

function packageOf(get: (key: string) => Uint8Array | undefined, name: string): string {
  return readStateData(get(fieldKey(CHAINCODE_SOURCES, name, 'PackageID'))).text;
}

function complete(context: LifecycleContext, parameters: ChaincodeParameters): ChaincodeParameters {
  if (parameters.validationParameter.length === 0 && !context.config.policies.has(DEFAULT_ENDORSEMENT)) {
    throw refused(
      `policy '${DEFAULT_ENDORSEMENT}' must be defined for channel '${context.config.channelId}' before chaincode operations can be attempted`,
    );
  }
  return withDefaults(parameters);
}

function checkApprovable(requested: bigint, current: bigint): void {
  if (requested === 0n && current === 0n)
    throw refused('requested sequence is 0, but first definable sequence number is 1');
  if (requested < current)
    throw refused(`currently defined sequence ${current} is larger than requested sequence ${requested}`);
  if (requested > current + 1n) {
    throw refused(
      `requested sequence ${requested} is larger than the next available sequence number ${current + 1n}`,
    );
  }
}

function checkUnchanged(
  stub: LifecycleStub,
  name: string,
  sequence: bigint,
  parameters: ChaincodeParameters,
): void {
  if (isSame(definitionOf(stub, name), parameters)) return;
  throw refused(
    `attempted to redefine the current committed sequence (${sequence}) for namespace ${name} with different parameters`,
  );
}

interface Approving {
  readonly requested: bigint;
  readonly current: bigint;
  readonly parameters: ChaincodeParameters;
  readonly packageId: string;
}

/** An approval that changes nothing would write nothing. */
function checkNotRepeated(
  context: LifecycleContext,
  stub: LifecycleStub,
  name: string,
  approving: Approving,
): void {
  const get = privateGet(context, stub);
  const approved = approvalName(name, approving.requested);
  const before = readApproval(get, approved);
  const isPackaged = get(metadataKey(CHAINCODE_SOURCES, approved)) !== undefined;
  if (before === undefined || !isSame(before, approving.parameters) || !isPackaged) return;
  if (packageOf(get, approved) !== approving.packageId) return;
  throw refused(
    approving.requested === approving.current
      ? `attempted to redefine the current committed sequence (${approving.requested}) for namespace ${name}`
      : `attempted to redefine uncommitted sequence (${approving.requested}) for namespace ${name} with unchanged content`,
  );
}

function isSame(a: ChaincodeParameters, b: ChaincodeParameters): boolean {
  return (
    a.version === b.version &&
    a.endorsementPlugin === b.endorsementPlugin &&
    a.initRequired === b.initRequired &&
    a.validationPlugin === b.validationPlugin &&
    equalBytes(a.validationParameter, b.validationParameter)
  );
}

async function namesIn(
  range: (start: string, end: string) => Iterable<StateRow> | AsyncIterable<StateRow>,
): Promise<string[]> {
  const prefix = metadataKey(NAMESPACES, '');
  const names: string[] = [];
  for await (const { key } of range(prefix, `${prefix}\u007f`)) names.push(key.slice(prefix.length));
  return names;
}

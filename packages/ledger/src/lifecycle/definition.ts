import type { Bytes } from '@healthchain/core';
import type { ChannelConfig } from '../config/index.ts';
import { LedgerError } from '../error.ts';
import { encodeRolePrincipal } from '../msp/index.ts';
import {
  channelPolicyReference,
  compileSignaturePolicy,
  nOutOfPrincipals,
  type Policy,
} from '../policy/index.ts';
import { WireReader, WireWriter } from '../wire/index.ts';
import {
  fieldKey,
  metadataKey,
  NAMESPACES,
  readMetadata,
  readStateData,
  stateData,
  type Structure,
} from './serializer.ts';

export const LIFECYCLE = '_lifecycle';

const DEFINITION = 'ChaincodeDefinition';
const PARAMETERS = 'ChaincodeParameters';
const LOCAL_PACKAGE = 'ChaincodeLocalPackage';
const IMPLICIT_PREFIX = '_implicit_org_';
const LIFECYCLE_POLICY = '/Channel/Application/LifecycleEndorsement';
export const DEFAULT_ENDORSEMENT = '/Channel/Application/Endorsement';

/** What organisations agree on; the package that runs is each one's own affair. */
export interface ChaincodeParameters {
  readonly version: string;
  readonly endorsementPlugin: string;
  readonly initRequired: boolean;
  readonly validationPlugin: string;
  /** ApplicationPolicy message. */
  readonly validationParameter: Uint8Array;
}

export interface ChaincodeDefinition extends ChaincodeParameters {
  readonly name: string;
  readonly sequence: bigint;
}

/** The collection of one organisation in every namespace: where its approvals stand, as hashes. */
export function implicitCollection(mspId: string): string {
  return `${IMPLICIT_PREFIX}${mspId}`;
}

export function mspOfImplicitCollection(collection: string): string | undefined {
  return collection.startsWith(IMPLICIT_PREFIX) ? collection.slice(IMPLICIT_PREFIX.length) : undefined;
}

/** Name of one sequence of a chaincode in an organisation's collection. */
export function approvalName(name: string, sequence: bigint): string {
  return `${name}#${sequence}`;
}

/** Empty fields become the channel's defaults. */
export function withDefaults(parameters: ChaincodeParameters): ChaincodeParameters {
  return {
    ...parameters,
    endorsementPlugin: parameters.endorsementPlugin || 'escc',
    validationPlugin: parameters.validationPlugin || 'vscc',
    validationParameter:
      parameters.validationParameter.length > 0
        ? parameters.validationParameter
        : channelPolicyReference(DEFAULT_ENDORSEMENT),
  };
}

export function parametersStructure(parameters: ChaincodeParameters): Structure {
  return { datatype: PARAMETERS, fields: parameterFields(parameters) };
}

export function definitionStructure({ sequence, ...parameters }: ChaincodeDefinition): Structure {
  return {
    datatype: DEFINITION,
    fields: [['Sequence', stateData.integer(Number(sequence))], ...parameterFields(parameters)],
  };
}

export function packageStructure(packageId: string): Structure {
  return { datatype: LOCAL_PACKAGE, fields: [['PackageID', stateData.text(packageId)]] };
}

/**
 * The committed definition of a chaincode; undefined when there is none.
 * @throws LedgerError STATE_UNREADABLE when what is there is no chaincode definition
 */
export function readDefinition(
  get: (key: string) => Uint8Array | undefined,
  name: string,
): ChaincodeDefinition | undefined {
  const metadata = get(metadataKey(NAMESPACES, name));
  if (metadata === undefined) return undefined;
  try {
    const { datatype } = readMetadata(metadata);
    if (datatype !== DEFINITION)
      throw new LedgerError('STATE_UNREADABLE', `${name} is a ${datatype}, not a chaincode`);
    return { name, sequence: readSequence(get, name), ...readParameters(get, name) };
  } catch (cause) {
    throw new LedgerError('STATE_UNREADABLE', `The definition of ${name} cannot be read`, { cause });
  }
}

/** 0 when there is no definition. */
export function readSequence(get: (key: string) => Uint8Array | undefined, name: string): bigint {
  return readStateData(get(fieldKey(NAMESPACES, name, 'Sequence'))).integer;
}

/** Undefined when the organisation has approved nothing of that name. */
export function readApproval(
  get: (key: string) => Uint8Array | undefined,
  name: string,
): ChaincodeParameters | undefined {
  const metadata = get(metadataKey(NAMESPACES, name));
  return metadata === undefined || readMetadata(metadata).datatype !== PARAMETERS
    ? undefined
    : readParameters(get, name);
}

/** The policy on writes to `_lifecycle` itself: the channel's, or a majority of its organisations' members. */
export function lifecyclePolicy(config: ChannelConfig): Policy {
  if (config.policies.has(LIFECYCLE_POLICY)) return config.policies.policy(LIFECYCLE_POLICY);
  const members = config.organisations.map(({ mspId }) => encodeRolePrincipal(mspId, 'member'));
  return compileSignaturePolicy(
    nOutOfPrincipals(Math.floor(members.length / 2) + 1, members),
    config.identities,
  );
}

function parameterFields(parameters: ChaincodeParameters): [string, Bytes][] {
  const endorsement = new WireWriter()
    .string(1, parameters.version)
    .bool(2, parameters.initRequired)
    .string(3, parameters.endorsementPlugin);
  const validation = new WireWriter()
    .string(1, parameters.validationPlugin)
    .bytes(2, parameters.validationParameter);
  return [
    ['EndorsementInfo', stateData.bytes(endorsement.finish())],
    ['ValidationInfo', stateData.bytes(validation.finish())],
    ['Collections', stateData.bytes(new Uint8Array())],
  ];
}

function readParameters(get: (key: string) => Uint8Array | undefined, name: string): ChaincodeParameters {
  const endorsement = readInfo(readStateData(get(fieldKey(NAMESPACES, name, 'EndorsementInfo'))).bytes);
  const validation = readInfo(readStateData(get(fieldKey(NAMESPACES, name, 'ValidationInfo'))).bytes);
  return {
    version: endorsement.first,
    initRequired: endorsement.flag,
    endorsementPlugin: endorsement.third,
    validationPlugin: validation.first,
    validationParameter: validation.second,
  };
}

/** ChaincodeEndorsementInfo and ChaincodeValidationInfo: their fields differ in type where they share a number. */
function readInfo(bytes: Uint8Array): { first: string; flag: boolean; second: Uint8Array; third: string } {
  const info = { first: '', flag: false, second: new Uint8Array() as Uint8Array, third: '' };
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) info.first = reader.string();
    else if (reader.field === 2 && reader.wireType === 0) info.flag = reader.bool();
    else if (reader.field === 2 && reader.wireType === 2) info.second = reader.bytes();
    else if (reader.field === 3 && reader.wireType === 2) info.third = reader.string();
    else reader.skip();
  }
  return info;
}

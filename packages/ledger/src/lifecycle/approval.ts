import { sha256, toHex, utf8 } from '@healthchain/core';
import { peer } from '@hyperledger/fabric-protos';
import { approvalName, packageStructure, parametersStructure, withDefaults } from './definition.ts';
import { packageIdOf, parametersOf } from './input.ts';
import { CHAINCODE_SOURCES, entriesOf, NAMESPACES } from './serializer.ts';

/** A key and value of an organisation's collection, with the hashes that the chain holds of them. */
export interface ApprovalPreimage {
  readonly key: string;
  readonly value: Uint8Array;
  /** Hexadecimal, as keys of collections stand in read-write sets. */
  readonly keyHash: string;
  readonly valueHash: Uint8Array;
}

const APPROVE = 'ApproveChaincodeDefinitionForMyOrg';

/**
 * What the arguments of an approval say that its transaction writes into the organisation's collection. Fabric passes the values
 * on among the organisation's peers only, though the arguments stand on the chain for all to read; here every peer takes them
 * from there and believes those that the hashes bear out. Nothing for other arguments.
 */
export function approvalPreimages(args: readonly Uint8Array[]): ApprovalPreimage[] {
  const [name, argument] = args;
  if (name === undefined || argument === undefined || !isApproval(name)) return [];
  const input = decode(argument);
  if (input === undefined) return [];
  const approved = approvalName(input.getName(), BigInt(input.getSequence()));
  const entries = [
    ...entriesOf(NAMESPACES, approved, parametersStructure(withDefaults(parametersOf(input)))),
    ...entriesOf(CHAINCODE_SOURCES, approved, packageStructure(packageIdOf(input))),
  ];
  return entries.map(([key, value]) => ({
    key,
    value,
    keyHash: toHex(sha256(utf8(key))),
    valueHash: sha256(value),
  }));
}

function isApproval(name: Uint8Array): boolean {
  return Buffer.from(name).toString('latin1') === APPROVE;
}

function decode(argument: Uint8Array) {
  try {
    return peer.lifecycle.ApproveChaincodeDefinitionForMyOrgArgs.deserializeBinary(argument);
  } catch {
    return undefined;
  }
}

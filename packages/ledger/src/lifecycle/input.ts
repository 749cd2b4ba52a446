import { peer } from '@hyperledger/fabric-protos';
import { LedgerError } from '../error.ts';
import type { ChaincodeParameters } from './definition.ts';

const { lifecycle } = peer;

const NAME = /^[a-zA-Z0-9]+([-_][a-zA-Z0-9]+)*$/;
const VERSION = /^[A-Za-z0-9_.+-]+$/;
const SYSTEM_NAMES: ReadonlySet<string> = new Set(['cscc', 'escc', 'lscc', 'qscc', 'vscc']);

/** What the arguments of approve, check and commit have in common. */
interface DefinitionArguments {
  getName(): string;
  getVersion(): string;
  getSequence(): number;
  getEndorsementPlugin(): string;
  getValidationPlugin(): string;
  getValidationParameter_asU8(): Uint8Array;
  getInitRequired(): boolean;
  getCollections(): { getConfigList(): readonly unknown[] } | undefined;
}

export function parametersOf(input: DefinitionArguments): ChaincodeParameters {
  return {
    version: input.getVersion(),
    endorsementPlugin: input.getEndorsementPlugin(),
    initRequired: input.getInitRequired(),
    validationPlugin: input.getValidationPlugin(),
    validationParameter: input.getValidationParameter_asU8(),
  };
}

/** @throws LedgerError LIFECYCLE_REFUSED with the message for the client */
export function checkDefinition(input: DefinitionArguments): void {
  const refuse = (why: string): never => {
    throw refused(`error validating chaincode definition: ${why}`);
  };
  const name = input.getName();
  if (!NAME.test(name))
    refuse(
      `invalid chaincode name '${name}'. Names can only consist of alphanumerics, '_', and '-' and can only begin with alphanumerics`,
    );
  if (SYSTEM_NAMES.has(name)) refuse(`chaincode name '${name}' is the name of a system chaincode`);
  if (!VERSION.test(input.getVersion()))
    refuse(
      `invalid chaincode version '${input.getVersion()}'. Versions can only consist of alphanumerics, '_', '-', '+', and '.'`,
    );
  checkOffer(input);
}

/** What Fabric allows and this ledger does not offer. */
export function checkOffer(input: DefinitionArguments): void {
  if ((input.getCollections()?.getConfigList().length ?? 0) > 0) {
    throw refused(
      'private data collections are not supported by this ledger: a chaincode keeps secrets out of the state, or hashes of them in it',
    );
  }
  const plugins = [input.getEndorsementPlugin(), input.getValidationPlugin()];
  if (!['', 'escc'].includes(plugins[0] ?? '') || !['', 'vscc'].includes(plugins[1] ?? '')) {
    throw refused(
      `the plugins ${plugins.join(' and ')} are not supported: there are escc for endorsement and vscc for validation`,
    );
  }
}

/** '' when the organisation names no package. */
export function packageIdOf(
  input: InstanceType<typeof lifecycle.ApproveChaincodeDefinitionForMyOrgArgs>,
): string {
  return input.getSource()?.getLocalPackage()?.getPackageId() ?? '';
}

export function refused(message: string): LedgerError {
  return new LedgerError('LIFECYCLE_REFUSED', message);
}

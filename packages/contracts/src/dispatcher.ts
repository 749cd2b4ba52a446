import { utf8 } from '@healthchain/core';
import { signerOf } from './certificate.ts';
import { ContractError } from './errors.ts';
import type { FunctionDefinition } from './functions/define.ts';
import { circleOf, organisationIn, standingOf } from './gate/standing.ts';
import { definitionOf, type FunctionName } from './registry.ts';
import { authorisationRules } from './rules/authorisation.ts';
import { custodyRules } from './rules/custody.ts';
import { membershipRules } from './rules/membership.ts';
import { personsRules } from './rules/persons.ts';
import { recordsRules } from './rules/records.ts';
import type { RulesOf } from './rules/rule.ts';
import type { Chaincode, ChaincodeResponse, Stub } from './stub.ts';
import { StubTx, type Tx } from './tx.ts';

const rules: RulesOf<FunctionName> = {
  ...membershipRules,
  ...personsRules,
  ...authorisationRules,
  ...recordsRules,
  ...custodyRules,
};

/** The chaincode `health`, for fabric-shim and for the embedded engine alike. Defects of a rule go to standard error. */
export const chaincode: Chaincode = createChaincode((name, error) => {
  const text = error instanceof SyntaxError ? error.name : String(error);
  const frames =
    error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)) : [];
  console.error([`${name}: ${text}`, ...frames].join('\n'));
});

/** `onDefect` hears what is not a refusal; the caller is told INTERNAL and nothing more. */
export function createChaincode(onDefect: (name: string, error: unknown) => void): Chaincode {
  return {
    Init: async () => ({ status: 200, payload: new Uint8Array(0) }),
    Invoke: async (stub) => {
      try {
        return { status: 200, payload: utf8(JSON.stringify(await invoke(stub))) };
      } catch (error) {
        if (!(error instanceof ContractError)) onDefect(stub.getArgs()[0] ?? '', error);
        return failure(error);
      }
    },
  };
}

async function invoke(stub: Stub): Promise<unknown> {
  const [name = '', json = ''] = stub.getArgs();
  const definition = definitionOf(name);
  if (definition === undefined) throw new ContractError('UNKNOWN_FUNCTION', 'there is no such function');
  const tx = new StubTx(stub, signerOf(stub.getCreator()));
  await assertMayCall(tx, definition);
  const argument = parsedArgument(definition, json);
  assertTransient(tx, definition);
  const result = await (rules[name as FunctionName] as (tx: Tx, argument: unknown) => Promise<unknown>)(
    tx,
    argument,
  );
  if (definition.kind === 'query' && tx.writes > 0) throw new Error(`the query ${name} writes`);
  await tx.flush();
  return result;
}

/** The gate's first two decisions, of every function: is the caller of a member? may this role call this? */
async function assertMayCall(tx: Tx, definition: FunctionDefinition): Promise<void> {
  const { roles, kinds, beforeFounding } = definition;
  const refusal = beforeFounding === true ? undefined : await standingOf(tx, tx.caller);
  if (refusal !== undefined) throw new ContractError(refusal, 'the caller may do nothing on this channel');
  if (!roles.includes(tx.caller.role)) {
    throw new ContractError('ROLE_NOT_PERMITTED', `the role ${tx.caller.role} may not call this`);
  }
  if (kinds === undefined) return;
  const kind = organisationIn(await circleOf(tx), tx.caller.mspId)?.kind;
  if (kind === undefined || !kinds.includes(kind)) {
    throw new ContractError('KIND_NOT_PERMITTED', `for users of an ${kinds.join(' or ')} only`);
  }
}

/** The message names the place of what is wrong, never the value. */
function parsedArgument(definition: FunctionDefinition, json: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new ContractError('INVALID_ARGUMENT', 'the argument is not JSON');
  }
  const outcome = definition.argument.safeParse(value);
  if (outcome.success) return outcome.data;
  const places = outcome.error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.join('.') || '.'} ${issue.code}`);
  throw new ContractError('INVALID_ARGUMENT', places.join('; '));
}

/** Transient data reaches no ledger: a function that does not ask for any is not given any to leave unread. */
function assertTransient(tx: Tx, definition: FunctionDefinition): void {
  if (definition.transient === undefined && tx.transientNames().length > 0) {
    throw new ContractError('INVALID_TRANSIENT', 'the function takes no transient data');
  }
}

/** What is not a refusal is a defect: its text stays in the process. */
function failure(error: unknown): ChaincodeResponse {
  const refusal =
    error instanceof ContractError
      ? error
      : new ContractError('INTERNAL', 'the rule failed; nothing was written', { cause: error });
  return { status: 500, message: refusal.line, payload: new Uint8Array(0) };
}

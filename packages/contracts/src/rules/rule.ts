import type { FunctionName, ParsedArgumentOf, ResultOf } from '../registry.ts';
import type { Tx } from '../tx.ts';

/**
 * The rule of a function: deterministic over the transaction and the state before it, no clock, randomness or I/O. It is called
 * only for a caller whose standing and role the dispatcher has checked, with an argument that its schema accepted; a refusal is
 * a ContractError with a code of its row in the registry.
 */
type Rule<Name extends FunctionName> = (tx: Tx, argument: ParsedArgumentOf<Name>) => Promise<ResultOf<Name>>;

/** One rule for each function of a namespace. */
export type RulesOf<Name extends FunctionName> = { readonly [N in Name]: Rule<N> };

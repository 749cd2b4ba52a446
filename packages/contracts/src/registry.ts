import type { z } from 'zod';
import { authorisationFunctions } from './functions/authorisation.ts';
import { custodyFunctions } from './functions/custody.ts';
import type { FunctionDefinition } from './functions/define.ts';
import { membershipFunctions } from './functions/membership.ts';
import { personsFunctions } from './functions/persons.ts';
import { recordsFunctions } from './functions/records.ts';

/** Every function of the chaincode `health`. Dispatcher, typed client and reference page derive from this table. */
export const registry = {
  ...membershipFunctions,
  ...personsFunctions,
  ...authorisationFunctions,
  ...recordsFunctions,
  ...custodyFunctions,
} as const;

export type Registry = typeof registry;
export type FunctionName = keyof Registry;

/** The argument as a caller writes it (defaults may be left out). */
export type ArgumentOf<Name extends FunctionName> = z.input<Registry[Name]['argument']>;
/** The argument as a rule gets it. */
export type ParsedArgumentOf<Name extends FunctionName> = z.output<Registry[Name]['argument']>;
export type ResultOf<Name extends FunctionName> =
  Registry[Name] extends FunctionDefinition<z.ZodType, infer Result> ? Result : never;

export const FUNCTION_NAMES = Object.keys(registry) as readonly FunctionName[];

/** `undefined` when there is no such function. */
export function definitionOf(name: string): FunctionDefinition | undefined {
  return Object.hasOwn(registry, name) ? registry[name as FunctionName] : undefined;
}

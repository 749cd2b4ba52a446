import type { OrganisationKind, Role } from '@healthchain/core';
import type { z } from 'zod';
import type { ContractErrorCode } from '../errors.ts';
import type { EventName } from '../events.ts';

/** One row of the registry: everything that is known of a function but its rule. */
export interface FunctionDefinition<Argument extends z.ZodType = z.ZodType, Result = unknown> {
  /** A query writes nothing and emits nothing; a command is ordered. */
  readonly kind: 'query' | 'command';
  readonly summary: string;
  /** Roles that may call; everyone else is refused ROLE_NOT_PERMITTED before the rule runs. */
  readonly roles: readonly Role[];
  /** Kinds of organisation whose users may call; absent: all. */
  readonly kinds?: readonly OrganisationKind[];
  /** Works before the founding is complete. */
  readonly beforeFounding?: true;
  readonly argument: Argument;
  /** Names of the transient values, where the function takes any. */
  readonly transient?: string;
  /** Keys and ranges read, beyond the two of the caller's standing (circle, suspension). */
  readonly reads: string;
  readonly event?: EventName;
  /** Beyond the codes of every function. */
  readonly errors: readonly ContractErrorCode[];
  /** Carries the result's type; never set. */
  readonly result?: Result;
}

type Row<Argument extends z.ZodType> = Omit<FunctionDefinition<Argument>, 'kind' | 'result'>;
type QueryDefinition<Argument extends z.ZodType, Result> = FunctionDefinition<Argument, Result> & {
  readonly kind: 'query';
};
type CommandDefinition<Argument extends z.ZodType, Result> = FunctionDefinition<Argument, Result> & {
  readonly kind: 'command';
};

export function query<Result>() {
  return <Argument extends z.ZodType>(row: Row<Argument>): QueryDefinition<Argument, Result> => ({
    ...row,
    kind: 'query',
  });
}

export function command<Result>() {
  return <Argument extends z.ZodType>(row: Row<Argument>): CommandDefinition<Argument, Result> => ({
    ...row,
    kind: 'command',
  });
}

import type { Sensitivity } from '@healthchain/core';

/** The sensitivities that codes and terms anywhere in a value stand for. */
export declare function sensitivitiesIn(value: unknown): ReadonlySet<Sensitivity>;

import type { Category, EmergencyReason, Purpose, Sensitivity } from '@healthchain/core';
import type { Random } from './random.ts';
import type { CastEntry, Resource } from './resources.ts';

/** One thing that happens when the demo starts for the first time. `@key` stands for what an earlier step created. */
export type Step =
  | { readonly do: 'write'; readonly as: string; readonly entries: readonly CastEntry[] }
  /** Another version: `change` gets the resource as the server has it. */
  | {
      readonly do: 'amend';
      readonly as: string;
      readonly key: string;
      readonly change: (resource: Resource) => Resource;
    }
  /** The user's key becomes the key of the person of this Patient. */
  | {
      readonly do: 'bind';
      readonly user: string;
      readonly patient: string;
      readonly circle: 'care' | 'consortium';
    }
  | { readonly do: 'consent'; readonly as: string; readonly key: string; readonly consent: ConsentTerms }
  | {
      readonly do: 'break-glass';
      readonly as: string;
      readonly patient: string;
      readonly reason: EmergencyReason;
    }
  /** A read that really happens, permitted or refused, and stands in the patient's log. */
  | { readonly do: 'look'; readonly as: string; readonly path: string }
  | {
      readonly do: 'merge';
      readonly by: readonly [string, string];
      readonly from: string;
      readonly into: string;
    };

export interface ConsentTerms {
  readonly patient: string;
  readonly type: 'permit' | 'deny';
  /** A user's handle. */
  readonly grantee: string;
  readonly rights: readonly ('read' | 'write' | 'authorise')[];
  readonly categories: readonly Category[] | '*';
  readonly sensitivities?: readonly Sensitivity[];
  readonly purposes: readonly Purpose[];
  readonly days: number;
  readonly parent?: string;
}

export interface Story {
  readonly name: string;
  readonly steps: readonly Step[];
}

export interface StoryContext {
  readonly random: Random;
  readonly time: Timeline;
}

/** Dates relative to the first start, so that the cast is of the same age whenever it is born. */
export interface Timeline {
  /** FHIR instant, UTC. */
  ago(days: number, hour?: number): string;
  /** FHIR date. */
  dateAgo(days: number): string;
}

export function createTimeline(anchor: Date): Timeline {
  const at = (days: number, hour: number): Date => {
    const day = new Date(anchor);
    day.setUTCDate(day.getUTCDate() - days);
    day.setUTCHours(hour, 0, 0, 0);
    return day;
  };
  return {
    ago: (days, hour = 9) => at(days, hour).toISOString().replace('.000Z', 'Z'),
    dateAgo: (days) => at(days, 0).toISOString().slice(0, 10),
  };
}

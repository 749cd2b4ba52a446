import { ROLES, type Role } from '@healthchain/core';
import { z } from 'zod';

/** Rows of one page of a list. */
export const MAX_PAGE_SIZE = 1_000;

export const nothing = z.strictObject({});

/** `bookmark`: what the page before gave; absent for the first page. */
export const paging = {
  bookmark: z.string().max(512).optional(),
  pageSize: z.int().min(1).max(MAX_PAGE_SIZE).default(100),
};

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Absent on the last page. */
  readonly bookmark?: string;
}

/** `YYYY-MM-DDTHH:mm:ss.sssZ`: one spelling, so that instants compare as text. */
export const instant = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  .refine((text) => {
    const time = Date.parse(text);
    return !Number.isNaN(time) && new Date(time).toISOString() === text;
  }, 'is no instant');

/** Random or content-derived ids chosen by the caller; safe as a part of a key. */
export const identifier = z.string().regex(/^[A-Za-z0-9-]{1,64}$/);

export const EVERYONE: readonly Role[] = ROLES;

/**
 * Who may ask for rows about persons directly: a server (for its users, whom it asks the gate for), the regulator (ledger facts
 * and traces, no content) and the patient (own rows only). Everyone else asks through the organisation's server.
 */
export const READERS_OF_LEDGER_FACTS = ['server', 'regulator', 'patient'] as const;

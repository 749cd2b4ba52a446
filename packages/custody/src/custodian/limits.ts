import { sha256, toHex, utf8 } from '@healthchain/core';
import { CustodyError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import type { AccessRequest } from '../request/format.ts';
import { Rate } from './rate.ts';

/** Requests in any 60 seconds; beyond them a request is refused unread and summarised in the patient's log. */
export interface Limits {
  /** One organisation. */
  readonly requestsPerMember: number;
  /** One person who asks. */
  readonly requestsPerSubject: number;
  /** About one patient, of one organisation: what nobody has signed yet must not use up what others may ask. */
  readonly requestsPerPatient: number;
  /** Emergency requests have a lane of their own: one organisation. */
  readonly emergencyRequestsPerMember: number;
  /** Emergency requests of one person. */
  readonly emergencyRequestsPerSubject: number;
  /** Record versions that one organisation's server may fetch to rebuild its store. */
  readonly rebuildRecordsPerMember: number;
}

export const LIMITS: Limits = {
  requestsPerMember: 30_000,
  requestsPerSubject: 6_000,
  requestsPerPatient: 12_000,
  emergencyRequestsPerMember: 6_000,
  emergencyRequestsPerSubject: 600,
  rebuildRecordsPerMember: 60_000,
};

interface Rule {
  readonly limit: keyof Limits;
  key(request: AccessRequest, member: string): string | undefined;
  weight?(request: AccessRequest): number;
}

const subjectKey = (request: AccessRequest): string | undefined =>
  request.kind === 'rebuild' ? undefined : toHex(sha256(utf8(request.subject.certificate)));

const ROUTINE: readonly Rule[] = [
  { limit: 'requestsPerMember', key: (_, member) => member },
  { limit: 'requestsPerSubject', key: subjectKey },
  {
    limit: 'requestsPerPatient',
    key: (request, member) =>
      request.kind === 'rebuild' || request.person === null ? undefined : `${member} ${request.person}`,
  },
];
const EMERGENCY: readonly Rule[] = [
  { limit: 'emergencyRequestsPerMember', key: (_, member) => member },
  { limit: 'emergencyRequestsPerSubject', key: subjectKey },
];
const REBUILD: readonly Rule[] = [
  {
    limit: 'rebuildRecordsPerMember',
    key: (_, member) => member,
    weight: (request) => (request.kind === 'rebuild' ? request.records.length : 0),
  },
];

/** Limits per member, person and patient, checked before any signature (custody.md section 4). */
export class RequestLimits {
  readonly #limits: Limits;
  readonly #now: Clock;
  readonly #rates = new Map<keyof Limits, Rate>();

  constructor(limits: Limits, now: Clock) {
    this.#limits = limits;
    this.#now = now;
  }

  /** @param member what mutual TLS proved. @throws CustodyError OVER_LIMIT, naming the limit */
  take(request: AccessRequest, member: string): void {
    for (const rule of lane(request)) {
      const key = rule.key(request, member);
      if (key === undefined) continue;
      const rate = this.#rates.get(rule.limit) ?? new Rate();
      this.#rates.set(rule.limit, rate);
      if (!rate.take(key, this.#limits[rule.limit], this.#now(), rule.weight?.(request) ?? 1)) {
        throw new CustodyError('OVER_LIMIT', `Over the limit ${rule.limit}`, {
          details: { limit: rule.limit },
        });
      }
    }
  }
}

function lane(request: AccessRequest): readonly Rule[] {
  if (request.kind === 'rebuild') return REBUILD;
  return request.kind === 'read' && request.emergency !== undefined ? EMERGENCY : ROUTINE;
}

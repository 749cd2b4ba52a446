import type {
  EmergencyReason,
  ExactJson,
  PersonId,
  Purpose,
  RecordId,
  RecordLabels,
  Role,
} from '@healthchain/core';

/** The port between the REST side (rest/) and the side that talks to ledger and custodians (exchange/). */

/** Who asks, from a verified bearer token. A caller always belongs to the organisation of this server. */
export interface Caller {
  readonly mspId: string;
  readonly userId: string;
  readonly role: Role;
  readonly purpose: Purpose;
}

export interface RequestContext {
  /** Stands in the structured log and in `X-Request-Id`; never an id of a person. */
  readonly requestId: string;
  readonly caller: Caller;
  readonly at: Date;
  /** FHIR's name of the interaction (`read`, `search-type`, `everything`), for the patient's log; no ids, no parameters. */
  readonly interaction?: string;
  readonly signal?: AbortSignal;
}

/** A FHIR resource as exact JSON, with `id`, without `meta.versionId` and `meta.lastUpdated` (custody.md section 2). */
export type ExactResource = { [name: string]: ExactJson };

export type WriteOperation =
  | {
      readonly kind: 'put' | 'amend';
      readonly recordId: RecordId;
      /** 1 for put; head + 1 for amend and retract. */
      readonly version: number;
      readonly type: string;
      readonly resource: ExactResource;
      /** Sorted. Empty: a record of no person. */
      readonly persons: readonly PersonId[];
      readonly labels: RecordLabels;
      /** The type makes a relation: Encounter, Appointment, order (health.md section 2). */
      readonly relation: boolean;
      /**
       * Of a Patient that is put: its identifiers (`system|value`), under which the own organisation registers its person. Before the
       * write, and only when the gate permits everything that is written with it.
       */
      readonly registers?: readonly string[];
    }
  | {
      readonly kind: 'retract';
      readonly recordId: RecordId;
      readonly version: number;
      readonly type: string;
      readonly persons: readonly PersonId[];
      readonly labels: RecordLabels;
    }
  | {
      readonly kind: 'directory';
      readonly recordId: RecordId;
      readonly version: number;
      readonly type: string;
      /** `null`: deleted. */
      readonly resource: ExactResource | null;
      /** `system|value` */
      readonly identifiers: readonly string[];
    };

export interface WriteResult {
  readonly transactionId: string;
  readonly blockNumber: number;
  /** The transaction's timestamp as a FHIR instant: `meta.lastUpdated` of every version written, the same at every server. */
  readonly lastUpdated: string;
}

/** A key that the client chose for a request, so that sending it again does nothing again. It counts for its caller alone. */
export interface RepeatKey {
  readonly key: string;
  /** SHA-256 of the request, hex: another request under the same key is told apart. */
  readonly fingerprint: string;
}

/** `answer` is durable with the write's effects, and is there if and only if they are. */
export interface KeepUnder {
  readonly repeat: RepeatKey;
  readonly answer: string;
}

export interface KeptAnswer {
  readonly fingerprint: string;
  /** False: the first request's transaction is under way, or was when the process ended; its outcome follows. */
  readonly isSettled: boolean;
  readonly answer: string;
  /** Of what the request wrote; absent when it wrote nothing. */
  readonly lastUpdated?: string;
}

/** Kept for days, not for ever: the limits are exchange/write/kept-answers.ts KEPT_MS and MAX_KEPT_PER_CALLER. */
export interface KeptAnswers {
  find(caller: Caller, key: string): KeptAnswer | undefined;
  /** Keeps the answer of a request that wrote nothing; durable on return. */
  keep(caller: Caller, repeat: RepeatKey, answer: string): void;
}

/** What the ledger shows of one version of a record of any organisation. */
export interface LedgerVersion {
  readonly channel: string;
  readonly recordId: RecordId;
  readonly version: number;
  readonly persons: readonly PersonId[];
  /** `['restricted']` above N. */
  readonly categories: readonly string[];
  readonly author: { readonly mspId: string; readonly userId: string };
  readonly kind: 'put' | 'amend' | 'retract';
  readonly lastUpdated: string;
  readonly transactionId: string;
  readonly blockNumber: number;
}

interface RecordRef {
  readonly recordId: RecordId;
  readonly version: number;
}

/** A record of the own organisation about which a decision is wanted. */
export interface AccessItem extends RecordRef {
  readonly persons: readonly PersonId[];
  /** Some rows of the base policy cover only some types of a category; absent, these rows do not apply. */
  readonly type?: string;
  readonly author: string;
  readonly labels: RecordLabels;
}

export interface AccessDecision {
  readonly permit: boolean;
  /** The gate's code; goes into the log and the metrics, never into an answer to who may not read. */
  readonly code: string;
  /** The emergency's transaction id when the permit rests on one. */
  readonly emergency?: string;
}

/** A record opened through custody. It lives for one request: no store, index, cache, queue or file. */
export interface OpenedRecord {
  readonly ledger: LedgerVersion;
  readonly type: string;
  readonly resource: ExactResource;
  readonly labels: RecordLabels;
}

export interface OpenOutcome {
  readonly opened: readonly OpenedRecord[];
  /** Organisations whose custodian could not be reached; named in a search's `outcome` entry. */
  readonly unreachable: readonly string[];
}

/** Highest number of foreign records opened for one request (health.md section 7). */
export const MAX_OPENED = 1_000;

/** Which heads of a person are listed; without a condition, all. */
export interface PersonListing {
  /** Filed under at least one of these. */
  readonly categories?: readonly string[];
  /** Written at other organisations than this server's. */
  readonly fromElsewhere?: boolean;
}

export interface Exchange {
  /**
   * Seals the records and commits one ledger transaction signed by the caller. On return the transaction is VALID, durable, and
   * applied to the store of this server. A crash in between is finished or undone at the next start.
   *
   * @throws ExchangeError FORBIDDEN, CONFLICT (a version is not head + 1), TOO_LARGE, UNAVAILABLE, OUTCOME_UNKNOWN
   */
  write(
    context: RequestContext,
    operations: readonly WriteOperation[],
    keep?: KeepUnder,
  ): Promise<WriteResult>;

  /** What requests that come with a key are answered when they come again. */
  readonly answers: KeptAnswers;

  /** Every version of a record of any organisation, oldest first; empty when the ledger has none. */
  versions(recordId: RecordId): Promise<readonly LedgerVersion[]>;

  /** The heads of all records of a person, of all organisations, in commit order, tombstones left out. */
  listPerson(personId: PersonId, wanted?: PersonListing): Promise<readonly LedgerVersion[]>;

  /**
   * Whether the consortium knows the caller in this role: the certificate that stands for the user is neither revoked nor expired, and
   * nobody suspended the user or the organisation. Asked for every request, so that an ended user reads nothing that takes no signature.
   */
  knows(caller: Caller): boolean;

  /** Gate decisions about own records on the own peer. Logs nothing: `state` does. */
  decide(context: RequestContext, items: readonly AccessItem[]): Promise<readonly AccessDecision[]>;

  /** Appends what a local access released or refused to the own access log; durable on return. One entry for each person. */
  state(
    context: RequestContext,
    access: {
      readonly interaction: string;
      readonly outcome: 'released' | 'refused';
      readonly code: string;
      readonly items: readonly AccessItem[];
      readonly emergency?: string;
    },
  ): Promise<void>;

  /**
   * Opens versions of other organisations (at most MAX_OPENED): request, gates, logs, shares, decryption, checks. What the gate
   * refuses is left out of `opened`, and stands in the custodians' logs.
   *
   * @throws ExchangeError TOO_LARGE, UNAVAILABLE (fewer than k custodians answered)
   */
  open(context: RequestContext, versions: readonly LedgerVersion[]): Promise<OpenOutcome>;

  /** Opens an emergency on the ledger and returns when it is VALID. @throws ExchangeError FORBIDDEN, LIMIT, UNAVAILABLE */
  breakGlass(
    context: RequestContext,
    personId: PersonId,
    reason: EmergencyReason,
  ): Promise<{ readonly transactionId: string; readonly until: string }>;

  /**
   * The proofs about one person of all custodians, as JSON for `verify --offline`; reading them is logged like any other look.
   *
   * @throws ExchangeError FORBIDDEN when no custodian shows this log to the caller, UNAVAILABLE
   */
  exportAccessLog(context: RequestContext, personId: PersonId): Promise<object>;

  readonly persons: Persons;
  /** Consent, AuditEvent and the ledger's Provenance: resources that are not stored but shown. */
  readonly faces: Readonly<Record<string, Face>>;
}

export interface Persons {
  /**
   * The person that a Patient to be created stands for: the one of an exactly matching identifier, or a fresh id. Registers nobody:
   * `Exchange.write` does. @throws ExchangeError CONFLICT when the identifiers are of different persons
   */
  forNewPatient(context: RequestContext, identifiers: readonly string[]): Promise<PersonId>;
  /** The person of a Patient's logical id, whichever organisation keeps it (merged persons resolved). */
  ofPatient(patientId: RecordId): Promise<PersonId | undefined>;
  /** The Patient records of a person at all organisations. */
  patientsOf(personId: PersonId): Promise<readonly { readonly recordId: RecordId; readonly mspId: string }[]>;
  /** Exact identifiers (`system|value`) only; throttled; stands in the patient's log. @throws ExchangeError LIMIT */
  match(context: RequestContext, identifiers: readonly string[]): Promise<readonly PersonId[]>;
  /** The person whose key the caller (role patient) holds. */
  ofCaller(caller: Caller): Promise<PersonId | undefined>;
}

/** A resource type that shows what ledger or log hold. Undefined methods are interactions that the type does not have (405). */
export interface Face {
  read(context: RequestContext, id: string): Promise<FaceResource | undefined>;
  history?(context: RequestContext, id: string): Promise<readonly FaceResource[]>;
  search(context: RequestContext, parameters: URLSearchParams): Promise<readonly FaceResource[]>;
  create?(context: RequestContext, resource: ExactResource): Promise<FaceResource>;
  update?(
    context: RequestContext,
    id: string,
    resource: ExactResource,
    ifMatch: string | undefined,
  ): Promise<FaceResource>;
}

export interface FaceResource {
  readonly resource: ExactResource;
  readonly versionId: string;
  readonly lastUpdated: string;
}

export type ExchangeErrorCode =
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'INVALID'
  | 'TOO_LARGE'
  | 'LIMIT'
  | 'UNAVAILABLE'
  | 'OUTCOME_UNKNOWN';

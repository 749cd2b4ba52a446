import type {
  Category,
  EmergencyReason,
  OrganisationKind,
  PersonId,
  Purpose,
  RecordHeader,
  RecordId,
  Right,
  Role,
  Sensitivity,
  UserId,
} from '@healthchain/core';

/** The rows of the state. `at`, `…At`, `start` and `end` are UTC instants `YYYY-MM-DDTHH:mm:ss.sssZ`, `day` is a UTC day. */

/** A user of an organisation: the person whose certificate signed, or will sign. */
export interface UserRef {
  readonly mspId: string;
  readonly userId: UserId;
}

export interface Signer extends UserRef {
  readonly role: Role;
}

export interface Organisation {
  readonly mspId: string;
  readonly name: string;
  readonly kind: OrganisationKind;
  readonly status: 'active' | 'suspended';
  readonly since: string;
}

export interface Custodian {
  readonly mspId: string;
  /** The fixed x of Shamir's scheme, 1 to 255 (custody.md section 2). */
  readonly index: number;
}

export interface EpochInForce {
  readonly epoch: number;
  readonly custodians: readonly Custodian[];
  readonly k: number;
}

/**
 * What every write has to know of the channel, in one key: members, the epoch in force, the intake keys that may be sealed to.
 * Written only when one of these changes; bounded by the number of organisations. A write that was endorsed before such a
 * change is invalid after it (MVCC_READ_CONFLICT), so nothing is ever sealed to a key that was closed before it.
 */
export interface CircleRow {
  readonly organisations: readonly Organisation[];
  readonly epoch?: EpochInForce;
  readonly intakeKeys: readonly { readonly mspId: string; readonly keyId: string }[];
}

/** A founding list that some administrators have confirmed; the first that all its organisations confirm becomes the circle. */
export interface FoundingRow {
  readonly organisations: readonly Pick<Organisation, 'mspId' | 'name' | 'kind'>[];
  readonly proposedBy: Signer;
  readonly at: string;
}

/** One organisation's yes to a founding, a proposal or an epoch. */
export interface ApprovalRow {
  readonly by: Signer;
  readonly at: string;
}

export type OrganisationChange =
  | { readonly kind: 'admit'; readonly organisation: Pick<Organisation, 'mspId' | 'name' | 'kind'> }
  | { readonly kind: 'suspend'; readonly mspId: string }
  | { readonly kind: 'reinstate'; readonly mspId: string };

export interface ProposalRow {
  /** The id of the transaction that proposed it. */
  readonly proposalId: string;
  readonly change: OrganisationChange;
  readonly state: 'open' | 'done';
  readonly proposedBy: Signer;
  readonly at: string;
}

export interface SuspensionRow extends UserRef {
  readonly by: Signer;
  readonly at: string;
}

export interface PersonRow {
  readonly personId: PersonId;
  readonly registeredBy: string;
  readonly at: string;
}

/** The person whose key a user of the authority holds. */
export interface BindingRow extends UserRef {
  readonly personId: PersonId;
  readonly by: Signer;
  readonly at: string;
}

/**
 * An organisation's relation to a person (health.md section 2): the last day it registered the person or wrote an Encounter,
 * an Appointment or an order. `consultDenies`: the patient has denied something to somebody there, so a write must look.
 */
export interface RelationRow {
  readonly personId: PersonId;
  readonly mspId: string;
  readonly day: string | null;
  readonly consultDenies: boolean;
}

export interface MergeRow {
  /** The id of the transaction that proposed it. */
  readonly mergeId: string;
  readonly fromPersonId: PersonId;
  readonly intoPersonId: PersonId;
  readonly state: 'proposed' | 'merged' | 'unmerging' | 'undone';
  readonly steps: readonly {
    readonly step: 'propose' | 'confirm' | 'propose-undo' | 'undo';
    readonly by: Signer;
    readonly at: string;
  }[];
}

/** A confirmed merge, seen from either person. */
export interface LinkRow {
  readonly personId: PersonId;
  readonly otherPersonId: PersonId;
  readonly mergeId: string;
  /** The person that stands for both. */
  readonly intoPersonId: PersonId;
  readonly at: string;
}

/** A person at an organisation (not at the next employer), a role at an organisation, or an organisation. */
export type Grantee =
  | { readonly kind: 'person'; readonly mspId: string; readonly userId: UserId }
  | { readonly kind: 'role'; readonly mspId: string; readonly role: Role }
  | { readonly kind: 'organisation'; readonly mspId: string };

export type Categories = '*' | readonly Category[];

/**
 * What a node leaves out. A dimension that is absent matches everything; an exception matches where all its dimensions do.
 * Of a permit, an exception takes hold if any category (sensitivity) of the record is named; of a deny, only if all are.
 */
export interface GrantException {
  readonly categories?: readonly Category[];
  readonly sensitivities?: readonly Sensitivity[];
  readonly purposes?: readonly Purpose[];
  readonly grantee?: Grantee;
  readonly start?: string;
  readonly end?: string;
}

/** One node of the authorisation tree: one FHIR Consent (health.md section 4). In force from `start` up to, not at, `end`. */
export interface GrantNode {
  readonly grantId: string;
  readonly personId: PersonId;
  readonly effect: 'permit' | 'deny';
  readonly grantor: Signer;
  readonly grantee: Grantee;
  readonly rights: readonly Right[];
  readonly categories: Categories;
  /** Permit: an R record is covered when every sensitivity it carries is named. Deny: empty means whatever the record carries. */
  readonly sensitivities: readonly Sensitivity[];
  readonly purposes: readonly Purpose[];
  readonly start: string;
  /** Absent: until revoked. */
  readonly end?: string;
  /** Absent: granted by the patient. */
  readonly parent?: string;
  /** Of a node without parent: the person whose key signed it, which holds while that person and `personId` are one. */
  readonly signedAs?: PersonId;
  readonly depth: number;
  readonly exceptions: readonly GrantException[];
  readonly at: string;
  readonly transactionId: string;
  readonly revoked?: { readonly by: Signer; readonly at: string };
}

export interface GrantPointer {
  readonly grantId: string;
  readonly personId: PersonId;
}

export type OperationKind = 'put' | 'amend' | 'retract';

/** The latest version of a record; what a write checks. */
export interface HeadRow {
  readonly recordId: RecordId;
  readonly version: number;
  readonly kind: OperationKind;
  readonly persons: readonly PersonId[];
  readonly categories: RecordHeader['categories'];
  readonly mspId: string;
}

/** One version of a record. Versions are contiguous from 1 and never change. */
export interface VersionRow {
  readonly kind: OperationKind;
  readonly header: RecordHeader;
  /** Absent of a retraction. */
  readonly content?: ContentRef;
  readonly at: string;
  readonly transactionId: string;
  /** Position among the operations of its transaction. */
  readonly position: number;
}

export interface ContentRef {
  readonly ciphertextHash: string;
  readonly ciphertextSize: number;
  readonly commitment: string;
  readonly shareHashes: readonly string[];
  readonly epoch: number;
  readonly dealing: 'author' | 'redealt';
}

/** The sealed message of one transaction for one custodian. */
export interface SealedRef {
  readonly mspId: string;
  readonly intakeKeyId: string;
  readonly hash: string;
}

export interface IndexRow {
  readonly recordId: RecordId;
  readonly version: number;
  readonly kind: OperationKind;
  readonly persons: readonly PersonId[];
  readonly categories: RecordHeader['categories'];
  readonly author: UserRef;
  readonly at: string;
  readonly transactionId: string;
}

/** The latest version of a directory entry, in clear for every member. `resource` is JSON text; `null`: deleted. */
export interface DirectoryRow {
  readonly type: string;
  readonly recordId: RecordId;
  readonly version: number;
  readonly resource: string | null;
  readonly identifiers: readonly string[];
  readonly author: UserRef;
  /** When version 1 was written. */
  readonly createdAt: string;
  readonly at: string;
  readonly transactionId: string;
}

export interface DirectoryPointer {
  readonly recordId: RecordId;
  readonly createdAt: string;
}

export interface EpochRow extends EpochInForce {
  /** Hash of custodians and k: what an approval is given to, whoever proposed it. */
  readonly terms: string;
  readonly state: 'proposed' | 'in-force' | 'over';
  readonly proposedBy: Signer;
  readonly at: string;
}

export interface IntakeKeyRow {
  readonly mspId: string;
  readonly keyId: string;
  /** base64url of the X-Wing public key. */
  readonly publicKey: string;
  readonly suite: 1;
  readonly state: 'open' | 'closing' | 'closed';
  /** Of a closing or closed key: the height up to which the custodian must have everything durable. */
  readonly closingHeight?: number;
  readonly openedAt: string;
  readonly at: string;
}

/** The log of one custodian as of `size` entries (custody.md section 5). Hashes in hexadecimal. */
export interface CheckpointRow {
  readonly mspId: string;
  readonly size: number;
  readonly root: string;
  readonly mapRoot: string;
  readonly at: string;
  readonly transactionId: string;
}

export interface EmergencyRow {
  /** The id of the transaction that opened it. */
  readonly emergencyId: string;
  readonly personId: PersonId;
  readonly by: Signer;
  readonly reason: EmergencyReason;
  readonly at: string;
  readonly until: string;
  readonly review?: {
    readonly outcome: 'accepted' | 'reported';
    readonly by: Signer;
    readonly at: string;
  };
}

export interface EmergencyPointer {
  readonly emergencyId: string;
  readonly personId: PersonId;
  readonly userId: UserId;
  readonly at: string;
}

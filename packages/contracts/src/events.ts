import type { EmergencyReason, PersonId } from '@healthchain/core';
import type { Grantee, OrganisationChange, Signer } from './state/rows.ts';

/** The events of VALID transactions, at most one each; what a record write contains is read from the block itself. */
export interface HealthEvents {
  readonly Founded: { readonly organisations: readonly string[] };
  readonly OrganisationChanged: { readonly proposalId: string; readonly change: OrganisationChange };
  readonly UserSuspended: { readonly mspId: string; readonly userId: string };
  readonly UserReinstated: { readonly mspId: string; readonly userId: string };
  readonly PersonRegistered: { readonly personId: PersonId; readonly mspId: string };
  readonly KeyBound: { readonly personId: PersonId; readonly mspId: string; readonly userId: string };
  readonly PersonsMerged: MergeEvent;
  readonly PersonsUnmerged: MergeEvent;
  /** A delegated node (`parent` set) is told to the patient. */
  readonly Granted: {
    readonly grantId: string;
    readonly personId: PersonId;
    readonly effect: 'permit' | 'deny';
    readonly grantee: Grantee;
    readonly grantor: Signer;
    readonly parent?: string;
  };
  readonly Revoked: { readonly grantId: string; readonly personId: PersonId; readonly by: Signer };
  readonly RecordsWritten: { readonly operations: number };
  readonly EpochInForce: { readonly epoch: number };
  readonly IntakeKeyChanged: {
    readonly mspId: string;
    readonly keyId: string;
    readonly state: 'open' | 'closing' | 'closed';
  };
  readonly CheckpointWritten: { readonly mspId: string; readonly size: number; readonly root: string };
  readonly EmergencyOpened: {
    readonly emergencyId: string;
    readonly personId: PersonId;
    readonly by: Signer;
    readonly reason: EmergencyReason;
  };
  readonly EmergencyReviewed: {
    readonly emergencyId: string;
    readonly personId: PersonId;
    readonly outcome: 'accepted' | 'reported';
  };
}
export type EventName = keyof HealthEvents;

interface MergeEvent {
  readonly mergeId: string;
  readonly fromPersonId: PersonId;
  readonly intoPersonId: PersonId;
}

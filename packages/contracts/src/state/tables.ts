import type { Category } from '@healthchain/core';
import type {
  ApprovalRow,
  BindingRow,
  CheckpointRow,
  CircleRow,
  DirectoryPointer,
  DirectoryRow,
  EmergencyPointer,
  EmergencyRow,
  EpochRow,
  FoundingRow,
  GrantNode,
  GrantPointer,
  HeadRow,
  IndexRow,
  IntakeKeyRow,
  LinkRow,
  MergeRow,
  PersonRow,
  ProposalRow,
  RelationRow,
  SealedRef,
  SuspensionRow,
  VersionRow,
} from './rows.ts';
import { bytesTable, jsonTable, type KeyPart, type Table } from './table.ts';

/** Stands for the person in the index rows of a record of no person. */
export const NO_PERSON = '-';
/** Stands for the user or role in the index rows of a grant to a whole organisation. */
export const WHOLE_ORGANISATION = '-';

/** Every table of the state of the chaincode `health`. Names and layouts stay as they are: they are on the ledger. */
export const tables = {
  circle: jsonTable<[], CircleRow>('circle'),
  founding: jsonTable<[listHash: string], FoundingRow>('founding', 'text'),
  foundingApproval: jsonTable<[listHash: string, mspId: string], ApprovalRow>(
    'founding-approval',
    'text',
    'text',
  ),
  proposal: jsonTable<[proposalId: string], ProposalRow>('proposal', 'text'),
  proposalApproval: jsonTable<[proposalId: string, mspId: string], ApprovalRow>(
    'proposal-approval',
    'text',
    'text',
  ),
  suspension: jsonTable<[mspId: string, userId: string], SuspensionRow>('suspension', 'text', 'text'),

  person: jsonTable<[personId: string], PersonRow>('person', 'text'),
  binding: jsonTable<[mspId: string, userId: string], BindingRow>('binding', 'text', 'text'),
  relation: jsonTable<[personId: string, mspId: string], RelationRow>('relation', 'text', 'text'),
  merge: jsonTable<[mergeId: string], MergeRow>('merge', 'text'),
  link: jsonTable<[personId: string, otherPersonId: string], LinkRow>('link', 'text', 'text'),

  grant: jsonTable<[grantId: string], GrantNode>('grant', 'text'),
  grantByPerson: jsonTable<[personId: string, grantId: string], GrantPointer>(
    'grant-by-person',
    'text',
    'text',
  ),
  /** Holds no revoked nodes: a decision reads only the range (grantee, person). */
  grantByGrantee: jsonTable<
    [mspId: string, kind: string, who: string, personId: string, grantId: string],
    GrantPointer
  >('grant-by-grantee', 'text', 'text', 'text', 'text', 'text'),

  head: jsonTable<[recordId: string], HeadRow>('head', 'text'),
  version: jsonTable<[recordId: string, version: number], VersionRow>('version', 'text', 'number'),
  body: bytesTable<[recordId: string, version: number]>('body', 'text', 'number'),
  sealed: bytesTable<[transactionId: string, mspId: string]>('sealed', 'text', 'text'),
  sealing: jsonTable<[transactionId: string], { readonly sealed: readonly SealedRef[] }>('sealing', 'text'),
  index: jsonTable<[category: Category | 'restricted', personId: string, recordId: string], IndexRow>(
    'index',
    'text',
    'text',
    'text',
  ),
  directory: jsonTable<[type: string, recordId: string], DirectoryRow>('directory', 'text', 'text'),
  directoryVersion: jsonTable<[type: string, recordId: string, version: number], DirectoryRow>(
    'directory-version',
    'text',
    'text',
    'number',
  ),
  directoryByIdentifier: jsonTable<
    [type: string, identifierHash: string, recordId: string],
    DirectoryPointer
  >('directory-by-identifier', 'text', 'text', 'text'),

  /** In force, or over. */
  epoch: jsonTable<[epoch: number], EpochRow>('epoch', 'number'),
  /** Of one number there may be several: no proposal keeps another from being made. */
  epochProposal: jsonTable<[epoch: number, terms: string], EpochRow>('epoch-proposal', 'number', 'text'),
  epochApproval: jsonTable<[epoch: number, terms: string, mspId: string], ApprovalRow>(
    'epoch-approval',
    'number',
    'text',
    'text',
  ),
  custodianIndex: jsonTable<[mspId: string], { readonly mspId: string; readonly index: number }>(
    'custodian-index',
    'text',
  ),
  indexHolder: jsonTable<[index: number], { readonly mspId: string; readonly index: number }>(
    'index-holder',
    'number',
  ),
  intakeKey: jsonTable<[mspId: string, keyId: string], IntakeKeyRow>('intake-key', 'text', 'text'),
  checkpoint: jsonTable<[mspId: string, size: number], CheckpointRow>('checkpoint', 'text', 'number'),
  checkpointHead: jsonTable<[mspId: string], CheckpointRow>('checkpoint-head', 'text'),
  emergency: jsonTable<[emergencyId: string], EmergencyRow>('emergency', 'text'),
  emergencyByPerson: jsonTable<[personId: string, emergencyId: string], EmergencyPointer>(
    'emergency-by-person',
    'text',
    'text',
  ),
  emergencyByHour: jsonTable<[mspId: string, hour: string, emergencyId: string], EmergencyPointer>(
    'emergency-by-hour',
    'text',
    'text',
    'text',
  ),
  emergencyUnreviewed: jsonTable<[mspId: string, emergencyId: string], EmergencyPointer>(
    'emergency-unreviewed',
    'text',
    'text',
  ),
} as const;

type Tables = typeof tables;
export type TableName = keyof Tables;
type KeyOf<T> = T extends Table<infer Key, infer _Row> ? Key : never;
type RowOf<T> = T extends Table<infer _Key, infer Row> ? Row : never;

/** A write of a VALID transaction, decoded; `row` is absent when the key was deleted. */
export type StateChange = {
  readonly [Name in TableName]: {
    readonly table: Name;
    readonly key: KeyOf<Tables[Name]>;
    readonly row: RowOf<Tables[Name]> | undefined;
  };
}[TableName];

const BY_NAME = new Map<string, TableName>(
  Object.entries(tables).map(([property, table]) => [table.name, property as TableName]),
);

/**
 * Decodes one write of a block's public read-write set in the namespace of this chaincode. `undefined`: the key belongs to no
 * table, which only a foreign chaincode under the same name can cause.
 */
export function decodeWrite(write: {
  readonly key: string;
  readonly value: Uint8Array;
  readonly isDelete: boolean;
}): StateChange | undefined {
  const name = BY_NAME.get(write.key.split('\u0000')[1] ?? '');
  if (name === undefined) return undefined;
  const table: Table<readonly KeyPart[], unknown> = tables[name];
  const key = table.parts(write.key);
  if (key === undefined) return undefined;
  return { table: name, key, row: write.isDelete ? undefined : table.decode(write.value) } as StateChange;
}

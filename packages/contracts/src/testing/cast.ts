import {
  INTAKE_KEY_BYTES,
  intakeKeyId,
  sha256,
  toBase64url,
  toHex,
  utf8,
  type RecordHeader,
  type WriteArguments,
} from '@healthchain/core';
import type { ArgumentOf } from '../registry.ts';
import type { Signer } from '../state/rows.ts';
import { MemoryLedger, idOf, recordIdOf, userOf, type CastLedger } from './ledger.ts';

export const NORTH = 'NorthMSP';
export const SOUTH = 'SouthMSP';
export const AUTHORITY = 'AuthorityMSP';
export const ACME = 'AcmeMSP';

export const ORGANISATIONS = [
  { mspId: NORTH, name: 'North Hospital', kind: 'hospital' },
  { mspId: SOUTH, name: 'South Hospital', kind: 'hospital' },
  { mspId: AUTHORITY, name: 'Health Authority', kind: 'authority' },
  { mspId: ACME, name: 'Acme Insurance', kind: 'insurer' },
] as const;

export const CUSTODIANS = [NORTH, SOUTH, AUTHORITY] as const;

export const maria = idOf('Maria');
export const mariaUser = userOf(AUTHORITY, 'patient', 'Maria');
export const northDoctor = userOf(NORTH, 'doctor');
export const southDoctor = userOf(SOUTH, 'doctor');
export const serverOf = (mspId: string): Signer => userOf(mspId, 'server');
export const administratorOf = (mspId: string): Signer => userOf(mspId, 'administrator');

/** Four founded members. */
export async function foundedLedger(now?: string): Promise<MemoryLedger> {
  const ledger = new MemoryLedger(now === undefined ? {} : { now });
  await found(ledger);
  return ledger;
}

/** Founded, epoch 1 in force with one open intake key a custodian, Maria registered at North, her key bound. */
export async function readyLedger(now?: string): Promise<MemoryLedger> {
  const ledger = new MemoryLedger(now === undefined ? {} : { now });
  await makeReady(ledger);
  return ledger;
}

async function found(ledger: CastLedger): Promise<void> {
  const argument = { organisations: [...ORGANISATIONS] };
  await ledger.call(administratorOf(NORTH), 'membership:Found', argument);
  for (const mspId of [SOUTH, AUTHORITY, ACME]) {
    await ledger.call(administratorOf(mspId), 'membership:ConfirmFounding', argument);
  }
}

/** Makes any ledger without a founding a ready one. */
export async function makeReady(ledger: CastLedger): Promise<void> {
  await found(ledger);
  await ledger.call(administratorOf(NORTH), 'custody:ProposeEpoch', {
    epoch: 1,
    custodians: CUSTODIANS.map((mspId, i) => ({ mspId, index: i + 1 })),
  });
  await ledger.call(administratorOf(SOUTH), 'custody:ApproveEpoch', { epoch: 1 });
  await ledger.call(administratorOf(AUTHORITY), 'custody:ApproveEpoch', { epoch: 1 });
  for (const mspId of CUSTODIANS) {
    await ledger.call(serverOf(mspId), 'custody:OpenIntakeKey', intakeKeyOf(ledger, mspId, 1));
  }
  await register(ledger, maria, mariaUser);
}

/** The n-th intake key of a custodian: one that can be sealed to, whose private half nobody has. */
export function intakeKeyOf(
  { channel }: Pick<CastLedger, 'channel'>,
  mspId: string,
  n: number,
): ArgumentOf<'custody:OpenIntakeKey'> {
  const bytes = new Uint8Array(INTAKE_KEY_BYTES);
  bytes[0] = n;
  bytes[INTAKE_KEY_BYTES - 32] = 9;
  return { keyId: intakeKeyId(channel, mspId, bytes), publicKey: toBase64url(bytes), suite: 1 };
}

/** Registers a person at North (or elsewhere) and binds the key of a user of the authority. */
export async function register(
  ledger: CastLedger,
  personId: string,
  patient?: Signer,
  mspId: string = NORTH,
): Promise<void> {
  await ledger.call(serverOf(mspId), 'persons:Register', { personId });
  if (patient !== undefined) {
    await ledger.call(serverOf(AUTHORITY), 'persons:BindKey', { personId, userId: patient.userId });
  }
}

export interface Written {
  readonly kind?: 'put' | 'amend' | 'retract';
  readonly id: string;
  readonly version?: number;
  readonly persons?: readonly string[];
  readonly categories?: RecordHeader['categories'];
  readonly relation?: boolean;
}

/** Arguments and transient data of a correct write. */
export function writeOf(ledger: CastLedger, author: Signer, records: readonly Written[]) {
  const transient: Record<string, Uint8Array> = {};
  const operations = records.map((record, i): WriteArguments['operations'][number] => {
    const header = headerOf(ledger, author, record);
    if (record.kind === 'retract') return { kind: 'retract', header };
    const ciphertext = utf8(`ciphertext of ${record.id} version ${record.version ?? 1}`);
    transient[`ciphertext/${i}`] = ciphertext;
    return {
      kind: record.kind ?? 'put',
      header,
      relation: record.relation ?? false,
      ciphertextHash: toHex(sha256(ciphertext)),
      ciphertextSize: ciphertext.length,
      commitment: '00'.repeat(32),
      shareHashes: CUSTODIANS.map(() => '11'.repeat(32)),
    };
  });
  const sealed = Object.keys(transient).length === 0 ? [] : sealFor(ledger, transient);
  const argument: ArgumentOf<'records:Write'> = { operations, epoch: 1, dealing: 'author', sealed };
  return { argument, transient };
}

export async function put<Ledger extends CastLedger>(
  ledger: Ledger,
  author: Signer,
  ...records: readonly Written[]
): Promise<Awaited<ReturnType<Ledger['execute']>>>;
export async function put(ledger: CastLedger, author: Signer, ...records: readonly Written[]) {
  const { argument, transient } = writeOf(ledger, author, records);
  return ledger.execute(author, 'records:Write', argument, { transient });
}

function sealFor(
  ledger: Pick<CastLedger, 'channel'>,
  transient: Record<string, Uint8Array>,
): WriteArguments['sealed'] {
  return CUSTODIANS.map((mspId) => {
    const message = utf8(`sealed for ${mspId}`);
    transient[`sealed/${mspId}`] = message;
    return { mspId, intakeKeyId: intakeKeyOf(ledger, mspId, 1).keyId, hash: toHex(sha256(message)) };
  });
}

function headerOf(ledger: CastLedger, author: Signer, record: Written): RecordHeader {
  return {
    label: 'healthchain/v1/record',
    suite: 1,
    channel: ledger.channel,
    recordId: recordIdOf(record.id),
    version: record.version ?? 1,
    persons: [...(record.persons ?? [maria])].sort(),
    categories: [...(record.categories ?? (['laboratory'] as const))].sort(),
    author: { mspId: author.mspId, userId: author.userId },
    day: ledger.now.slice(0, 10),
  };
}

/** A grant by Maria of everything about her to a doctor of South for treatment, from an hour ago on; parts replaced at will. */
export function grantOf(
  ledger: CastLedger,
  grantId: string,
  parts: Partial<ArgumentOf<'authorisation:Grant'>> = {},
): ArgumentOf<'authorisation:Grant'> {
  return {
    grantId,
    personId: maria,
    effect: 'permit',
    grantee: { kind: 'person', mspId: SOUTH, userId: southDoctor.userId },
    rights: ['read'],
    categories: '*',
    sensitivities: [],
    purposes: ['TREAT'],
    start: new Date(Date.parse(ledger.now) - 3_600_000).toISOString(),
    ...parts,
  };
}

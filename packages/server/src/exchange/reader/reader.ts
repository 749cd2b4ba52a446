import type { KeyObject } from 'node:crypto';
import {
  certificateKey,
  CustodyError,
  type Answer,
  type Asked,
  type Epoch,
  type ExpectedRecord,
  type OpenedRecord,
  type SignedEntry,
} from '@healthchain/custody';
import type { ExchangeLog } from '../context.ts';
import type { CustodyService } from '../custody/service.ts';
import type { LedgerFacts, VersionFact } from '../facts/facts.ts';
import { epochOf } from '../write/assemble.ts';
import { gather, type AskableCustodian } from './gather.ts';

export interface ReaderOptions {
  readonly mspId: string;
  readonly facts: LedgerFacts;
  readonly custody: CustodyService;
  /** Keeps the signed entries that custodians handed out: one that is missing from a later log proves misbehaviour. */
  readonly keep: (entries: readonly SignedEntry[]) => void;
  readonly log: ExchangeLog;
}

export interface ReadOutcome {
  readonly opened: readonly OpenedRecord[];
  /** Versions that did not open for another reason than a refusal. */
  readonly broken: number;
  readonly unreachable: readonly string[];
}

/** Records of one channel, person and epoch: what one request may ask for. */
export interface Batch {
  readonly channel: string;
  /** The one person they are about; null for records of no person or of several. */
  readonly person: string | null;
  readonly epoch: Epoch;
  readonly versions: readonly VersionFact[];
}

/** Splits versions into what one request each may ask for, at most `size` a request. */
export function batches(
  facts: LedgerFacts,
  versions: readonly VersionFact[],
  size: number,
): readonly Batch[] {
  const groups = Map.groupBy(versions, ({ channel, row }) =>
    JSON.stringify([channel, personOf(row.header.persons), row.content?.epoch]),
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    const content = first?.row.content;
    const epochRow =
      first === undefined || content === undefined
        ? undefined
        : facts.row(first.channel, 'epoch', String(content.epoch));
    if (first === undefined || epochRow === undefined) return [];
    const { channel, row } = first;
    const common = { channel, person: personOf(row.header.persons), epoch: epochOf(epochRow.row) };
    return Array.from({ length: Math.ceil(group.length / size) }, (_, i) => ({
      ...common,
      versions: group.slice(i * size, (i + 1) * size),
    }));
  });
}

/** Asks the custodians of the batch and opens what they released. Whoever did not do what it must is named to the operator. */
export async function openBatch(options: ReaderOptions, batch: Batch, asked: Asked): Promise<ReadOutcome> {
  const { facts, log, keep } = options;
  const records = batch.versions.flatMap((version) => expectedRecord(facts, batch.epoch, version));
  const custodians = askable(options, batch);
  const { combined, unreachable } = await gather(asked, batch.epoch.threshold, custodians, records);
  keep(combined.entries);
  for (const { custodian, code } of combined.misbehaviour)
    log.alarm('custodian misbehaved', { custodian, code });
  for (const { author, indexes } of combined.badDealings)
    log.alarm('author dealt badly', { author, indexes });
  const broken = combined.failed.filter(({ code }) => code !== 'REFUSED');
  for (const { code, recordId } of broken) log.warn('record did not open', { code, recordId });
  return { opened: combined.opened, broken: broken.length, unreachable };
}

function personOf(persons: readonly string[]): string | null {
  return persons.length === 1 ? (persons[0] as string) : null;
}

function expectedRecord(facts: LedgerFacts, epoch: Epoch, { row }: VersionFact): ExpectedRecord[] {
  const { header, content } = row;
  const ciphertext = facts.ciphertext(header.recordId, header.version);
  if (content === undefined || ciphertext === undefined) return [];
  const { ciphertextHash, commitment, shareHashes, dealing } = content;
  return [{ header, ciphertext, ciphertextHash, commitment, shareHashes, dealing, epoch }];
}

/** The epoch's custodians whose key the ledger shows, the own one first: it needs no network. */
function askable(
  { mspId: own, facts, custody }: ReaderOptions,
  { channel, epoch }: Batch,
): AskableCustodian[] {
  const all = epoch.custodians.flatMap(({ mspId }): AskableCustodian[] => {
    const certificate = facts.serverCertificate(channel, mspId);
    if (certificate === undefined) return [];
    const key = keyOf(certificate);
    return [
      {
        mspId,
        ask: (asked) =>
          mspId === own ? askOwn(custody, channel, own, asked) : askOther(custody, channel, mspId, asked),
        received: (answer) => ({ custodian: mspId, key, answer }),
      },
    ];
  });
  return [...all.filter(({ mspId }) => mspId === own), ...all.filter(({ mspId }) => mspId !== own)];
}

const KEYS_KEPT = 256;
const keys = new Map<string, KeyObject>();

/** Of a certificate on the ledger; parsed once. */
function keyOf(certificate: string): KeyObject {
  const known = keys.get(certificate);
  if (known !== undefined) return known;
  const key = certificateKey(certificate);
  if (keys.size >= KEYS_KEPT) keys.clear();
  keys.set(certificate, key);
  return key;
}

async function askOwn(
  custody: CustodyService,
  channel: string,
  own: string,
  { signed }: Asked,
): Promise<Answer> {
  return custody.own(channel).custodian.release(signed, own);
}

async function askOther(
  custody: CustodyService,
  channel: string,
  mspId: string,
  { signed }: Asked,
): Promise<Answer> {
  const client = custody.client(mspId);
  if (client === undefined) throw new CustodyError('CLOSED', `The custody API of ${mspId} is not known`);
  return client.call('release', { channel, request: signed });
}

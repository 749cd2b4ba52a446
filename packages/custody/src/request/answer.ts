import { canonical, labelled, mspId, recordId, sha256, sha256Hex, utf8, type Bytes } from '@healthchain/core';
import { z } from 'zod';
import { CustodyError } from '../errors.ts';
import type { SignedEntry } from '../log/format.ts';
import type { CustodianLog } from '../proof/format.ts';

const recordVersion = z.strictObject({ recordId, version: z.int().min(1) });

const answerBody = z.strictObject({
  requestHash: sha256Hex,
  channel: z.string().min(1).max(249),
  custodian: mspId,
  /** The block that the custodian's peer had when it decided, or a later one was used. */
  height: z.int().min(0),
  headerHash: sha256Hex,
  /** In the order of the sealed shares. */
  released: z.array(
    z.strictObject({
      recordId,
      version: z.int().min(1),
      epoch: z.int().min(0),
      index: z.int().min(1).max(255),
    }),
  ),
  /** The gate said no; why stands in the patient's log only. */
  refused: z.array(recordVersion),
  /** The custodian holds no share of these: ask another one. */
  missing: z.array(recordVersion),
});
export type AnswerBody = z.infer<typeof answerBody>;

/** A custodian's answer as it crosses between servers. */
export interface Answer {
  /** Canonical JSON of the AnswerBody. */
  readonly body: string;
  /** The shares, with the true categories and labels, sealed to the reader's key; base64. */
  readonly sealed: string;
  /** The log entries of what was released. The reader keeps them. */
  readonly entries: readonly SignedEntry[];
  /** By the custodian's server key over `answerMessage`, base64 DER. */
  readonly signature: string;
}

/** The answer to a request of kind `log`. Reading a log is itself an access: `entry` is the one it left. */
export interface LogAnswer {
  readonly entry: SignedEntry;
  readonly log: CustodianLog;
}

export function answerMessage(body: string, sealed: Uint8Array): Bytes {
  return labelled('access-answer', utf8(body), sha256(sealed));
}

/** HPKE `info` of the sealed shares of an answer. */
export function answerInfo(channel: string, custodian: string, requestId: string): Bytes {
  return labelled('answer-shares', utf8(channel), utf8(custodian), utf8(requestId));
}

/** @throws CustodyError MALFORMED */
export function parseAnswer(text: string): AnswerBody {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CustodyError('MALFORMED', 'The answer is not JSON', { cause });
  }
  const parsed = answerBody.safeParse(value);
  if (!parsed.success || canonical(parsed.data) !== text) {
    throw new CustodyError('MALFORMED', 'The answer breaks its format', { cause: parsed.error });
  }
  return parsed.data;
}

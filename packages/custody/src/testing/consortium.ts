import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUuid, sha256, toHex, utf8, type Role, type WriteArguments } from '@healthchain/core';
import type { Custodian, CustodianOptions } from '../custodian/api.ts';
import { openCustodian } from '../custodian/custodian.ts';
import type { BlockFacts, CommittedWrite } from '../custodian/facts.ts';
import type { Limits } from '../custodian/limits.ts';
import type { RecordInput } from '../envelope/envelope.ts';
import type { Alarm, Emergency, Gate, Identity, Tip } from '../ports.ts';
import type { Checkpoint } from '../log/checkpoint.ts';
import type { ExpectedRecord, ReceivedAnswer } from '../reader/open-answer.ts';
import { createReaderKey, type ReaderKey } from '../reader/reader-key.ts';
import type { Answer } from '../request/answer.ts';
import { signRequest, type AccessRequest, type ReadRequest, type SignedRequest } from '../request/format.ts';
import type { PublicIntakeKey } from '../sealing/intake-key.ts';
import { sealWrite } from '../sealing/seal-write.ts';
import { ecdsaSigner, type Signer } from '../signature.ts';
import { DOCTOR, EPOCH, MARIA } from './records.ts';

export interface Actor {
  readonly mspId: string;
  readonly certificate: string;
  readonly signer: Signer;
  readonly identity: Identity;
}

function actor(mspId: string, userId: string, role: Role): Actor {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    mspId,
    certificate: `certificate of ${role} ${userId} of ${mspId}`,
    signer: ecdsaSigner(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()),
    identity: { mspId, userId, role, key: publicKey },
  };
}

export const headerHashOf = (height: number): string => toHex(sha256(utf8(`block ${height}`)));
export const tipOf = (height: number): Tip => ({ height, headerHash: headerHashOf(height) });

/** Three custodians in folders of their own over one scripted ledger; everything outside custody is a plain variable. */
export class Consortium {
  readonly directory = mkdtempSync(join(tmpdir(), 'custody-'));
  time = Date.parse('2026-03-01T12:00:00.000Z');
  height = -1;
  readonly alarms: Alarm[] = [];
  readonly emergencies = new Map<string, Emergency>();
  /** Header hashes that organisations can show, by MSP id and height. */
  readonly shown = new Map<string, string>();
  readonly checkpoints: Checkpoint[] = [];
  readonly blocks: BlockFacts[][] = [];
  readonly expected = new Map<string, ExpectedRecord>();
  readonly servers = new Map(
    EPOCH.custodians.map(({ mspId }, i) => [mspId, actor(mspId, String(i).repeat(32), 'server')]),
  );
  readonly doctor = actor('SouthMSP', DOCTOR, 'doctor');
  readonly actors = [...this.servers.values(), this.doctor];
  limits: Partial<Limits> = {};
  gate: Gate = {
    decide: async ({ items }) => items.map(() => ({ permit: true, code: 'GRANT', basis: 'grant-1' })),
    mayReadLog: async () => ({ permit: true, code: 'PATIENT' }),
  };
  readonly custodians = new Map<string, Custodian>();
  readonly intakeKeys: PublicIntakeKey[] = [];

  constructor() {
    for (const { mspId } of EPOCH.custodians) this.open(mspId);
    for (const { mspId } of EPOCH.custodians)
      this.intakeKeys.push({ mspId, ...this.custodian(mspId).createIntakeKey() });
    this.commit([], this.intakeKeys);
  }

  open(mspId: string, overrides: Partial<CustodianOptions> = {}): Custodian {
    const custodian = openCustodian({
      directory: join(this.directory, mspId),
      channel: 'care',
      mspId,
      lastCheckpoint: this.checkpoints.findLast((checkpoint) => checkpoint.custodian === mspId),
      signer: this.server(mspId).signer,
      now: () => this.time,
      ledger: {
        tip: () => tipOf(this.height),
        headerHash: (height) => (height <= this.height ? headerHashOf(height) : undefined),
        emergency: (transactionId) => this.emergencies.get(transactionId),
        shown: async (shower, height) => this.shown.get(`${shower} ${height}`),
      },
      identities: {
        identify: (_, certificate) => this.actors.find((one) => one.certificate === certificate)?.identity,
      },
      gate: {
        decide: (question) => this.gate.decide(question),
        mayReadLog: (question) => this.gate.mayReadLog(question),
      },
      alarm: (alarm) => this.alarms.push(alarm),
      limits: this.limits,
      ...overrides,
    });
    this.custodians.set(mspId, custodian);
    return custodian;
  }

  custodian(mspId: string): Custodian {
    return this.custodians.get(mspId) as Custodian;
  }

  server(mspId: string): Actor {
    return this.servers.get(mspId) as Actor;
  }

  key(mspId: string): KeyObject {
    return this.server(mspId).identity.key;
  }

  /** Commits one block to all custodians but those left out. */
  commit(
    records: readonly RecordInput[],
    opened: readonly PublicIntakeKey[] = [],
    except: readonly string[] = [],
  ): void {
    this.height++;
    const writes = records.length === 0 ? undefined : this.write(records);
    for (const [mspId, custodian] of this.custodians) {
      if (except.includes(mspId)) continue;
      custodian.ingest({
        ...tipOf(this.height),
        writes: writes === undefined ? [] : [writes(mspId)],
        intakeEvents: opened
          .filter((key) => key.mspId === mspId)
          .map(({ keyId }) => ({ kind: 'opened', keyId })),
      });
    }
  }

  request(
    records: readonly RecordInput[],
    readerKey: ReaderKey,
    overrides: Partial<ReadRequest> = {},
  ): ReadRequest {
    return {
      kind: 'read',
      id: randomUuid(),
      channel: 'care',
      readerKey: readerKey.publicKey,
      custodians: EPOCH.custodians.map(({ mspId }) => mspId).sort(),
      ledger: tipOf(this.height),
      notAfter: new Date(this.time + 20_000).toISOString(),
      server: { mspId: 'SouthMSP', certificate: this.server('SouthMSP').certificate },
      subject: { mspId: 'SouthMSP', certificate: this.doctor.certificate },
      purpose: 'TREAT',
      assurance: 'server-key',
      person: MARIA,
      records: records.map(({ header: { recordId, version } }) => ({ recordId, version })),
      ...overrides,
    };
  }

  sign(request: AccessRequest): SignedRequest {
    return signRequest(request, {
      server: this.server(request.server.mspId).signer,
      person: this.doctor.signer,
    });
  }

  async release(signed: SignedRequest, by: readonly string[]): Promise<ReceivedAnswer[]> {
    const answers = await Promise.all(
      by.map(async (mspId): Promise<Answer> => this.custodian(mspId).release(signed, 'SouthMSP')),
    );
    return by.map((custodian, i) => ({ custodian, key: this.key(custodian), answer: answers[i] as Answer }));
  }

  /** A whole read: keys, request, answers. */
  async ask(records: readonly RecordInput[], by: readonly string[], overrides: Partial<ReadRequest> = {}) {
    const { publicKey, privateKey } = createReaderKey();
    const request = this.request(records, { publicKey, privateKey }, overrides);
    const signed = this.sign(request);
    const answers = await this.release(signed, by);
    return { asked: { request, signed, privateKey }, answers };
  }

  expectedOf(records: readonly RecordInput[]): ExpectedRecord[] {
    return records.map(
      ({ header }) => this.expected.get(`${header.recordId}/${header.version}`) as ExpectedRecord,
    );
  }

  /** Puts every custodian's next checkpoint on the ledger. */
  checkpoint(): void {
    for (const custodian of this.custodians.values()) {
      const material = custodian.checkpoint();
      if (material === undefined) continue;
      const { previousSize: _size, previousRoot: _root, consistency: _proof, ...checkpoint } = material;
      this.checkpoints.push(checkpoint);
      custodian.confirmCheckpoint(checkpoint);
    }
  }

  async close(): Promise<void> {
    for (const custodian of this.custodians.values()) await custodian.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** One sealed write, as each custodian gets it. */
  write(records: readonly RecordInput[]): (mspId: string) => CommittedWrite {
    const [author] = records.map(({ header }) => header.author);
    if (author === undefined) throw new Error('no records');
    const sealed = sealWrite({
      channel: 'care',
      author: author.mspId,
      epoch: EPOCH,
      intakeKeys: this.intakeKeys,
      records,
    });
    const operations = records.map(({ header }, i) => {
      const { ciphertext, shareHashes, ...hashes } = sealed.operations[
        i
      ] as (typeof sealed.operations)[number];
      this.expected.set(`${header.recordId}/${header.version}`, {
        header,
        ciphertext,
        ...hashes,
        epoch: EPOCH,
        dealing: 'author',
        shareHashes,
      });
      return { kind: 'put' as const, header, relation: false, shareHashes: [...shareHashes], ...hashes };
    });
    const write: WriteArguments = {
      operations,
      epoch: EPOCH.number,
      dealing: 'author',
      sealed: sealed.sealed.map(({ mspId, intakeKeyId, hash }) => ({ mspId, intakeKeyId, hash })),
    };
    const transactionId = toHex(sha256(utf8(`transaction ${this.height}`)));
    return (mspId) => ({
      transactionId,
      author,
      write,
      epoch: EPOCH,
      sealed: sealed.sealed.find((message) => message.mspId === mspId)?.message,
    });
  }
}

export { defaultThreshold, type Epoch, type EpochCustodian } from './epoch.ts';
export { CustodyError, type CustodyErrorCode } from './errors.ts';
export type {
  Alarm,
  Clock,
  Emergency,
  Gate,
  GateDecision,
  GateItem,
  GateQuestion,
  Identities,
  Identity,
  LedgerView,
  RaiseAlarm,
  Randomness,
  Subject,
  Tip,
} from './ports.ts';
export { certificateKey, ecdsaSigner, verifySignature, type Signer } from './signature.ts';
export {
  MAX_RECORDS_PER_REQUEST,
  MAX_REQUEST_BYTES,
  MAX_REQUEST_LIFETIME_MS,
  parseRequest,
  requestHash,
  signRequest,
  type AccessRequest,
  type LogRequest,
  type ReadRequest,
  type RebuildRequest,
  type RecordVersion,
  type RequestSigners,
  type SignedRequest,
} from './request/format.ts';
export { parseAnswer, type Answer, type AnswerBody, type LogAnswer } from './request/answer.ts';
export type { Custodian, CustodianOptions, IntakeKey } from './custodian/api.ts';
export { openCustodian } from './custodian/custodian.ts';
export type { IntakeKeyStatus } from './custodian/intake.ts';
export type { CommittedRecord, OpenedRecord, RecordInput } from './envelope/envelope.ts';
export { combineAnswers, type BadDealing, type Combined, type FailedRecord } from './reader/combine.ts';
export type { Asked, ExpectedRecord, Misbehaviour, ReceivedAnswer } from './reader/open-answer.ts';
export { createReaderKey, type ReaderKey } from './reader/reader-key.ts';
export type { PublicIntakeKey } from './sealing/intake-key.ts';
export {
  sealWrite,
  type SealedMessage,
  type SealedOperation,
  type SealedWrite,
  type WriteInput,
} from './sealing/seal-write.ts';
export { LIMITS, type Limits } from './custodian/limits.ts';
export type { BlockFacts, CommittedWrite, IntakeEvent, RejectedShare } from './custodian/facts.ts';
export {
  ENTRY_KINDS,
  NO_PERSON,
  parseEntry,
  type EntryDraft,
  type EntryKind,
  type EntryRecord,
  type LogEntry,
  type SignedEntry,
} from './log/format.ts';
export type { AuditFinding } from './log/audit.ts';
export { auditLogFile, type LogFileReport } from './log/audit-file.ts';
export type { Checkpoint, CheckpointMaterial } from './log/checkpoint.ts';
export type { Finding, FindingCode } from './proof/findings.ts';
export {
  bundleOf,
  parseProofBundle,
  type CustodianLog,
  type MapProofText,
  type ProofBundle,
  type ProvenEntry,
} from './proof/format.ts';
export type { Access } from './proof/unite.ts';
export { verifyAccessLog, type AccessLogReport, type LedgerFacts } from './proof/verify.ts';

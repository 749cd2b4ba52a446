import { hash } from 'node:crypto';
import { concat, equalBytes } from '@healthchain/core';
import { decodePair, decodeSignatureHeader, type Payload } from '../config/index.ts';
import { LedgerError } from '../error.ts';
import { decodeReadWriteSet, type NamespaceSet, type ReadWriteSet } from '../rwset/index.ts';
import { WireReader } from '../wire/index.ts';
import { ValidationCode } from './codes.ts';
import type { ChaincodeEvent, Endorsement, ParsedAction } from './types.ts';

const NOTHING = new Uint8Array();

/** What an endorser transaction's data decodes to: an action, or the codes of the first thing wrong with it. */
export interface ActionOutcome {
  readonly bodyCode: number;
  readonly actionCode: number;
  readonly action: ParsedAction | undefined;
}

interface ChaincodeId {
  readonly name: string;
  readonly version: string;
}

/** peer.ChaincodeActionPayload with its ChaincodeEndorsedAction. */
interface ActionPayload {
  readonly proposalPayload: Uint8Array | undefined;
  readonly responsePayload: Uint8Array | undefined;
  readonly endorsements: readonly (readonly [Uint8Array, Uint8Array])[];
}

/** peer.ChaincodeAction */
interface ChaincodeAction {
  readonly results: Uint8Array;
  readonly events: Uint8Array | undefined;
  readonly response: Uint8Array;
  readonly chaincodeId: Uint8Array | undefined;
}

/** The checks of validation.validateEndorserTransaction, then those that the dispatcher makes before it looks at a policy. */
export function parseAction(payload: Payload, extension: Uint8Array): ActionOutcome {
  let body: ActionPayload;
  try {
    body = decodeBody(payload);
  } catch (error) {
    return {
      bodyCode: codeOf(error, ValidationCode.INVALID_ENDORSER_TRANSACTION),
      actionCode: ValidationCode.VALID,
      action: undefined,
    };
  }
  try {
    return {
      bodyCode: ValidationCode.VALID,
      actionCode: ValidationCode.VALID,
      action: decodeAction(body, extension),
    };
  } catch (error) {
    return {
      bodyCode: ValidationCode.VALID,
      actionCode: codeOf(error, ValidationCode.INVALID_OTHER_REASON),
      action: undefined,
    };
  }
}

/** Carries a code out of a decoder. */
class Invalid extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`validation code ${code}`);
    this.code = code;
  }
}

function codeOf(error: unknown, malformed: number): number {
  if (error instanceof Invalid) return error.code;
  if (error instanceof LedgerError) return malformed;
  throw error;
}

function check(holds: boolean, code: number): asserts holds {
  if (!holds) throw new Invalid(code);
}

function decodeWith<Result>(code: number, decode: () => Result): Result {
  try {
    return decode();
  } catch (error) {
    throw new Invalid(codeOf(error, code));
  }
}

/** One action, whose own header is complete and whose response answers this very proposal. */
function decodeBody(payload: Payload): ActionPayload {
  const invalid = ValidationCode.INVALID_ENDORSER_TRANSACTION;
  const actions = repeated(payload.data, 1);
  check(actions.length === 1, invalid);
  const [header, inner] = decodePair(actions[0] as Uint8Array);
  const { creator, nonce } = decodeSignatureHeader(header);
  check(creator.length > 0 && nonce.length > 0, invalid);
  const body = decodeActionPayload(inner);
  check(body.proposalPayload !== undefined && body.responsePayload !== undefined, invalid);
  const [proposalHash] = decodePair(body.responsePayload);
  const expected = hash(
    'sha256',
    Buffer.concat([payload.channelHeader, header, body.proposalPayload]),
    'buffer',
  );
  check(equalBytes(expected, proposalHash), invalid);
  return body;
}

function decodeAction(body: ActionPayload, extension: Uint8Array): ParsedAction {
  const invoked = decodeWith(ValidationCode.BAD_HEADER_EXTENSION, () => decodeExtension(extension));
  const action = decodeWith(ValidationCode.BAD_RESPONSE_PAYLOAD, () => decodeChaincodeAction(body));
  const sets = decodeWith(ValidationCode.BAD_RWSET, () => decodeReadWriteSet(action.results));
  check(invoked !== undefined && action.chaincodeId !== undefined, ValidationCode.INVALID_OTHER_REASON);
  const chaincode = decodeChaincodeId(action.chaincodeId);
  check(
    invoked.name !== '' && invoked.name === chaincode.name && chaincode.version !== '',
    ValidationCode.INVALID_CHAINCODE,
  );
  const event = action.events === undefined ? undefined : decodeEvent(action.events);
  check(event === undefined || event.chaincodeId === chaincode.name, ValidationCode.INVALID_OTHER_REASON);
  check(!hasDuplicate(sets.namespaces), ValidationCode.ILLEGAL_WRITESET);
  const response = body.responsePayload ?? NOTHING;
  return {
    chaincode,
    args: decodeArguments(body.proposalPayload ?? NOTHING),
    proposalResponsePayload: response,
    endorsements: body.endorsements.map(([endorser, signature]): Endorsement => ({
      endorser,
      signature,
      signed: Buffer.concat([response, endorser]),
    })),
    event,
    response: decodeResponse(action.response),
    sets,
  };
}

function hasDuplicate(namespaces: readonly NamespaceSet[]): boolean {
  return new Set(namespaces.map(({ namespace }) => namespace)).size !== namespaces.length;
}

/** Namespaces in which anything is written, metadata and collections included. */
export function writtenNamespaces({ namespaces }: ReadWriteSet): string[] {
  const writes = namespaces.filter(
    (set) =>
      set.writes.length > 0 ||
      set.metadataWrites.length > 0 ||
      set.collections.some(
        (collection) => collection.writes.length > 0 || collection.metadataWrites.length > 0,
      ),
  );
  return writes.map(({ namespace }) => namespace);
}

function decodeActionPayload(bytes: Uint8Array): ActionPayload {
  let proposalPayload: Uint8Array | undefined;
  let endorsed: Uint8Array | undefined;
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.wireType === 2 && reader.field === 1) proposalPayload = reader.bytes();
    else if (reader.wireType === 2 && reader.field === 2)
      endorsed = endorsed === undefined ? reader.bytes() : concat(endorsed, reader.bytes());
    else reader.skip();
  }
  return { proposalPayload, ...decodeEndorsedAction(endorsed ?? NOTHING) };
}

function decodeEndorsedAction(bytes: Uint8Array): Pick<ActionPayload, 'responsePayload' | 'endorsements'> {
  let responsePayload: Uint8Array | undefined;
  const endorsements: (readonly [Uint8Array, Uint8Array])[] = [];
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.wireType === 2 && reader.field === 1) responsePayload = reader.bytes();
    else if (reader.wireType === 2 && reader.field === 2) endorsements.push(decodePair(reader.bytes()));
    else reader.skip();
  }
  return { responsePayload, endorsements };
}

function decodeChaincodeAction({ responsePayload }: ActionPayload): ChaincodeAction {
  const [, extension] = decodePair(responsePayload ?? NOTHING);
  check(extension.length > 0, ValidationCode.BAD_RESPONSE_PAYLOAD);
  const action = {
    results: NOTHING as Uint8Array,
    events: undefined as Uint8Array | undefined,
    response: NOTHING as Uint8Array,
    chaincodeId: undefined as Uint8Array | undefined,
  };
  const reader = new WireReader(extension);
  while (reader.next()) {
    if (reader.wireType !== 2) reader.skip();
    else if (reader.field === 1) action.results = reader.bytes();
    else if (reader.field === 2) action.events = reader.bytes();
    else if (reader.field === 3) action.response = concat(action.response, reader.bytes());
    else if (reader.field === 4) action.chaincodeId = concat(action.chaincodeId ?? NOTHING, reader.bytes());
    else reader.skip();
  }
  decodeResponse(action.response);
  if (action.chaincodeId !== undefined) decodeChaincodeId(action.chaincodeId);
  return action;
}

/** The chaincode of a peer.ChaincodeHeaderExtension, if it names one. */
function decodeExtension(bytes: Uint8Array): ChaincodeId | undefined {
  const id = repeated(bytes, 2);
  return id.length === 0 ? undefined : decodeChaincodeId(concat(...id));
}

function decodeChaincodeId(bytes: Uint8Array): ChaincodeId {
  const { texts } = fields(bytes, [1, 2, 3]);
  return { name: texts[2] ?? '', version: texts[3] ?? '' };
}

function decodeResponse(bytes: Uint8Array): ParsedAction['response'] {
  const { number, texts, bytes: payload } = fields(bytes, [2], 3, 1);
  return { status: number, message: texts[2] ?? '', payload };
}

function decodeEvent(bytes: Uint8Array): ChaincodeEvent {
  const { texts, bytes: payload } = fields(bytes, [1, 2, 3], 4);
  return { chaincodeId: texts[1] ?? '', transactionId: texts[2] ?? '', name: texts[3] ?? '', payload };
}

/** The arguments of the invocation, for readers of blocks: validation has no opinion on them, so nothing here can fail it. */
function decodeArguments(proposalPayload: Uint8Array): readonly Uint8Array[] {
  try {
    const [invocation] = decodePair(proposalPayload);
    const [spec] = decodePair(invocation);
    const [input = NOTHING] = repeated(spec, 3);
    return repeated(input, 1);
  } catch (error) {
    if (error instanceof LedgerError) return [];
    throw error;
  }
}

/** The occurrences of one length-delimited field. */
function repeated(bytes: Uint8Array, field: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.wireType === 2 && reader.field === field) found.push(reader.bytes());
    else reader.skip();
  }
  return found;
}

/** The texts of a flat message by field number, with its byte field and its number if it has one. */
function fields(bytes: Uint8Array, textFields: readonly number[], byteField = 0, numberField = 0) {
  const found = { texts: {} as Record<number, string>, bytes: NOTHING as Uint8Array, number: 0 };
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.wireType === 0 && reader.field === numberField) found.number = reader.int32();
    else if (reader.wireType === 2 && textFields.includes(reader.field))
      found.texts[reader.field] = reader.string();
    else if (reader.wireType === 2 && reader.field === byteField) found.bytes = reader.bytes();
    else reader.skip();
  }
  return found;
}

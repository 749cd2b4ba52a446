import type { ExactJson } from '@healthchain/core';
import type { DecodedTransaction } from '@healthchain/ledger';
import { certificateAttributes, decodeBlock } from '@healthchain/ledger';
import { localReference } from '../../fhir/index.ts';
import type { AccessDecision, AccessItem, Face, FaceResource, RequestContext } from '../../ports.ts';
import { ExchangeError } from '../error.ts';
import type { LedgerFacts, VersionFact } from '../facts/facts.ts';
import { identified } from './consent-read.ts';
import { HL7, SYSTEM } from './systems.ts';

export interface ProvenanceOptions {
  readonly mspId: string;
  readonly facts: LedgerFacts;
  readonly bases: readonly string[];
  /** The marshalled block of a channel from any peer. */
  readonly block: (channel: string, number: number) => Promise<Uint8Array>;
  readonly decide: (
    context: RequestContext,
    items: readonly AccessItem[],
  ) => Promise<readonly AccessDecision[]>;
}

/** Versions of one transaction that a Provenance names as targets. */
const MAX_TARGETS = 5_000;

/**
 * What the ledger says of a version: transaction, block, author and endorsers with their signatures checked by every peer. Its id is
 * the transaction's. Shown to who may read the target by what the ledger shows of it.
 */
export class ProvenanceFace implements Face {
  readonly #options: ProvenanceOptions;

  constructor(options: ProvenanceOptions) {
    this.#options = options;
  }

  async read(context: RequestContext, id: string): Promise<FaceResource | undefined> {
    const versions = this.#options.facts.versionsOfTransaction(id, MAX_TARGETS);
    return this.#show(context, versions, (fact) => urnOf(fact));
  }

  /** `target=Type/id` (every version) or `target=Type/id/_history/version`. */
  async search(context: RequestContext, parameters: URLSearchParams): Promise<readonly FaceResource[]> {
    const text = parameters.get('target');
    const target = text === null ? undefined : localReference(text, this.#options.bases);
    if (target === undefined) {
      throw new ExchangeError('INVALID', 'Name the target whose provenance is wanted', {
        details: { expression: 'target' },
      });
    }
    const versions = this.#options.facts
      .versions(target.id)
      .filter(({ row }) => target.version === undefined || target.version === String(row.header.version));
    const shown = await Promise.all(
      versions.map((fact) =>
        this.#show(context, [fact], () => ({
          reference: `${target.type}/${target.id}/_history/${fact.row.header.version}`,
        })),
      ),
    );
    return shown.filter((resource) => resource !== undefined);
  }

  async #show(
    context: RequestContext,
    versions: readonly VersionFact[],
    target: (fact: VersionFact) => { [name: string]: ExactJson },
  ): Promise<FaceResource | undefined> {
    const readable = await this.#readable(context, versions);
    const [first] = readable;
    if (first === undefined) return undefined;
    const block = decodeBlock(await this.#options.block(first.channel, first.blockNumber));
    const transaction = block.transactions.find(({ txId }) => txId === first.row.transactionId);
    if (transaction === undefined)
      throw new ExchangeError('UNAVAILABLE', 'The block does not hold the transaction');
    return provenanceOf(first, transaction, readable.map(target));
  }

  async #readable(
    context: RequestContext,
    versions: readonly VersionFact[],
  ): Promise<readonly VersionFact[]> {
    const known = versions.filter(({ row }) => !row.header.categories.includes('restricted'));
    if (known.length === 0) return [];
    const decisions = await this.#options.decide(context, known.map(itemOf));
    return known.filter((_, i) => decisions[i]?.permit === true);
  }
}

function itemOf({ row: { header } }: VersionFact): AccessItem {
  const { recordId, version, persons, author, categories } = header;
  const labels = {
    categories: categories as AccessItem['labels']['categories'],
    confidentiality: 'N' as const,
    sensitivities: [],
  };
  return { recordId, version, persons, author: author.mspId, labels };
}

function urnOf({ row: { header } }: VersionFact): { [name: string]: ExactJson } {
  return identified('urn:ietf:rfc:3986', `urn:uuid:${header.recordId}`);
}

function provenanceOf(
  fact: VersionFact,
  transaction: DecodedTransaction,
  targets: readonly { [name: string]: ExactJson }[],
): FaceResource {
  const { creator, endorsers } = transaction;
  const userId = certificateAttributes(creator.certificate)['userId'] ?? '';
  const author = {
    type: { coding: [{ system: HL7.provenanceAgent, code: 'author' }] },
    who: identified(SYSTEM.user, `${creator.mspId}/${userId}`),
    onBehalfOf: identified(SYSTEM.organisation, creator.mspId),
  };
  const verifiers = [...new Set(endorsers)].map((mspId) => ({
    type: { coding: [{ system: HL7.provenanceAgent, code: 'verifier' }] },
    who: identified(SYSTEM.organisation, mspId),
  }));
  const resource = {
    resourceType: 'Provenance',
    id: fact.row.transactionId,
    target: [...targets],
    recorded: fact.row.at,
    policy: [`urn:healthchain:channel:${fact.channel}:contract:${transaction.chaincode}`],
    activity: { coding: [{ system: HL7.dataOperation, code: ACTIVITY[fact.row.kind] }] },
    agent: [author, ...verifiers],
    entity: [
      { role: 'source', what: identified(SYSTEM.transaction, fact.row.transactionId) },
      { role: 'source', what: identified(SYSTEM.block, `${fact.channel}/${fact.blockNumber}`) },
    ],
  };
  return { resource, versionId: '1', lastUpdated: fact.row.at };
}

const ACTIVITY = { put: 'CREATE', amend: 'UPDATE', retract: 'DELETE' } as const;

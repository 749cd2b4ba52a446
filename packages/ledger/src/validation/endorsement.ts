import type { ChannelConfig } from '../config/index.ts';
import { LedgerError } from '../error.ts';
import { LIFECYCLE, lifecyclePolicy, mspOfImplicitCollection, readDefinition } from '../lifecycle/index.ts';
import type { Identity } from '../msp/index.ts';
import {
  compileApplicationPolicy,
  compileSignaturePolicy,
  validSigners,
  type Policy,
  type SignatureCheck,
} from '../policy/index.ts';
import { decodeMetadata, hashedNamespace, type NamespaceSet } from '../rwset/index.ts';
import { ValidationCode } from './codes.ts';
import { writtenNamespaces } from './parse-action.ts';
import type { ParsedAction, StateReader } from './types.ts';

/** The metadata entry that holds a key's own endorsement policy. */
const KEY_POLICY = 'VALIDATION_PARAMETER';
/** The only validation plugin there is, as in Fabric's default handlers. */
const PLUGIN = 'vscc';

/** What a chaincode's writes are judged by; `policy` is undefined when it cannot be used, which refuses them. */
interface Rules {
  readonly policy: Policy | undefined;
}

/**
 * Judges the endorsements of a block's transactions in order: each written namespace against its chaincode's policy as committed
 * before the block, each written key against its own policy if it has one, each collection against its own. A key whose policy
 * an endorsed transaction earlier in the block has changed refuses later writes to it (Fabric's v20 validation).
 */
export class EndorsementJudge {
  readonly #config: ChannelConfig;
  readonly #state: StateReader;
  readonly #check: SignatureCheck;
  readonly #rules = new Map<string, Rules | undefined>();
  /** Keys whose metadata an endorsed transaction of the block has written. */
  readonly #changed = new Set<string>();

  constructor(config: ChannelConfig, state: StateReader, check: SignatureCheck) {
    this.#config = config;
    this.#state = state;
    this.#check = check;
  }

  /**
   * The codes of the namespaces that fail, those of the invoked chaincode first; none: the transaction is endorsed. Fabric goes
   * through them in no fixed order and stops at the first, so of several codes its peers may give any.
   * @throws LedgerError STATE_UNREADABLE when a committed definition cannot be read
   */
  judge(action: ParsedAction): number[] {
    const signers = validSigners(
      { identities: this.#config.identities, check: this.#check },
      action.endorsements.map(({ endorser, signature, signed }) => ({
        data: signed,
        identity: endorser,
        signature,
      })),
    );
    const namespaces = new Set([action.chaincode.name, ...writtenNamespaces(action.sets)]);
    return [...namespaces]
      .map((namespace) => this.#judgeNamespace(namespace, action, signers))
      .filter((code) => code !== ValidationCode.VALID);
  }

  #judgeNamespace(namespace: string, { sets }: ParsedAction, signers: readonly Identity[]): number {
    const rules = this.#rulesOf(namespace);
    if (rules === undefined) return ValidationCode.INVALID_CHAINCODE;
    const written = sets.namespaces.filter((set) => set.namespace === namespace);
    const trial = new NamespaceTrial(rules.policy, signers);
    const isEndorsed = written.every((set) => this.#areKeysEndorsed(set, trial)) && trial.isEndorsed();
    if (!isEndorsed) return ValidationCode.ENDORSEMENT_POLICY_FAILURE;
    for (const set of written) this.#noteChangedPolicies(set);
    return ValidationCode.VALID;
  }

  #areKeysEndorsed(set: NamespaceSet, trial: NamespaceTrial): boolean {
    const inSpace = (
      space: string,
      collection: string,
      keyed: readonly { readonly key: string }[],
    ): boolean => keyed.every(({ key }) => this.#isKeyEndorsed(set.namespace, space, collection, key, trial));
    return (
      inSpace(set.namespace, '', [...set.writes, ...set.metadataWrites]) &&
      set.collections.every(({ collection, writes }) =>
        inSpace(hashedNamespace(set.namespace, collection), collection, writes),
      ) &&
      set.collections.every(({ collection, metadataWrites }) =>
        inSpace(hashedNamespace(set.namespace, collection), collection, metadataWrites),
      )
    );
  }

  #isKeyEndorsed(
    namespace: string,
    space: string,
    collection: string,
    key: string,
    trial: NamespaceTrial,
  ): boolean {
    if (this.#changed.size > 0 && this.#changed.has(keyName(space, key))) return false;
    const own = this.#metadataOf(space, key)?.get(KEY_POLICY);
    if (own !== undefined && own.length > 0) return trial.byKey(() => this.#keyPolicy(own));
    return collection === ''
      ? trial.byChaincode()
      : trial.byCollection(collection, () => this.#collectionPolicy(namespace, collection));
  }

  #metadataOf(space: string, key: string): ReadonlyMap<string, Uint8Array> | undefined {
    if (!this.#state.mayHaveMetadata(space)) return undefined;
    return decodeMetadata(this.#state.get(space, key)?.metadata);
  }

  #noteChangedPolicies(set: NamespaceSet): void {
    for (const { key } of set.metadataWrites) this.#changed.add(keyName(set.namespace, key));
    for (const { collection, metadataWrites } of set.collections) {
      for (const { key } of metadataWrites)
        this.#changed.add(keyName(hashedNamespace(set.namespace, collection), key));
    }
  }

  #rulesOf(namespace: string): Rules | undefined {
    if (!this.#rules.has(namespace)) this.#rules.set(namespace, this.#readRules(namespace));
    return this.#rules.get(namespace);
  }

  #readRules(namespace: string): Rules | undefined {
    if (namespace === LIFECYCLE) return { policy: lifecyclePolicy(this.#config) };
    const definition = readDefinition((key) => this.#state.get(LIFECYCLE, key)?.value, namespace);
    if (
      definition === undefined ||
      definition.validationPlugin === '' ||
      definition.validationParameter.length === 0
    )
      return undefined;
    if (definition.validationPlugin !== PLUGIN) {
      throw new LedgerError(
        'STATE_UNREADABLE',
        `The chaincode ${namespace} wants the validation plugin ${definition.validationPlugin}`,
      );
    }
    const { identities, policies } = this.#config;
    return { policy: compileApplicationPolicy(definition.validationParameter, identities, policies) };
  }

  /** Fabric's peers stop for good at a key policy that cannot be decoded; here nothing satisfies it. */
  #keyPolicy(envelope: Uint8Array): Policy | undefined {
    try {
      return compileSignaturePolicy(envelope, this.#config.identities);
    } catch (error) {
      if (error instanceof LedgerError) return undefined;
      throw error;
    }
  }

  /** Undefined refuses: only the implicit collections of organisations exist, each under its organisation's policy. */
  #collectionPolicy(namespace: string, collection: string): Policy | undefined {
    const mspId = mspOfImplicitCollection(collection);
    const organisation = this.#config.organisations.find((candidate) => candidate.mspId === mspId);
    if (namespace !== LIFECYCLE || organisation === undefined) return undefined;
    return this.#config.policies.policy(`/Channel/Application/${organisation.name}/Endorsement`);
  }
}

/** The policies that one transaction's signers have been held against in one namespace, each at most once. */
class NamespaceTrial {
  readonly #policy: Policy | undefined;
  readonly #signers: readonly Identity[];
  readonly #collections = new Set<string>();
  #isChaincodeChecked = false;
  #isAnyChecked = false;

  constructor(policy: Policy | undefined, signers: readonly Identity[]) {
    this.#policy = policy;
    this.#signers = signers;
  }

  byKey(policy: () => Policy | undefined): boolean {
    return this.#note(policy()?.satisfiedBy(this.#signers) === true);
  }

  byChaincode(): boolean {
    if (!this.#isChaincodeChecked)
      this.#isChaincodeChecked = this.#note(this.#policy?.satisfiedBy(this.#signers) === true);
    return this.#isChaincodeChecked;
  }

  byCollection(collection: string, policy: () => Policy | undefined): boolean {
    if (this.#collections.has(collection)) return true;
    const holds = this.#note(policy()?.satisfiedBy(this.#signers) === true);
    if (holds) this.#collections.add(collection);
    return holds;
  }

  /** A transaction that writes nothing, too, needs the chaincode's endorsement. */
  isEndorsed(): boolean {
    return this.#isAnyChecked || this.byChaincode();
  }

  #note(holds: boolean): boolean {
    this.#isAnyChecked ||= holds;
    return holds;
  }
}

function keyName(space: string, key: string): string {
  return `${space}\0${key}`;
}

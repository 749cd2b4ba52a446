import { randomBytes } from 'node:crypto';
import { common, msp } from '@hyperledger/fabric-protos';
import timestamps from 'google-protobuf/google/protobuf/timestamp_pb.js';
import { numberOf, transactionsOf } from './blocks.ts';
import { computeConfigUpdate } from '../src/config/index.ts';
import { broadcast, seal } from './forged.ts';
import type { Session } from './session.ts';
import { take } from './take.ts';
import type { Target } from './target.ts';

/** A value of the channel's configuration, by the names of the groups on the way to it. */
export interface ConfigPath {
  readonly groups: readonly string[];
  readonly value: string;
}

const APPLIED_MS = 15_000;

export async function readConfig(session: Session): Promise<common.Config> {
  const bytes = await session.network
    .getContract('cscc')
    .evaluate('GetConfigBlock', { arguments: [session.network.getName()] });
  const [envelope] = transactionsOf(common.Block.deserializeBinary(bytes));
  const payload = common.Payload.deserializeBinary(
    common.Envelope.deserializeBinary(envelope?.envelope ?? new Uint8Array()).getPayload_asU8(),
  );
  const config = common.ConfigEnvelope.deserializeBinary(payload.getData_asU8()).getConfig();
  if (config === undefined) throw new Error('the configuration block holds no configuration');
  return config;
}

/** An update of the values: read set and write set hold the groups on the way at their versions, each value one version on. */
export async function updateOf(
  session: Session,
  paths: readonly ConfigPath[],
  change: (value: Uint8Array) => Uint8Array,
): Promise<common.ConfigUpdate> {
  const root = (await readConfig(session)).getChannelGroup() ?? new common.ConfigGroup();
  const [read, written] = [bare(root), bare(root)];
  for (const { groups, value } of paths) {
    walk(root, read, groups);
    const { leaf, source } = walk(root, written, groups);
    const before = source.getValuesMap().get(value);
    if (before === undefined) throw new Error(`the configuration has no ${value}`);
    const after = before.clone();
    after.setVersion(before.getVersion() + 1);
    after.setValue(change(before.getValue_asU8()));
    leaf.getValuesMap().set(value, after);
  }
  const update = new common.ConfigUpdate();
  update.setChannelId(session.network.getName());
  update.setReadSet(read);
  update.setWriteSet(written);
  return update;
}

/** The update from the channel's configuration to what `edit` makes of it; both are common.Config messages. */
export async function updateBy(
  session: Session,
  edit: (config: Uint8Array) => Uint8Array,
): Promise<common.ConfigUpdate> {
  const config = (await readConfig(session)).serializeBinary();
  return common.ConfigUpdate.deserializeBinary(
    computeConfigUpdate(session.network.getName(), config, edit(config)),
  );
}

/** The names and parts of a group's subgroup on the way given. */
export function groupAt(config: common.Config, ...names: readonly string[]): common.ConfigGroup {
  let group = config.getChannelGroup();
  for (const name of names) group = group?.getGroupsMap().get(name);
  if (group === undefined) throw new Error(`the configuration has no group ${names.join('/')}`);
  return group;
}

/** A group with its version and modification policy and nothing in it. */
function bare(group: common.ConfigGroup): common.ConfigGroup {
  const copy = new common.ConfigGroup();
  copy.setVersion(group.getVersion());
  copy.setModPolicy(group.getModPolicy());
  return copy;
}

/** Goes down both trees by the names, adding bare groups to the second where it has none. */
function walk(from: common.ConfigGroup, to: common.ConfigGroup, names: readonly string[]) {
  let [source, leaf] = [from, to];
  for (const name of names) {
    const next = source.getGroupsMap().get(name);
    if (next === undefined) throw new Error(`the configuration has no group ${name}`);
    const copy = leaf.getGroupsMap().get(name) ?? bare(next);
    leaf.getGroupsMap().set(name, copy);
    [source, leaf] = [next, copy];
  }
  return { source, leaf };
}

/** Signs the update by each signer and broadcasts it as the submitter, which must be a Writer. */
export async function submitUpdate(
  target: Target,
  submitter: Session,
  update: common.ConfigUpdate,
  signers: readonly Session[],
): Promise<void> {
  const bytes = update.serializeBinary();
  const envelope = new common.ConfigUpdateEnvelope();
  envelope.setConfigUpdate(bytes);
  envelope.setSignaturesList(await Promise.all(signers.map((signer) => signatureOf(signer, bytes))));
  const channel = new common.ChannelHeader();
  channel.setType(common.HeaderType.CONFIG_UPDATE);
  channel.setChannelId(submitter.network.getName());
  channel.setTimestamp(timestamps.Timestamp.fromDate(new Date()));
  const header = new common.Header();
  header.setChannelHeader(channel.serializeBinary());
  header.setSignatureHeader(signatureHeader(submitter));
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(envelope.serializeBinary());
  await broadcast(target, 'NorthMSP', submitter.network.getName(), await seal(submitter, payload));
}

/** Submits the update and waits for the configuration block, whose number it returns. */
export async function applyUpdate(...call: Parameters<typeof submitUpdate>): Promise<bigint> {
  const [, submitter] = call;
  const events = await submitter.network
    .newBlockEventsRequest()
    .getEvents({ deadline: Date.now() + APPLIED_MS });
  const configured = take(events, (block) =>
    transactionsOf(block).some(({ type }) => type === common.HeaderType.CONFIG),
  );
  await submitUpdate(...call);
  const [block] = (await configured).slice(-1);
  if (block === undefined) throw new Error('no configuration block came');
  return numberOf(block);
}

async function signatureOf(session: Session, update: Uint8Array): Promise<common.ConfigSignature> {
  const header = signatureHeader(session);
  const signature = new common.ConfigSignature();
  signature.setSignatureHeader(header);
  signature.setSignature(await session.signing.signer(Buffer.concat([header, update])));
  return signature;
}

function signatureHeader({ signing }: Session): Uint8Array {
  const creator = new msp.SerializedIdentity();
  creator.setMspid(signing.identity.mspId);
  creator.setIdBytes(signing.identity.credentials);
  const header = new common.SignatureHeader();
  header.setCreator(creator.serializeBinary());
  header.setNonce(randomBytes(24));
  return header.serializeBinary();
}

import { z } from 'zod';
import { LedgerError } from '../error.ts';
import { parsePolicy } from '../policy/index.ts';

/** Design/ledger.md section 4, unless the definition says otherwise. */
export const DEFAULT_BATCH = {
  maxMessageCount: 500,
  preferredMaxBytes: 2 * 1024 * 1024,
  absoluteMaxBytes: 64 * 1024 * 1024,
  /** Blocks are cut when the queue drains; written into the configuration because Fabric wants a value. */
  timeoutMs: 200,
} as const;

/** Lower-case letters, digits, dots and dashes, as Fabric's channel ids. */
const label = z.string().regex(/^[a-z][a-z0-9.-]{0,62}$/);

const contract = z.strictObject({
  name: z.string().regex(/^[a-zA-Z0-9]+([-_][a-zA-Z0-9]+)*$/),
  version: z.string().min(1),
  /** "OutOf(2,'NorthMSP.peer',…)" */
  endorsement: z.string().min(1),
  initRequired: z.boolean().default(false),
  /** Private data collections are refused: half of them is worse than none. */
  collections: z.array(z.never()).max(0, 'private data collections are not supported').optional(),
});

const organisation = z.strictObject({
  name: label,
  /** Also the name of its group in channel configurations. */
  mspId: z.string().regex(/^[a-zA-Z0-9.-]{1,249}$/),
  domain: z.string().min(1),
  peers: z.int().min(1).max(4),
  orderers: z.int().min(0).max(4),
});

const definition = z.strictObject({
  organisations: z.array(organisation).min(1),
  channels: z
    .array(
      z.strictObject({
        name: label,
        members: z.array(z.string()).min(1).readonly(),
        contracts: z.array(contract).readonly(),
        batch: z
          .strictObject({
            maxMessageCount: z.int().min(1),
            preferredMaxBytes: z.int().min(1),
            absoluteMaxBytes: z.int().min(1),
            timeoutMs: z.int().min(1),
          })
          .partial()
          .optional(),
        schedule: z.literal('round-robin').default('round-robin'),
      }),
    )
    .min(1),
});

/** The founding of a consortium: makes keys and block 0 of each channel, and nothing after that. */
export type NetworkDefinition = z.input<typeof definition>;
export type CheckedDefinition = z.output<typeof definition>;
export type ChannelDefinition = CheckedDefinition['channels'][number];
/** An organisation's nodes of which this machine holds the keys. */
export type OrganisationDefinition = CheckedDefinition['organisations'][number];

/** @throws LedgerError BAD_DEFINITION */
export function checkOrganisation(input: unknown): OrganisationDefinition {
  const result = organisation.safeParse(input);
  if (!result.success) {
    throw new LedgerError(
      'BAD_DEFINITION',
      `The organisation is not valid: ${z.prettifyError(result.error)}`,
    );
  }
  return result.data;
}

/** @throws LedgerError BAD_DEFINITION */
export function checkDefinition(input: unknown): CheckedDefinition {
  const result = definition.safeParse(input);
  if (!result.success) {
    throw new LedgerError(
      'BAD_DEFINITION',
      `The network definition is not valid: ${z.prettifyError(result.error)}`,
    );
  }
  const checked = result.data;
  const mspIds = checked.organisations.map((organisation) => organisation.mspId);
  mustBeDistinct(
    'organisation',
    checked.organisations.map((organisation) => organisation.name),
  );
  mustBeDistinct('MSP id', mspIds);
  mustBeDistinct(
    'channel',
    checked.channels.map((channel) => channel.name),
  );
  for (const channel of checked.channels) {
    const unknown = channel.members.find((member) => !mspIds.includes(member));
    if (unknown !== undefined)
      throw bad(`channel ${channel.name} names ${unknown}, which is no organisation`);
    for (const { endorsement } of channel.contracts) parsePolicy(endorsement);
    const members = checked.organisations.filter(({ mspId }) => channel.members.includes(mspId));
    if (members.every(({ orderers }) => orderers === 0)) throw bad(`channel ${channel.name} has no orderer`);
  }
  return checked;
}

function mustBeDistinct(what: string, names: readonly string[]): void {
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) throw bad(`${what} ${repeated} is named twice`);
}

function bad(message: string): LedgerError {
  return new LedgerError('BAD_DEFINITION', `The network definition is not valid: ${message}`);
}

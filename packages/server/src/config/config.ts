import { readFileSync } from 'node:fs';
import { CodedError, KINDS, type OrganisationKind } from '@healthchain/core';
import { z } from 'zod';

export type ConfigErrorCode = 'UNREADABLE' | 'INVALID_OPTION' | 'CONTRADICTION';

/** The message begins with the option's name, as in `http.tls: …`. */
export class ConfigError extends CodedError<ConfigErrorCode> {}

export const FHIR_PATH = '/fhir';
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);

const port = z.int().min(0).max(65_535);
const mspId = z.string().regex(/^[A-Za-z][A-Za-z0-9.-]{0,63}$/);
const baseUrl = z.url({ protocol: /^https?$/ }).refine((url) => !url.endsWith('/'), 'must not end in /');
const kind = z.enum(KINDS);

const shape = z.strictObject({
  organisation: z.strictObject({ mspId, kind, name: z.string().min(1).max(200) }),
  /** Folder of this server's store, vault, log and keys. */
  directory: z.string().min(1),
  http: z.strictObject({
    host: z.string().min(1).default('127.0.0.1'),
    port,
    /** What clients call this server; the FHIR base is below it. */
    publicUrl: baseUrl,
    tls: z.strictObject({ certificateFile: z.string(), keyFile: z.string() }).optional(),
    maxBodyBytes: z
      .int()
      .min(1_024)
      .max(20 * 1024 * 1024)
      .default(20 * 1024 * 1024),
    /** A refusal leaves at the end of a slot of this length, so that its time tells nothing (custody.md section 4). */
    refusalSlotMs: z.int().min(0).max(2_000).default(100),
  }),
  custody: z.strictObject({ host: z.string().min(1).default('127.0.0.1'), port }),
  /** The circle that this server writes to comes first. */
  channels: z.array(z.strictObject({ name: z.string().min(1), members: z.array(mspId).min(1) })).min(1),
  members: z
    .array(z.strictObject({ mspId, kind, fhirBase: baseUrl, custodyUrl: z.url({ protocol: /^https$/ }) }))
    .min(1),
  log: z
    .strictObject({
      level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
    })
    .default({ level: 'info' }),
});

export type ServerConfig = z.infer<typeof shape>;

/** One option checked against another; returns the complaint, which begins with the option's name. */
type CrossCheck = (config: ServerConfig) => string | undefined;

const CROSS_CHECKS: readonly CrossCheck[] = [
  ({ http }) =>
    http.tls === undefined && !LOOPBACK.has(http.host)
      ? 'http.tls: needed when http.host is not a loopback address'
      : undefined,
  ({ http }) =>
    http.tls !== undefined && !http.publicUrl.startsWith('https:')
      ? 'http.publicUrl: must be https when http.tls is set'
      : undefined,
  ({ http, custody }) =>
    custody.port !== 0 && custody.port === http.port && custody.host === http.host
      ? 'custody.port: must differ from http.port'
      : undefined,
  (config) => (self(config) === undefined ? 'members: must name organisation.mspId' : undefined),
  (config) => kindComplaint(config.organisation.kind, self(config)?.kind),
  (config) =>
    self(config)?.fhirBase === fhirBase(config)
      ? undefined
      : `members: the own fhirBase must be http.publicUrl followed by ${FHIR_PATH}`,
  ({ members }) =>
    repeated(
      'members',
      members.map((member) => member.mspId),
    ),
  ({ channels }) =>
    repeated(
      'channels',
      channels.map((channel) => channel.name),
    ),
  ({ channels, organisation }) => {
    const i = channels.findIndex((channel) => !channel.members.includes(organisation.mspId));
    return i < 0 ? undefined : `channels[${i}].members: must include organisation.mspId`;
  },
  ({ channels, members }) => {
    const known = new Set(members.map((member) => member.mspId));
    const stranger = channels.flatMap((channel) => channel.members).find((member) => !known.has(member));
    return stranger === undefined ? undefined : `channels: ${stranger} is not among members`;
  },
];

/** @throws ConfigError INVALID_OPTION for one option, CONTRADICTION for two that do not go together */
export function parseConfig(raw: unknown): ServerConfig {
  const parsed = shape.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const name = (issue?.path ?? []).map(String).join('.') || 'configuration';
    throw new ConfigError('INVALID_OPTION', `${name}: ${issue?.message ?? 'is not valid'}`, {
      cause: parsed.error,
    });
  }
  for (const check of CROSS_CHECKS) {
    const complaint = check(parsed.data);
    if (complaint !== undefined) throw new ConfigError('CONTRADICTION', complaint);
  }
  return parsed.data;
}

/** What an operator should know about this configuration at the start, one sentence each. */
export function configWarnings(config: ServerConfig): string[] {
  const plain =
    config.http.tls === undefined ? ['http.tls is not set: plain HTTP, for this machine only'] : [];
  const untimed =
    config.http.refusalSlotMs === 0
      ? ['http.refusalSlotMs is 0: the time of a refusal may tell what exists']
      : [];
  return [...plain, ...untimed];
}

/** PEM, as `http.tls` names the files; undefined without it. @throws ConfigError UNREADABLE */
export function httpTls({ http }: ServerConfig): { readonly cert: string; readonly key: string } | undefined {
  if (http.tls === undefined) return undefined;
  try {
    return {
      cert: readFileSync(http.tls.certificateFile, 'utf8'),
      key: readFileSync(http.tls.keyFile, 'utf8'),
    };
  } catch (cause) {
    throw new ConfigError('UNREADABLE', 'http.tls: a file cannot be read', { cause });
  }
}

/** The FHIR base URL of this server, without trailing slash. */
export function fhirBase(config: ServerConfig): string {
  return `${config.http.publicUrl}${FHIR_PATH}`;
}

function self(config: ServerConfig): ServerConfig['members'][number] | undefined {
  return config.members.find((member) => member.mspId === config.organisation.mspId);
}

function kindComplaint(own: OrganisationKind, listed: OrganisationKind | undefined): string | undefined {
  return listed === undefined || own === listed
    ? undefined
    : `organisation.kind: is ${own}, but members says ${listed}`;
}

function repeated(option: string, values: readonly string[]): string | undefined {
  const twice = values.find((value, i) => values.indexOf(value) !== i);
  return twice === undefined ? undefined : `${option}: ${twice} stands there twice`;
}

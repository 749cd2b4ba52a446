import { join } from 'node:path';
import { startEngine, type Engine } from '@healthchain/ledger';
import { initialiseValidation } from '@healthchain/server';
import { createCast, type Cast } from '../demo/cast.ts';
import { Memory } from '../demo/memory.ts';
import { playStory } from '../demo/play.ts';
import type { Output } from '../output.ts';
import { administrators } from './administrators.ts';
import { CIRCLES } from '../demo/consortium.ts';
import { createOrReadState, type CreateOptions } from './create.ts';
import { foundCircle, includeCustodians, type Circle } from './found.ts';
import { enrolMissingUsers } from './enrol.ts';
import { lockData } from './lock.ts';
import { openOrganisation, type RunningOrganisation } from './organisation.ts';
import { until } from '../wait.ts';
import { createStage } from './stage.ts';
import { ledgerDirectory, membersOf, organisationOf, type ConsortiumState } from './state.ts';

/** Longest wait for every server to have caught up and every custodian to have an intake key. */
const WRITABLE_DEADLINE_MS = 60_000;

export interface UpOptions extends CreateOptions {
  readonly data: string;
  /** The servers' time; the machine's unless said otherwise. The ledger keeps the machine's. */
  readonly clock?: () => Date;
}

export interface Consortium {
  readonly state: ConsortiumState;
  readonly engine: Engine;
  readonly organisations: readonly RunningOrganisation[];
  readonly memory: Memory;
  close(): Promise<void>;
}

/**
 * Starts ledger and servers; on return they answer, founded and with all users enrolled. What was opened before a failure is closed.
 *
 * @throws CliError ALREADY_RUNNING, PORT_IN_USE
 */
export async function openConsortium(options: UpOptions, output: Output): Promise<Consortium> {
  const closers: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.toReversed()) await closer();
  };
  try {
    return { ...(await openParts(options, output, closers)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openParts(
  options: UpOptions,
  output: Output,
  closers: (() => Promise<void> | void)[],
): Promise<Omit<Consortium, 'close'>> {
  const { data } = options;
  const lock = lockData(data);
  closers.push(() => lock.release());
  output.progress('keys and genesis blocks');
  const state = await createOrReadState(data, options);
  output.progress('peers and orderers');
  // The servers need FHIR's definitions: this thread reads them while the engine's thread starts.
  const [engine] = await Promise.all([openEngine(data), initialiseValidation()]);
  closers.push(() => engine.close());
  for (const { id, state: condition, reason } of await engine.status()) {
    if (condition === 'failed') output.note(`${id} stays out: ${reason ?? ''}`);
  }
  await engine.deploy();
  output.progress('circles');
  const administratorOf = await administrators(data, state, engine);
  for (const circle of Object.keys(CIRCLES) as Circle[]) await foundCircle(circle, administratorOf);
  output.progress('servers');
  const organisations = await allOrNone(
    state.organisations.map(async (organisation) => {
      const running = await openOrganisation({ data, state, organisation, engine, clock: options.clock });
      closers.push(() => running.close());
      return running;
    }),
  );
  for (const circle of Object.keys(CIRCLES) as Circle[])
    await includeCustodians(circle, membersOf(state, circle), administratorOf);
  await enrolMissingUsers(data, state, organisations);
  await untilWritable(organisations, output);
  const memory = new Memory(join(data, 'cast.journal'));
  closers.push(() => memory.close());
  return { state, engine, organisations, memory };
}

function openEngine(data: string): Promise<Engine> {
  return startEngine({
    directory: ledgerDirectory(data),
    chaincodes: { health: { module: import.meta.resolve('@healthchain/contracts'), export: 'chaincode' } },
    worker: true,
  });
}

/** Goes on without a server that something keeps from getting ready, as long as there is another. */
async function untilWritable(organisations: readonly RunningOrganisation[], output: Output): Promise<void> {
  const waiting = (): readonly RunningOrganisation[] =>
    organisations.filter(({ exchange }) => !exchange.ready() || !exchange.canSeal());
  const what = 'the servers to catch up and the custodians’ intake keys';
  await until(() => waiting().length === 0, what, WRITABLE_DEADLINE_MS).catch((error: unknown) => {
    const names = waiting().map(({ organisation }) => organisation.name);
    if (names.length === organisations.length) throw error;
    output.note(`Not ready: ${names.join(', ')}; healthchain status and verify tell more`);
  });
}

/** Waits for every start, so that none is left behind by the failure of another. */
async function allOrNone<T>(starting: readonly Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(starting);
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}

/** The named persons; when this returns the consortium is ready. */
export async function playNamed(consortium: Consortium, data: string, output: Output): Promise<Cast> {
  const { state } = consortium;
  const cast = await createCast(state.seed, new Date(state.anchor), ledgerNames(state));
  const stage = await createStage(consortium, data);
  for (const story of cast.named) {
    output.progress(story.name);
    await playStory(stage, consortium.memory, story);
  }
  return cast;
}

function ledgerNames(state: ConsortiumState): Map<string, string> {
  return new Map(
    state.users.map((user) => [
      user.handle,
      `${organisationOf(state, user.organisation).mspId}/${user.userId}`,
    ]),
  );
}

export async function playBackground(
  consortium: Consortium,
  data: string,
  cast: Cast,
  output: Output,
): Promise<void> {
  const stage = await createStage(consortium, data);
  for (const [i, story] of cast.background.entries()) {
    await playStory(stage, consortium.memory, story);
    output.progress(`${i + 1} of ${cast.background.length} more persons`);
  }
}

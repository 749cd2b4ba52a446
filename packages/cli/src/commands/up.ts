import { optionalText, wholeNumber } from '../arguments.ts';
import type { Command, CommandContext } from '../command.ts';
import type { Listener } from '@healthchain/ledger';
import { banner } from '../consortium/banner.ts';
import { controlHandlers } from '../consortium/handlers.ts';
import { openListener } from '../consortium/listener.ts';
import { readState } from '../consortium/state.ts';
import { tokenFor } from '../consortium/tokens.ts';
import { openConsortium, playBackground, playNamed, type Consortium } from '../consortium/up.ts';
import { serveControl } from '../control/server.ts';
import { CliError } from '../error.ts';
import type { Output } from '../output.ts';

/** Keys of the cast whose Patient ids the banner needs. */
const BANNER_PATIENTS = ['maria-north', 'lee-south'];
/** Requests under way at the end are given this long; whatever they have not been told can be repeated. */
const CLOSE_DEADLINE_MS = 5_000;

export const up: Command = {
  summary:
    'Starts the demo consortium on the embedded ledger; the first start creates it, later ones keep its data, ports and cast.',
  usage: '[--data DIR] [--port 8081] [--seed 1] [--no-cast] [--grpc]',
  options: {
    port: { type: 'string' },
    seed: { type: 'string' },
    'no-cast': { type: 'boolean', default: false },
    grpc: { type: 'boolean', default: false },
  },
  async run(context) {
    mustKeepPort(context);
    await runUntilSignal(context);
  },
};

/** Resources and tokens name the servers' addresses. @throws CliError USAGE */
function mustKeepPort({ data, options }: CommandContext): void {
  const kept = readState(data)?.organisations[0]?.port;
  const asked = optionalText(options, 'port');
  if (kept === undefined || asked === undefined || Number(asked) === kept) return;
  throw new CliError('USAGE', `The servers of ${data} listen from port ${kept} on, since their first start`);
}

async function runUntilSignal(context: CommandContext): Promise<void> {
  const { data, output } = context;
  const consortium = await openConsortium(upOptions(context), output);
  const socket = await serveControl(data, controlHandlers(consortium, data));
  const ended = endSignal();
  let listener: Listener | undefined;
  try {
    if (context.options['grpc'] === true) listener = await openListener(consortium, data, output);
    const playing = consortium.state.cast
      ? startCast(consortium, data, output, ended)
      : Promise.resolve(output.note('The consortium runs, without the cast.'));
    await Promise.race([ended.promise, playing]);
    await ended.promise;
  } finally {
    output.note('Stopping …');
    const giveUp = setTimeout(() => process.exit(1), CLOSE_DEADLINE_MS);
    await socket.close();
    await listener?.close();
    await consortium.close();
    clearTimeout(giveUp);
  }
}

function upOptions({ options, data }: CommandContext): Parameters<typeof openConsortium>[0] {
  return {
    data,
    cast: options['no-cast'] !== true,
    seed: wholeNumber(options, 'seed', { default: 1, min: 0, max: 2 ** 31 }),
    firstPort: wholeNumber(options, 'port', { default: 8081, min: 1024, max: 60_000 }),
    now: new Date(),
  };
}

interface EndSignal {
  readonly promise: Promise<void>;
  readonly isGiven: boolean;
}

async function startCast(
  consortium: Consortium,
  data: string,
  output: Output,
  ended: EndSignal,
): Promise<void> {
  const cast = await playNamed(consortium, data, output);
  await printBanner(consortium, data, output);
  playBackground(consortium, data, cast, output).catch((error: unknown) => {
    if (ended.isGiven) return;
    output.note(`The cast is not complete: ${error instanceof Error ? error.message : String(error)}`);
  });
}

async function printBanner({ state, memory }: Consortium, data: string, output: Output): Promise<void> {
  const tokens = new Map<string, string>();
  for (const user of state.users) tokens.set(user.handle, await tokenFor(data, state, user.handle));
  const patients = new Map(BANNER_PATIENTS.map((key) => [key, memory.id(key)]));
  output.print({ servers: state.organisations, tokens: Object.fromEntries(tokens) }, () =>
    banner({ state, tokens, patients }),
  );
}

/** The first signal ends in order, a second one at once. */
function endSignal(): EndSignal {
  let isGiven = false;
  const promise = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (isGiven) process.exit(1);
        isGiven = true;
        resolve();
      });
    }
  });
  return {
    promise,
    get isGiven() {
      return isGiven;
    },
  };
}

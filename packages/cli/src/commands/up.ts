import { wholeNumber } from '../arguments.ts';
import type { Command, CommandContext } from '../command.ts';
import { banner } from '../consortium/banner.ts';
import { controlHandlers } from '../consortium/handlers.ts';
import { tokenFor } from '../consortium/tokens.ts';
import { openConsortium, playBackground, playNamed, type Consortium } from '../consortium/up.ts';
import { readRunFile } from '../control/client.ts';
import { serveControl } from '../control/server.ts';
import { CliError } from '../error.ts';
import type { Output } from '../output.ts';

/** Keys of the cast whose Patient ids the banner needs. */
const BANNER_PATIENTS = ['maria-north', 'lee-south'];

export const up: Command = {
  summary:
    'Starts the demo consortium on the embedded ledger; the first start creates it, later ones keep its data.',
  usage: '[--data DIR] [--port 8081] [--seed 1] [--no-cast]',
  options: {
    port: { type: 'string' },
    seed: { type: 'string' },
    'no-cast': { type: 'boolean', default: false },
  },
  async run(context) {
    const { data, output } = context;
    const running = readRunFile(data);
    if (running !== undefined) {
      throw new CliError('ALREADY_RUNNING', `Process ${running.pid} runs on ${data}`, {
        details: { hint: 'End it with Ctrl-C or kill, or use another folder with --data.' },
      });
    }
    await runUntilSignal(context, output);
  },
};

async function runUntilSignal({ options, data }: CommandContext, output: Output): Promise<void> {
  const cast = options['no-cast'] !== true;
  const consortium = await openConsortium(
    {
      data,
      cast,
      seed: wholeNumber(options, 'seed', { default: 1, min: 0, max: 2 ** 31 }),
      firstPort: wholeNumber(options, 'port', { default: 8081, min: 1024, max: 60_000 }),
      now: new Date(),
    },
    output,
  );
  const socket = await serveControl(data, controlHandlers(consortium));
  try {
    const ended = endSignal();
    if (cast) await startCast(consortium, data, output);
    else output.note('The consortium runs, without the cast.');
    await ended;
    output.note('Stopping …');
  } finally {
    await socket.close();
    await consortium.close();
  }
}

async function startCast(consortium: Consortium, data: string, output: Output): Promise<void> {
  const cast = await playNamed(consortium, data, output);
  await printBanner(consortium, data, output);
  playBackground(consortium, data, cast, output).catch((error: unknown) => {
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

function endSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

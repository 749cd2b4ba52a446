import { PURPOSES, type Purpose } from '@healthchain/core';
import { MAX_TOKEN_SECONDS } from '@healthchain/server';
import { onePositional, optionalText, wholeNumber } from '../arguments.ts';
import type { Command } from '../command.ts';
import { requireState, userOf } from '../consortium/state.ts';
import { DEFAULT_TOKEN_SECONDS, tokenFor } from '../consortium/tokens.ts';
import { CliError } from '../error.ts';

export const token: Command = {
  summary: 'Mints a bearer token for a user of one of the organisations.',
  usage: 'USER [--purpose TREAT] [--seconds N]',
  options: { purpose: { type: 'string' }, seconds: { type: 'string' } },
  async run(context) {
    const handle = onePositional(context, 'user');
    const state = requireState(context.data);
    const user = userOf(state, handle);
    const purpose = purposeOf(optionalText(context.options, 'purpose'));
    const seconds = wholeNumber(context.options, 'seconds', {
      default: DEFAULT_TOKEN_SECONDS,
      min: 1,
      max: MAX_TOKEN_SECONDS,
    });
    const text = await tokenFor(context.data, state, handle, {
      seconds,
      ...(purpose === undefined ? {} : { purpose }),
    });
    const shown = { user: handle, role: user.role, purpose: purpose ?? user.purpose, seconds, token: text };
    context.output.print(shown, () => [text]);
  },
};

export function purposeOf(text: string | undefined): Purpose | undefined {
  if (text === undefined) return undefined;
  const purpose = PURPOSES.find((candidate) => candidate === text);
  if (purpose === undefined) throw new CliError('USAGE', `--purpose must be one of ${PURPOSES.join(', ')}`);
  return purpose;
}

import { onePositional, requiredText } from '../arguments.ts';
import type { Command } from '../command.ts';
import { requireState } from '../consortium/state.ts';
import { control } from '../control/client.ts';

export const enrol: Command = {
  summary:
    'Gives a patient a user of their own at the authority, whose key stands for the person of a Patient.',
  usage: 'NEW-USER --patient ID',
  options: { patient: { type: 'string' } },
  async run(context) {
    const { data, options, output } = context;
    requireState(data);
    const user = onePositional(context, 'name of the user');
    const patient = requiredText(options, 'patient').replace(/^Patient\//, '');
    const enrolled = await control<{ user: string; role: string }>(data, 'enrol', { user, patient });
    output.print({ ...enrolled, patient }, () => [
      `${user} is the patient of Patient/${patient}; a token: healthchain token ${user}`,
    ]);
  },
};

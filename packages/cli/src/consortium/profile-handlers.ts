import { profileSteps, type CpuBySteps } from '../bench/profile/index.ts';
import type { ControlHandler } from '../control/server.ts';
import { CliError } from '../error.ts';

/** Where a running consortium spends CPU between `profile.start` and `profile.stop`; one profile at a time. */
export function profileHandlers(): Readonly<Record<'profile.start' | 'profile.stop', ControlHandler>> {
  let running: (() => Promise<CpuBySteps>) | undefined;
  return {
    'profile.start': async () => {
      if (running !== undefined) throw new CliError('USAGE', 'A profile is being taken already');
      running = await profileSteps();
    },
    'profile.stop': async () => {
      const end = running;
      running = undefined;
      if (end === undefined) throw new CliError('USAGE', 'No profile is being taken');
      return end();
    },
  };
}

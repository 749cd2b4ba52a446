import { playPowerCuts, type PowerCutReport } from '@healthchain/ledger';
import { wholeNumber } from '../arguments.ts';
import type { Command } from '../command.ts';

const MAX_SEED = 2 ** 32 - 1;

export const testStorage: Command = {
  summary: 'Plays power cuts on consortia of its own in a temporary folder, and checks what is left.',
  usage: '[--power-cuts 200] [--first-seed 1] [--json]',
  options: { 'power-cuts': { type: 'string' }, 'first-seed': { type: 'string' } },
  async run({ options, output }) {
    const cuts = wholeNumber(options, 'power-cuts', { default: 200, min: 0, max: 100_000 });
    const firstSeed = wholeNumber(options, 'first-seed', { default: 1, min: 0, max: MAX_SEED });
    const onProgress = (line: string): void => output.progress(line);
    const powerCuts = await playPowerCuts({ cuts, firstSeed, onProgress });
    output.print({ powerCuts }, () => powerCutLines(powerCuts));
  },
};

function powerCutLines(report: PowerCutReport): string[] {
  const outcomes = Object.entries(report.outcomes).map(([outcome, count]) => `${outcome} ${count}`);
  return [
    `${report.cuts} power cuts from seed ${report.firstSeed} on in ${report.seconds} s: ${report.acknowledged} writes acknowledged, none lost; ${report.underWay} under way, each whole or not there`,
    `what stayed of files with bytes not synced: ${outcomes.join(', ')}; names not synced and lost: ${report.namesLost}`,
  ];
}

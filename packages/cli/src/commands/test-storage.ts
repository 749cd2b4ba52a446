import { playByteFlips, playPowerCuts, type ByteFlipReport, type PowerCutReport } from '@healthchain/ledger';
import { wholeNumber } from '../arguments.ts';
import type { Command } from '../command.ts';

const MAX_SEED = 2 ** 31;
const MAX_RUNS = 1_000_000;

export const testStorage: Command = {
  summary:
    'Plays power cuts and flipped bits on consortia of its own in a temporary folder: nothing acknowledged may be lost, and every flip must be named, refused and repaired.',
  usage: '[--power-cuts 200] [--byte-flips 1000] [--first-seed 1] [--json]',
  options: {
    'power-cuts': { type: 'string' },
    'byte-flips': { type: 'string' },
    'first-seed': { type: 'string' },
  },
  async run({ options, output }) {
    const cuts = wholeNumber(options, 'power-cuts', { default: 200, min: 0, max: MAX_RUNS });
    const flips = wholeNumber(options, 'byte-flips', { default: 1000, min: 0, max: MAX_RUNS });
    const firstSeed = wholeNumber(options, 'first-seed', { default: 1, min: 0, max: MAX_SEED });
    const onProgress = (line: string): void => output.progress(line);
    const powerCuts = await playPowerCuts({ cuts, firstSeed, onProgress });
    const byteFlips = await playByteFlips({ flips, firstSeed, onProgress });
    output.print({ powerCuts, byteFlips }, () => [...cutLines(powerCuts), flipLine(byteFlips)]);
  },
};

function cutLines(report: PowerCutReport): string[] {
  const { cuts, firstSeed, seconds, acknowledged, underWay, namesLost } = report;
  return [
    `${cuts} power cuts from seed ${firstSeed} on in ${seconds} s: ${acknowledged} writes acknowledged, none lost; ${underWay} under way, each whole or not there`,
    `files with bytes not synced: ${listed(report.outcomes)}; names not synced and lost: ${namesLost}`,
  ];
}

function flipLine({ flips, firstSeed, seconds, byKind }: ByteFlipReport): string {
  return `${flips} flipped bits from seed ${firstSeed} on in ${seconds} s, each named, refused and repaired: ${listed(byKind)}`;
}

function listed(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([what, count]) => `${what} ${count}`)
    .join(', ');
}

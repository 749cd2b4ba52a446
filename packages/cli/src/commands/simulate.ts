import {
  COUNCIL_SIZES,
  FAULTY_RULE_NAMES,
  simulate,
  type CouncilSize,
  type SimulationReport,
} from '@healthchain/ledger';
import { optionalText, wholeNumber } from '../arguments.ts';
import type { Command, CommandContext } from '../command.ts';
import { CliError } from '../error.ts';

/** Between two lines of progress. */
const PROGRESS_MS = 1000;

export const simulateCommand: Command = {
  summary:
    'Runs the ordering authorities through schedules of faults and lies, each from one seed, and checks their promises.',
  usage: `[--seeds 1000] [--first-seed 1] [--authorities ${COUNCIL_SIZES.join('|')}] [--trace] [--break-rule ${FAULTY_RULE_NAMES.join('|')}]`,
  options: {
    seeds: { type: 'string' },
    'first-seed': { type: 'string' },
    authorities: { type: 'string' },
    trace: { type: 'boolean' },
    'break-rule': { type: 'string' },
  },
  async run(context) {
    const { options, output } = context;
    const begun = performance.now();
    const report = await simulate(optionsOf(context));
    const seconds = (performance.now() - begun) / 1000;
    const schedulesPerSecond = Math.round(report.seeds / seconds);
    output.print({ ...report, seconds, schedulesPerSecond }, () => reportLines(report, schedulesPerSecond));
    const [first] = report.failures;
    if (first === undefined) return;
    const rule = optionalText(options, 'break-rule');
    const broken = rule === undefined ? '' : ` --break-rule ${rule}`;
    throw new CliError('FAILED_CHECK', `${report.failed} of ${report.seeds} schedules broke a promise`, {
      details: {
        hint: `healthchain simulate --seeds 1 --first-seed ${first.seed} --authorities ${first.authorities} --trace${broken}`,
      },
    });
  },
};

interface ScheduleReport {
  readonly seed: number;
  readonly authorities: number;
  readonly broken: Error | undefined;
}

function optionsOf({ options, output }: CommandContext) {
  const authorities = wholeNumber(options, 'authorities', { default: 0, min: 0, max: 7 });
  const seeds = wholeNumber(options, 'seeds', { default: 1000, min: 1, max: 10_000_000 });
  const rules = optionalText(options, 'break-rule');
  if (authorities !== 0 && !isCouncilSize(authorities))
    throw new CliError('USAGE', `--authorities must be one of ${COUNCIL_SIZES.join(', ')}`);
  if (rules !== undefined && !FAULTY_RULE_NAMES.includes(rules))
    throw new CliError('USAGE', `--break-rule must be one of ${FAULTY_RULE_NAMES.join(', ')}`);
  let done = 0;
  let failed = 0;
  let told = performance.now();
  return {
    seeds,
    firstSeed: wholeNumber(options, 'first-seed', { default: 1, min: 0, max: 2 ** 31 }),
    ...(authorities === 0 ? {} : { authorities }),
    ...(rules === undefined ? {} : { rules }),
    ...(options['trace'] === true ? { trace: (line: string) => output.note(line) } : {}),
    onSchedule: ({ seed, authorities: size, broken }: ScheduleReport) => {
      done += 1;
      if (broken !== undefined) {
        failed += 1;
        output.note(`seed ${seed}, ${size} authorities: ${broken.message}`);
      }
      if (performance.now() - told < PROGRESS_MS) return;
      told = performance.now();
      output.progress(`${done} of ${seeds} schedules, ${failed} broke a promise`);
    },
  };
}

function isCouncilSize(value: number): value is CouncilSize {
  return COUNCIL_SIZES.some((size) => size === value);
}

function reportLines(report: SimulationReport, schedulesPerSecond: number): string[] {
  const last = report.firstSeed + report.seeds - 1;
  const sizes = Object.entries(report.authorities).map(([size, count]) => `${count} with ${size}`);
  return [
    `seeds ${report.firstSeed} to ${last}: ${sizes.join(', ')} authorities, ${report.lyingAuthorities} of them lying; ${report.withEcdsa} with ECDSA`,
    `${report.blocks} blocks decided in ${report.events} events, ${schedulesPerSecond} schedules/s`,
    `everything decided at most ${report.longestRecovery.toFixed(1)} timeouts after the faults ended`,
    '',
    'faults and lies',
    ...Object.entries(report.faults).map(([kind, count]) => `${String(count).padStart(10)}  ${kind}`),
    '',
    `promises broken: ${report.failed}`,
    ...report.failures.map(
      ({ seed, authorities, message }) => `  seed ${seed}, ${authorities} authorities: ${message}`,
    ),
  ];
}

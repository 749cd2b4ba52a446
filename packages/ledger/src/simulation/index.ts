export {
  COUNCIL_SIZES,
  FAULTY_RULE_NAMES,
  simulate,
  type CouncilSize,
  type SimulateOptions,
  type SimulationReport,
} from './simulate.ts';

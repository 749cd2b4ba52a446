export { playPowerCuts, type PowerCutReport } from './power-cuts.ts';

export { playByteFlips, type ByteFlipReport } from './byte-flips.ts';
export { playPowerCuts, type PowerCutReport } from './power-cuts.ts';

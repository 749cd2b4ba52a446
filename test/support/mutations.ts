const SPLICES = [
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '\u0000',
  '\\u',
  '1e999',
  '-0',
  'null',
  '\ufeff',
  '/../',
  '\ud83d',
];
const SEED = 0x2545f491;

/** Texts with one to three pieces replaced, doubled or taken out; the same at every run. */
export function* mutations(text: string, count: number): Generator<string> {
  let state = SEED;
  const draw = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
  for (let i = 0; i < count; i++) {
    let mutated = text;
    for (let change = draw(3); change >= 0; change--) {
      const at = draw(mutated.length);
      const length = draw(6);
      const piece = [SPLICES[draw(SPLICES.length)], mutated.slice(at, at + length).repeat(2), ''][draw(3)];
      mutated = mutated.slice(0, at) + piece + mutated.slice(at + length);
    }
    yield mutated;
  }
}

/**
 * GF(2^8) with the polynomial x^8 + x^4 + x^3 + x + 1. Multiplication runs the same eight steps whatever the values are, and
 * reads no table, so that neither branches nor cache lines depend on a secret. (A JavaScript engine promises no constant time;
 * what it is given here has no secret-dependent control flow or address.)
 */
export function multiply(a: number, b: number): number {
  let product = 0;
  let power = a;
  for (let i = 0; i < 8; i++) {
    product ^= -((b >> i) & 1) & power;
    power = ((power << 1) ^ (-(power >> 7) & 0x11b)) & 0x1ff;
  }
  return product & 0xff;
}

/** a^254 = a^-1; of public values only (differences of indexes), never zero. */
export function inverse(a: number): number {
  let result = 1;
  for (let i = 0; i < 254; i++) result = multiply(result, a);
  return result;
}

/** Value at `x` of the polynomial whose constant term is `constant`, byte by byte; Horner's rule. */
export function evaluate(constant: Uint8Array, coefficients: readonly Uint8Array[], x: number): Uint8Array {
  const value = new Uint8Array(constant.length);
  for (let i = 0; i < constant.length; i++) {
    let sum = 0;
    for (let degree = coefficients.length - 1; degree >= 0; degree--) {
      sum = multiply(sum ^ ((coefficients[degree] as Uint8Array)[i] as number), x);
    }
    value[i] = sum ^ (constant[i] as number);
  }
  return value;
}

/** Lagrange's weights of the points x at zero: the secret is the weighted sum of the points' values. */
export function weightsAtZero(points: readonly number[]): number[] {
  return points.map((own) =>
    points.reduce(
      (weight, other) => (other === own ? weight : multiply(weight, multiply(other, inverse(own ^ other)))),
      1,
    ),
  );
}

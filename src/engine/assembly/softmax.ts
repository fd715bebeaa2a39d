/** Softmax cross-entropy, with an exponential and a logarithm of our own: host engines differ in theirs, and results must not. */

const LN2_HIGH: f64 = 6.93147180369123816490e-01;
const LN2_LOW: f64 = 1.90821492927058770002e-10;

/** e^x for x <= 0 (softmax needs no other), relative error < 1e-15; 0 below -700. Even and odd terms of the series are sums of their own, side by side. */
export function exponential(x: f64): f64 {
  if (x < -700) return 0;
  const k = nearest<f64>(x * 1.4426950408889634);
  const r = (x - k * LN2_HIGH) - k * LN2_LOW, s = r * r;
  const even = 1 + s * (1.0 / 2 + s * (1.0 / 24 + s * (1.0 / 720 + s * (1.0 / 40320 + s * (1.0 / 3628800 + s * (1.0 / 479001600))))));
  const odd = 1 + s * (1.0 / 6 + s * (1.0 / 120 + s * (1.0 / 5040 + s * (1.0 / 362880 + s * (1.0 / 39916800 + s * (1.0 / 6227020800))))));
  return (even + r * odd) * reinterpret<f64>((<i64>k + 1023) << 52);
}

/** e^((x - top) / temperature) of `count` numbers in place (and of one more where that is odd), for x <= top: two at a time, each the same as `exponential`. */
export function exponentials(count: i32, top: f64, temperature: f64, x: usize): void {
  const one = f64x2.splat(1), shift = f64x2.splat(top), divisor = f64x2.splat(temperature);
  for (let i = 0; i < count; i += 2, x += 16) {
    const y = f64x2.div(f64x2.sub(v128.load(x), shift), divisor);
    const k = f64x2.nearest(f64x2.mul(y, f64x2.splat(1.4426950408889634)));
    const r = f64x2.sub(f64x2.sub(y, f64x2.mul(k, f64x2.splat(LN2_HIGH))), f64x2.mul(k, f64x2.splat(LN2_LOW))), s = f64x2.mul(r, r);
    let even = term(1.0 / 3628800, s, f64x2.splat(1.0 / 479001600)), odd = term(1.0 / 39916800, s, f64x2.splat(1.0 / 6227020800));
    even = term(1.0 / 40320, s, even); odd = term(1.0 / 362880, s, odd);
    even = term(1.0 / 720, s, even); odd = term(1.0 / 5040, s, odd);
    even = term(1.0 / 24, s, even); odd = term(1.0 / 120, s, odd);
    even = term(1.0 / 2, s, even); odd = term(1.0 / 6, s, odd);
    even = f64x2.add(one, f64x2.mul(s, even)); odd = f64x2.add(one, f64x2.mul(s, odd));
    // 2^k: a number this large has its unit in the last bit, so that its low bits are k + 1023.
    const power = i64x2.shl(f64x2.add(k, f64x2.splat(6755399441055744 + 1023)), 52);
    const e = f64x2.mul(f64x2.add(even, f64x2.mul(r, odd)), power);
    v128.store(x, v128.andnot(e, f64x2.lt(y, f64x2.splat(-700))));
  }
}

@inline
function term(constant: f64, s: v128, rest: v128): v128 { return f64x2.add(f64x2.splat(constant), f64x2.mul(s, rest)); }

/** ln x for normal x > 0: x = 2^k m with m in [sqrt(1/2), sqrt(2)), ln m by the series of artanh((m - 1) / (m + 1)). */
export function logarithm(x: f64): f64 {
  const bits = reinterpret<i64>(x);
  let k = (bits >> 52) - 1023;
  let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (m > 1.4142135623730951) { m *= 0.5; k++; }
  const t = (m - 1) / (m + 1), t2 = t * t;
  let s = 1.0 / 21 + t2 * (1.0 / 23);
  s = 1.0 / 15 + t2 * (1.0 / 17 + t2 * (1.0 / 19 + t2 * s));
  s = 1.0 / 9 + t2 * (1.0 / 11 + t2 * (1.0 / 13 + t2 * s));
  s = 1.0 / 3 + t2 * (1.0 / 5 + t2 * (1.0 / 7 + t2 * s));
  return <f64>k * LN2_HIGH + (2 * t * (1 + t2 * s) + <f64>k * LN2_LOW);
}

/**
 * Per row: loss[b] = -ln softmax(logits[b])[label] (float64) and gradient[b] = (softmax - one-hot) * factor; items are rows.
 * Rows are `stride` floats apart, unused columns of the gradient are set to 0.
 */
export function softmaxCrossEntropy(
  begin: i32, end: i32, _thread: i32,
  classes: i32, stride: i32, factor: f32, logits: usize, labels: usize, losses: usize, gradients: usize,
): void {
  for (let b = begin; b < end; b++) {
    const row = logits + (<usize>b * stride << 2), out = gradients + (<usize>b * stride << 2);
    const label = <i32>load<u16>(labels + (<usize>b << 1));
    let top = load<f32>(row);
    for (let c = 1; c < classes; c++) top = max<f32>(top, load<f32>(row + (<usize>c << 2)));
    let sum: f64 = 0;
    for (let c = 0; c < classes; c++) sum += exponential(<f64>load<f32>(row + (<usize>c << 2)) - <f64>top);
    store<f64>(losses + (<usize>b << 3), logarithm(sum) + <f64>top - <f64>load<f32>(row + (<usize>label << 2)));
    for (let c = 0; c < classes; c++) {
      const p = exponential(<f64>load<f32>(row + (<usize>c << 2)) - <f64>top) / sum;
      store<f32>(out + (<usize>c << 2), <f32>((p - (c == label ? 1 : 0)) * <f64>factor));
    }
    for (let c = classes; c < stride; c++) store<f32>(out + (<usize>c << 2), 0);
  }
}

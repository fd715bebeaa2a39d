/**
 * A small reverse-mode autodiff in float64 that shares nothing with the engine or the reference: arrays, a tape of what made them, and the chain rule. A net written in it says
 * only how values are made; its gradients decide what every backward pass must give.
 *
 * @example
 * const x = variable([1, 2]);
 * backward(sum(multiply(x, x))); // x.gradient is [2, 4]
 */

export interface Value {
  readonly values: Float64Array;
  /** dL/d(values), filled by `backward`. */
  readonly gradient: Float64Array;
  readonly from: readonly Value[];
  /** Adds this value's part to the gradients of what it was made from. */
  readonly pull: () => void;
}

export function variable(values: ArrayLike<number>): Value {
  return { values: Float64Array.from(values), gradient: new Float64Array(values.length), from: [], pull: () => {} };
}

/** The same values, a constant to the gradient. */
export const detach = (x: Value): Value => variable(x.values);

function made(values: Float64Array, from: readonly Value[], pull: (gradient: Float64Array) => void): Value {
  const gradient = new Float64Array(values.length);
  return { values, gradient, from, pull: () => pull(gradient) };
}

/** Entry by entry, from the value and its derivative. */
function each(x: Value, f: (x: number, i: number) => number, slope: (x: number, i: number) => number): Value {
  return made(x.values.map(f), [x], (g) => {
    for (let i = 0; i < g.length; i++) x.gradient[i]! += g[i]! * slope(x.values[i]!, i);
  });
}

/** Of two values of one length, entry by entry. */
function pairwise(
  a: Value,
  b: Value,
  f: (a: number, b: number) => number,
  slopes: (a: number, b: number) => readonly [number, number],
): Value {
  if (a.values.length !== b.values.length) throw new Error(`lengths ${a.values.length} and ${b.values.length}`);
  return made(
    a.values.map((value, i) => f(value, b.values[i]!)),
    [a, b],
    (g) => {
      for (let i = 0; i < g.length; i++) {
        const [left, right] = slopes(a.values[i]!, b.values[i]!);
        a.gradient[i]! += g[i]! * left;
        b.gradient[i]! += g[i]! * right;
      }
    },
  );
}

export const add = (a: Value, b: Value) =>
  pairwise(
    a,
    b,
    (x, y) => x + y,
    () => [1, 1],
  );
export const subtract = (a: Value, b: Value) =>
  pairwise(
    a,
    b,
    (x, y) => x - y,
    () => [1, -1],
  );
export const multiply = (a: Value, b: Value) =>
  pairwise(
    a,
    b,
    (x, y) => x * y,
    (x, y) => [y, x],
  );
/** The larger; a on ties, with all of the gradient. */
export const larger = (a: Value, b: Value) =>
  pairwise(
    a,
    b,
    (x, y) => Math.max(x, y),
    (x, y) => (y > x ? [0, 1] : [1, 0]),
  );
/** factor x + offset. */
export const affine = (x: Value, factor: number, offset = 0) =>
  each(
    x,
    (value) => factor * value + offset,
    () => factor,
  );
export const inverseRoot = (x: Value) =>
  each(
    x,
    (value) => value ** -0.5,
    (value) => -0.5 * value ** -1.5,
  );
/** x where open, else 0: a rectifier whose sides are decided elsewhere. */
export const gated = (x: Value, open: (i: number) => boolean) =>
  each(
    x,
    (value, i) => (open(i) ? value : 0),
    (_, i) => (open(i) ? 1 : 0),
  );
export const tanh = (x: Value) => each(x, Math.tanh, (value) => 1 - Math.tanh(value) ** 2);
/** x, or e^x - 1 below 0. */
export const exponentialLinear = (x: Value) =>
  each(
    x,
    (value) => (value > 0 ? value : Math.expm1(value)),
    (value) => (value > 0 ? 1 : Math.exp(value)),
  );
/** 0/1 spikes where the given slope stands in for the derivative; `fired` says which, so that rounding elsewhere does not decide twice. */
export const spike = (x: Value, fired: (i: number) => boolean, slope: (x: number) => number) =>
  each(x, (_, i) => (fired(i) ? 1 : 0), slope);

/** y[i] = x[index(i)], 0 where the index is -1: every rearrangement, window, repetition and broadcast. */
export function gather(x: Value, length: number, index: (i: number) => number): Value {
  const at = Int32Array.from({ length }, (_, i) => index(i));
  return made(
    Float64Array.from(at, (k) => (k < 0 ? 0 : x.values[k]!)),
    [x],
    (g) => {
      for (let i = 0; i < length; i++) if (at[i]! >= 0) x.gradient[at[i]!]! += g[i]!;
    },
  );
}

/** y[index(i)] += x[i]: sums over whatever shares an index. */
export function gatherSums(x: Value, length: number, index: (i: number) => number): Value {
  const values = new Float64Array(length);
  for (let i = 0; i < x.values.length; i++) values[index(i)]! += x.values[i]!;
  return made(values, [x], (g) => {
    for (let i = 0; i < x.values.length; i++) x.gradient[i]! += g[index(i)]!;
  });
}

export const sum = (x: Value) => gatherSums(x, 1, () => 0);

/** Rows a [rows][depth] times the rows of b [columns][depth]: [rows][columns]. */
export function products(a: Value, b: Value, depth: number): Value {
  const [rows, columns] = [a.values.length / depth, b.values.length / depth];
  const values = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++)
      for (let k = 0; k < depth; k++) values[r * columns + c]! += a.values[r * depth + k]! * b.values[c * depth + k]!;
  return made(values, [a, b], (g) => {
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        const from = g[r * columns + c]!;
        for (let k = 0; k < depth; k++) {
          a.gradient[r * depth + k]! += from * b.values[c * depth + k]!;
          b.gradient[c * depth + k]! += from * a.values[r * depth + k]!;
        }
      }
    }
  });
}

/** Sum over the rows of -ln softmax(row)[label], as one number. */
export function crossEntropy(logits: Value, labels: ArrayLike<number>): Value {
  const classes = logits.values.length / labels.length;
  const shares = new Float64Array(logits.values.length);
  let loss = 0;
  for (let row = 0; row < labels.length; row++) {
    const own = logits.values.subarray(row * classes, (row + 1) * classes);
    const top = Math.max(...own);
    const total = own.reduce((sum, x) => sum + Math.exp(x - top), 0);
    for (let c = 0; c < classes; c++) shares[row * classes + c] = Math.exp(own[c]! - top) / total;
    loss += top + Math.log(total) - own[labels[row]!]!;
  }
  return made(Float64Array.of(loss), [logits], (g) => {
    for (let i = 0; i < shares.length; i++) {
      const hit = i % classes === labels[Math.floor(i / classes)] ? 1 : 0;
      logits.gradient[i]! += g[0]! * (shares[i]! - hit);
    }
  });
}

/** Fills the gradients of everything a single number was made from. */
export function backward(loss: Value): void {
  if (loss.values.length !== 1) throw new Error(`a loss is one number, got ${loss.values.length}`);
  const order: Value[] = [];
  const seen = new Set<Value>();
  const visit = (value: Value): void => {
    if (seen.has(value)) return;
    seen.add(value);
    for (const before of value.from) visit(before);
    order.push(value);
  };
  visit(loss);
  for (const value of order) value.gradient.fill(0);
  loss.gradient[0] = 1;
  for (const value of order.reverse()) value.pull();
}

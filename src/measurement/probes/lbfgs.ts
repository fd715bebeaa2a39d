/**
 * L-BFGS (Nocedal and Wright, Numerical Optimization, 7.2): minimises a smooth function of many numbers from its gradients alone. The direction is -H g, H from the newest pairs
 * (s: step, y: change of the gradient) by the two-loop recursion, begun with (s y / y y) 1; the step is halved until the function falls by at least 1e-4 of what the slope promises.
 * Of our own, as it has to give the same bytes everywhere.
 */

/** Pairs (s, y) kept. */
const PAIRS = 10;
const ENOUGH = 1e-4;
const HALVINGS = 30;

export interface MinimiseOptions {
  /** Iterations at most. Default 200. */
  readonly iterations?: number;
  /** Ends where the gradient's length is at most this share of the first one's. Default 1e-4. */
  readonly tolerance?: number;
}

export interface Minimum {
  readonly x: Float64Array;
  readonly value: number;
  readonly iterations: number;
  /** Whether the gradient fell to the tolerance; else the iterations ended, or no step made the function smaller. */
  readonly converged: boolean;
}

/**
 * @param evaluate value at x; fills `gradient`
 * @param start left as it is
 * @example
 * minimise((x, g) => { g[0] = 2 * (x[0]! - 3); return (x[0]! - 3) ** 2; }, Float64Array.of(0)).x; // 3
 */
export function minimise(
  evaluate: (x: Float64Array, gradient: Float64Array) => number,
  start: Float64Array,
  options: MinimiseOptions = {},
): Minimum {
  const { iterations = 200, tolerance = 1e-4 } = options;
  let x = start.slice();
  let gradient = new Float64Array(x.length);
  let value = evaluate(x, gradient);
  const goal = tolerance * norm(gradient);
  const pairs: Pair[] = [];
  for (let iteration = 0; ; iteration++) {
    const converged = norm(gradient) <= goal;
    if (converged || iteration === iterations) return { x, value, iterations: iteration, converged };
    const direction = descent(gradient, pairs);
    const slope = dot(direction, gradient);
    const next = new Float64Array(x.length);
    const nextGradient = new Float64Array(x.length);
    let nextValue = Number.POSITIVE_INFINITY;
    // The first direction has a length of no meaning.
    let rate = pairs.length === 0 ? 1 / norm(gradient) : 1;
    for (let halved = 0; halved <= HALVINGS && !(nextValue <= value + ENOUGH * rate * slope); halved++) {
      if (halved > 0) rate /= 2;
      for (let i = 0; i < x.length; i++) next[i] = x[i]! + rate * direction[i]!;
      nextValue = evaluate(next, nextGradient);
    }
    if (!(nextValue < value)) return { x, value, iterations: iteration, converged: false };
    const s = next.map((entry, i) => entry - x[i]!);
    const y = nextGradient.map((entry, i) => entry - gradient[i]!);
    const sy = dot(s, y);
    // A pair without curvature, as rounding may leave it, would turn the direction uphill.
    if (sy > Number.EPSILON * dot(y, y)) pairs.push({ s, y, sy });
    if (pairs.length > PAIRS) pairs.shift();
    [x, value, gradient] = [next, nextValue, nextGradient];
  }
}

interface Pair {
  readonly s: Float64Array;
  readonly y: Float64Array;
  readonly sy: number;
}

/** -H g by the two-loop recursion. */
function descent(gradient: Float64Array, pairs: readonly Pair[]): Float64Array {
  const q = gradient.slice();
  const along = pairs.map(() => 0);
  for (let k = pairs.length - 1; k >= 0; k--) {
    const { s, y, sy } = pairs[k]!;
    along[k] = dot(s, q) / sy;
    add(q, -along[k]!, y);
  }
  const newest = pairs.at(-1);
  const scale = newest ? newest.sy / dot(newest.y, newest.y) : 1;
  for (let i = 0; i < q.length; i++) q[i]! *= -scale;
  for (const [k, { s, y, sy }] of pairs.entries()) add(q, -along[k]! - dot(y, q) / sy, s);
  return q;
}

/** x += factor y. */
function add(x: Float64Array, factor: number, y: Float64Array): void {
  for (let i = 0; i < x.length; i++) x[i]! += factor * y[i]!;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

const norm = (a: Float64Array) => Math.sqrt(dot(a, a));

import { exponential, logarithm, placeOfLargest } from "../engine/elementary.ts";

import { multiply } from "../engine/matrix.ts";
import type { Address, Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import type { AffinityKind } from "../losses/infonce.ts";

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

// Multinomial logistic regression on all images at once, by L-BFGS:
//
// L(W, b) = 1/N sum over images of -ln softmax(W x + b)_label + decay/2 |W|^2
// dL/dW = 1/N sum of (p - onehot) x^T + decay W        dL/db = 1/N sum of (p - onehot)
//
// The loss is convex, so what is found does not hang on where it began (zeros). The two large products run on the engine, in float32; the rest is float64.

/** Rows x to be told apart: `images` of `width` floats, `stride` apart, in the engine's memory. */
export interface RegressionRows {
  readonly at: Address;
  readonly stride: number;
  readonly width: number;
  /** One an image. */
  readonly labels: ArrayLike<number>;
}

export interface Regression {
  /** [class][feature]. */
  readonly weights: Float64Array;
  readonly bias: Float64Array;
  /** Share of right decisions on the rows it was fitted to, 0..1. */
  readonly accuracy: number;
  readonly loss: number;
  readonly iterations: number;
  readonly converged: boolean;
}

export interface RegressionOptions extends MinimiseOptions {
  /** Weight of |W|^2 / 2; biases are free. */
  readonly decay: number;
}

/** The engine's memory of a regression: a larger fit than it was made for does not fit. */
export class SoftmaxRegression {
  readonly #team: Team;
  readonly #classes: number;
  readonly #weights: Region<Float32Array>;
  readonly #bias: Region<Float32Array>;
  readonly #gradient: Region<Float32Array>;
  readonly #scores: Region<Float32Array>;

  /** Room for `images` rows of up to `width` features. */
  constructor(team: Team, { images, width, classes }: { images: number; width: number; classes: number }) {
    this.#team = team;
    this.#classes = classes;
    this.#weights = team.arena.f32(classes * width);
    this.#bias = team.arena.f32(classes);
    this.#gradient = team.arena.f32(classes * width);
    this.#scores = team.arena.f32(images * classes);
  }

  /**
   * L at `parameters` ([class][feature], then a bias a class), and its gradient.
   *
   * @param gradient overwritten
   */
  loss(rows: RegressionRows, decay: number, parameters: Float64Array, gradient: Float64Array): number {
    const { width, labels } = rows;
    const images = labels.length;
    const size = this.#classes * width;
    this.#score(rows, parameters);
    const scores = this.#scores.view;
    let loss = 0;
    gradient.fill(0, size);
    for (let i = 0, at = 0; i < images; i++, at += this.#classes) loss += this.#residuals(at, labels[i]!);
    for (let at = 0; at < images * this.#classes; at++) {
      gradient[size + (at % this.#classes)]! += scores[at]! / images;
    }
    const { at, stride } = rows;
    multiply(this.#team, {
      ...{ rows: this.#classes, columns: width, depth: images, transposed: "a", scale: 1 / images },
      a: { at: this.#scores.at, stride: this.#classes },
      b: { at, stride },
      c: { at: this.#gradient.at, stride: width },
    });
    let squares = 0;
    for (let k = 0; k < size; k++) {
      const weight = parameters[k]!;
      gradient[k] = this.#gradient.view[k]! + decay * weight;
      squares += weight * weight;
    }
    return loss / images + (decay / 2) * squares;
  }

  /** W x + b of all rows, to the scores. */
  #score({ at, stride, width, labels }: RegressionRows, parameters: Float64Array): void {
    const size = this.#classes * width;
    this.#weights.view.set(parameters.subarray(0, size));
    this.#bias.view.set(parameters.subarray(size));
    multiply(this.#team, {
      ...{ rows: labels.length, columns: this.#classes, depth: width, transposed: "b", base: this.#bias.at },
      a: { at, stride },
      b: { at: this.#weights.at, stride: width },
      c: { at: this.#scores.at, stride: this.#classes },
    });
  }

  /** Scores at `at` become p - onehot; returns -ln p of the label. */
  #residuals(at: number, label: number): number {
    const scores = this.#scores.view;
    const end = at + this.#classes;
    let largest = scores[at]!;
    for (let k = at + 1; k < end; k++) largest = Math.max(largest, scores[k]!);
    const own = scores[at + label]! - largest;
    let sum = 0;
    for (let k = at; k < end; k++) {
      const share = exponential(scores[k]! - largest);
      scores[k] = share;
      sum += share;
    }
    for (let k = at; k < end; k++) scores[k]! /= sum;
    scores[at + label]! -= 1;
    return logarithm(sum) - own;
  }

  /** @example new SoftmaxRegression(team, { images, width, classes }).fit({ at: x.at, stride: width, width, labels }, { decay: 0.01 }).accuracy; */
  fit(rows: RegressionRows, options: RegressionOptions): Regression {
    const size = this.#classes * rows.width;
    const found = minimise(
      (parameters, gradient) => this.loss(rows, options.decay, parameters, gradient),
      new Float64Array(size + this.#classes),
      options,
    );
    const { x, value, iterations, converged } = found;
    return {
      weights: x.slice(0, size),
      bias: x.slice(size),
      accuracy: this.#accuracy(rows, x),
      loss: value,
      iterations,
      converged,
    };
  }

  #accuracy(rows: RegressionRows, parameters: Float64Array): number {
    const images = rows.labels.length;
    this.#score(rows, parameters);
    let right = 0;
    for (let i = 0; i < images; i++) {
      if (placeOfLargest(this.#scores.view, i * this.#classes, this.#classes) === rows.labels[i]) right++;
    }
    return right / images;
  }
}

// Rows of features in the engine's memory, each feature less its mean and over its standard deviation: a probe's penalty then weighs all alike.

/** Deviations below this share of a feature's mean are float32's rounding. */
const ROUNDING = 1e-6;

/** What was taken away and divided by: x' = (x - mean) scale. */
export interface Standardised {
  readonly mean: Float64Array;
  /** 1 / standard deviation; 0 for a feature that is the same in all rows. */
  readonly scale: Float64Array;
}

/** Standardises `count` rows of `width` floats in place. */
export function standardise({ view }: Region<Float32Array>, count: number, width: number): Standardised {
  const mean = new Float64Array(width);
  const squares = new Float64Array(width);
  for (let r = 0, at = 0; r < count; r++) for (let f = 0; f < width; f++, at++) mean[f]! += view[at]! / count;
  for (let r = 0, at = 0; r < count; r++)
    for (let f = 0; f < width; f++, at++) squares[f]! += (view[at]! - mean[f]!) ** 2 / count;
  const scale = squares.map((square, f) => {
    const deviation = Math.sqrt(square);
    return deviation > ROUNDING * Math.abs(mean[f]!) ? 1 / deviation : 0;
  });
  for (let r = 0, at = 0; r < count; r++)
    for (let f = 0; f < width; f++, at++) view[at] = (view[at]! - mean[f]!) * scale[f]!;
  return { mean, scale };
}

/**
 * Decisions by the largest of linear scores, offset_c + sum over f of x_f weight_fc: what a linear probe decides, and what the nearest of some prototypes by centred cosine is, or by centred
 * product. cos(x - m, p_c) with unit p_c has the same length of x - m for every class, so the largest (x - m) p_c is the class.
 */

export class LinearDecision {
  /** [feature][class]: most features of a spiking stage are 0, and their rows are passed over. */
  readonly #weights: Float64Array;
  readonly #offsets: Float64Array;
  readonly #scores: Float64Array;

  /**
   * @param rows weights, [class][feature]
   * @param offsets one a class; minus infinity for a class that is never to be decided for
   * @example
   * new LinearDecision(Float64Array.of(1, 0, 0, 1), Float64Array.of(0, 0)).classOf(Float64Array.of(0, 2)); // 1
   */
  constructor(rows: Float64Array, offsets: Float64Array) {
    const classes = offsets.length;
    const width = rows.length / classes;
    this.#weights = Float64Array.from(rows, (_, i) => rows[(i % classes) * width + Math.floor(i / classes)]!);
    this.#offsets = offsets;
    this.#scores = new Float64Array(classes);
  }

  /** The class with the largest score, the first of several; -1 where no class can be decided for. */
  classOf(features: Float64Array): number {
    const scores = this.#scores;
    scores.set(this.#offsets);
    const classes = scores.length;
    for (let f = 0, at = 0; f < features.length; f++, at += classes) {
      const x = features[f]!;
      if (x === 0) continue;
      for (let c = 0; c < classes; c++) scores[c]! += x * this.#weights[at + c]!;
    }
    let best = -1;
    let most = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < classes; c++) if (scores[c]! > most) [best, most] = [c, scores[c]!];
    return best;
  }
}

/**
 * The class of the prototype with the largest cosine, or dot product, both sides centred: features less `mean`, prototypes less their own mean over the classes. A prototype that is its mean
 * decides for nothing.
 *
 * @param prototypes [class][feature], of the classes that `present` names (default: all); the others have none
 * @param mean what is taken from the features
 * @param options.affinity by what the nearest is told; default cosines
 * @example
 * nearestPrototype(Float64Array.of(1, 0, 0, 1), Float64Array.of(0.5, 0.5)).classOf(Float64Array.of(0, 1)); // 1
 */
export function nearestPrototype(
  prototypes: Float64Array,
  mean: Float64Array,
  options: { readonly present?: readonly boolean[]; readonly affinity?: AffinityKind } = {},
): LinearDecision {
  const width = mean.length;
  const { present = Array.from({ length: prototypes.length / width }, () => true), affinity = "cosines" } = options;
  const count = present.filter(Boolean).length;
  const rows = new Float64Array(prototypes.length);
  const offsets = new Float64Array(present.length).fill(Number.NEGATIVE_INFINITY);
  const own = new Float64Array(width);
  for (const [c, there] of present.entries())
    if (there) for (let f = 0; f < width; f++) own[f]! += prototypes[c * width + f]! / count;
  for (const [c, there] of present.entries()) {
    if (!there) continue;
    const row = rows.subarray(c * width, (c + 1) * width);
    let [squares, size] = [0, 0];
    for (let f = 0; f < width; f++) {
      const value = prototypes[c * width + f]!;
      row[f] = value - own[f]!;
      squares += row[f]! ** 2;
      size += value ** 2;
    }
    // What rounding leaves of a prototype that is its mean has no direction.
    if (squares <= width * Number.EPSILON ** 2 * size) continue;
    const length = affinity === "dots" ? 1 : Math.sqrt(squares);
    let along = 0;
    for (let f = 0; f < width; f++) {
      row[f]! /= length;
      along += row[f]! * mean[f]!;
    }
    offsets[c] = -along;
  }
  return new LinearDecision(rows, offsets);
}

/**
 * Multinomial logistic regression on all images at once, by L-BFGS:
 *
 *   L(W, b) = 1/N sum over images of -ln softmax(W x + b)_label + decay/2 |W|^2
 *   dL/dW = 1/N sum of (p - onehot) x^T + decay W        dL/db = 1/N sum of (p - onehot)
 *
 * The loss is convex, so what is found does not hang on where it began (zeros). The two large products run on the engine, in float32; the rest is float64.
 */
import { exponential, logarithm } from "../../engine/elementary.ts";
import { placeOfLargest } from "../../engine/largest.ts";
import { multiply } from "../../engine/matrix.ts";
import type { Address, Region } from "../../engine/memory.ts";
import type { Team } from "../../engine/team.ts";
import { type MinimiseOptions, minimise } from "./lbfgs.ts";

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

/**
 * AdamW (Loshchilov and Hutter 2019) over parameter groups, with gradient clipping a group.
 *
 * A group is one network's half of a stage, so clipping by its own norm is a local operation; `global` clipping, for comparison with
 * backprop recipes, needs the norm of all groups first.
 */

import { BLOCK } from "../engine/kernels.ts";
import type { Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import type { ParameterGroup } from "../nets/parameters.ts";

/** What the optimiser is told. */
export interface OptimiserOptions {
  /** Decoupled weight decay: each step takes rate x weightDecay of every parameter away. */
  readonly weightDecay: number;
  /** Largest L2 norm of a gradient; 0 switches clipping off. */
  readonly clip: number;
  /** stage: a group is clipped by its own norm. global: all by the norm of all. */
  readonly clipScope: "stage" | "global";
}

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/**
 * AdamW (Loshchilov and Hutter 2019; betas 0.9 and 0.999, epsilon 1e-8) over groups of parameters, with clipping a group or over all. A group is one network's half of a stage.
 *
 * @example
 * const groups = pair.layers.map(({ group }) => group);
 * const optimiser = new AdamW(team, { weightDecay: 0.01, clip: 1, clipScope: "stage" }, groups);
 * optimiser.begin();
 * for (const group of groups) optimiser.update(group, 3e-3); // once its gradients are there
 * optimiser.finish();
 */
export class AdamW {
  /** Steps taken; part of a checkpoint. */
  steps = 0;
  readonly #team: Team;
  readonly #options: OptimiserOptions;
  readonly #partial: Region<Float64Array>;
  /** Updates put off until the norm of all gradients is known. */
  readonly #waiting: { group: ParameterGroup; rate: number; square: number }[] = [];

  /** @throws BispikeError "usage" for a global clip of groups that share room for their gradients */
  constructor(team: Team, options: OptimiserOptions, groups: readonly ParameterGroup[]) {
    this.#team = team;
    this.#options = options;
    if (options.clip > 0 && options.clipScope === "global" && sharesGradients(groups)) {
      throw new BispikeError(
        "usage",
        "clipping by the norm of all gradients needs them all at once, but these layers share one room for theirs: build the pair with keepGradients true",
      );
    }
    this.#partial = team.arena.f64(Math.max(...groups.map((group) => Math.ceil(group.length / BLOCK))));
  }

  /** Begins a step: updates until `finish` belong to it. */
  begin(): void {
    this.steps++;
    this.#waiting.length = 0;
  }

  /**
   * Updates a group from its gradients; at once where clipping is per stage. A rate of 0 leaves the group as it is.
   *
   * @throws BispikeError "training" when a gradient is no longer finite
   */
  update(group: ParameterGroup, rate: number): void {
    const { clip, clipScope } = this.#options;
    // Asked for where nothing is clipped, too: a gradient that is no number would be found in the weights, a step too late.
    const square = this.#squaredNorm(group);
    if (!Number.isFinite(square)) {
      throw new BispikeError(
        "training",
        `${group.name}: the gradient is no longer a finite number at step ${this.steps}; lower train.learningRate`,
      );
    }
    if (rate === 0) return;
    if (clip > 0 && clipScope === "global") this.#waiting.push({ group, rate, square });
    else this.#apply(group, rate, square);
  }

  /** Ends a step: applies what waited for the global norm. */
  finish(): void {
    const total = this.#waiting.reduce((sum, { square }) => sum + square, 0);
    for (const { group, rate } of this.#waiting) this.#apply(group, rate, total);
    this.#waiting.length = 0;
  }

  #squaredNorm(group: ParameterGroup): number {
    const blocks = Math.ceil(group.length / BLOCK);
    this.#team.run("sumSquares", blocks, { length: group.length, x: group.gradients.at, out: this.#partial.at });
    let sum = 0;
    for (let i = 0; i < blocks; i++) sum += this.#partial.view[i]!;
    return sum;
  }

  #apply(group: ParameterGroup, rate: number, square: number): void {
    const { clip, weightDecay } = this.#options;
    // PyTorch's clip_grad_norm_ divides by norm + 1e-6.
    const scale = clip > 0 ? Math.min(1, clip / (Math.sqrt(square) + 1e-6)) : 1;
    const correction1 = 1 - integerPower(BETA1, this.steps);
    const correction2 = 1 - integerPower(BETA2, this.steps);
    this.#team.run("adamw", Math.ceil(group.length / BLOCK), {
      length: group.length,
      clip: scale,
      decay: 1 - rate * weightDecay,
      beta1: BETA1,
      rest1: 1 - BETA1,
      beta2: BETA2,
      rest2: 1 - BETA2,
      stepSize: (rate * Math.sqrt(correction2)) / correction1,
      eps: EPSILON * Math.sqrt(correction2),
      parameters: group.parameters.at,
      gradients: group.gradients.at,
      firstMoment: group.firstMoment.at,
      secondMoment: group.secondMoment.at,
    });
  }
}

function sharesGradients(groups: readonly ParameterGroup[]): boolean {
  return new Set(groups.map((group) => group.gradients.at)).size < groups.length;
}

/** x^n by repeated squaring: engines may differ in the last digit of `**`. */
function integerPower(x: number, n: number): number {
  let result = 1;
  for (let base = x, rest = n; rest > 0; rest = Math.floor(rest / 2), base *= base) if (rest % 2 === 1) result *= base;
  return result;
}

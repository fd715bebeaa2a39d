/** What a step of learning left in a group of parameters, against the float64 gradient: gradients, AdamW's moments and the parameters. */
import { expect } from "vitest";
import type { Layer } from "../../src/nets/layer.ts";
import type { OptimiserOptions } from "../../src/rules/optimiser.ts";
import { adamwDefaults, adamwStep } from "../reference/adamw.ts";
import { largest } from "../reference/autoencoder-rounding.ts";
import type { BlockGradients } from "../reference/block.ts";
import { worstGap } from "../reference/close.ts";
import { arraysOf } from "./autoencoder-twin.ts";

export type Arrays = Map<string, Float64Array>;
export interface State {
  readonly parameters: Arrays;
  readonly first: Arrays;
  readonly second: Arrays;
}

export const stateOf = (layer: Layer): State => ({
  parameters: arraysOf(layer, "parameters"),
  first: arraysOf(layer, "firstMoment"),
  second: arraysOf(layer, "secondMoment"),
});

/** What is learned of a step: a layer's arrays or its read-out's. */
export interface Learned {
  readonly name: string;
  readonly rate: number;
  readonly gradients: Arrays;
  readonly before: State;
  readonly now: () => State;
  /** What the engine left as the gradient; a read-out shows it in its first moment alone. */
  readonly found?: () => Arrays;
  /** Share of the gradient's scale that float32 may be wrong by. */
  readonly tolerance: number;
  /** Size of the terms that cancel in the gradient, at least. */
  readonly floor: number;
}

export const gradientsOf = (layer: Layer, gradients: BlockGradients): Arrays =>
  new Map([...arraysOf(layer, "parameters").keys()].map((name) => [name, gradients[name]!]));

function clipFactor(learned: readonly { gradients: Arrays }[], clip: number): number {
  if (clip === 0) return 1;
  const squares = learned.flatMap(({ gradients }) =>
    [...gradients.values()].map((g) => g.reduce((s, x) => s + x * x, 0)),
  );
  return Math.min(1, clip / (Math.sqrt(squares.reduce((a, b) => a + b, 0)) + 1e-6));
}

function updated(
  before: State,
  name: string,
  gradient: Float64Array,
  clip: number,
  rate: number,
  weightDecay: number,
  step: number,
) {
  const state = {
    parameter: before.parameters.get(name)!,
    first: before.first.get(name)!,
    second: before.second.get(name)!,
    step,
  };
  return adamwStep(
    state,
    gradient.map((g) => g * clip),
    { ...adamwDefaults, learningRate: rate, weightDecay },
  );
}

/** Gradients, moments and parameters after AdamW's step, with the gradient clipped by the group's own norm or by all groups'. `seen`: steps of AdamW before. */
export function expectUpdates(
  all: readonly Learned[],
  { clip, clipScope, weightDecay }: OptimiserOptions,
  seen: number,
): void {
  const learning = all.filter(({ rate }) => rate > 0);
  for (const one of all) {
    const now = one.now();
    if (one.rate === 0) {
      expect(now, `${one.name}, which does not learn`).toEqual(one.before);
      continue;
    }
    // The size of a group's whole gradient, or of the terms that cancel in it: it is known no better.
    const scale = Math.max(one.floor, largest(one.gradients.values()));
    const found = one.found?.();
    const share = clipFactor(clipScope === "global" ? learning : [one], clip);
    for (const [name, gradient] of one.gradients) {
      if (found)
        expect(worstGap(found.get(name)!, gradient).gap / scale, `gradient of ${one.name}.${name}`).toBeLessThan(
          one.tolerance,
        );
      const after = updated(one.before, name, gradient, share, one.rate, weightDecay, seen);
      // Of all groups' norm the worst known may be the largest part.
      const doubt = clipScope === "global" ? Math.max(...learning.map(({ tolerance }) => tolerance)) : one.tolerance;
      const gap = (of: Arrays, expected: Float64Array) => worstGap(of.get(name)!, expected).gap;
      expect(gap(now.parameters, after.parameter), `update of ${one.name}.${name}`).toBeLessThan(
        one.rate * (1e-3 + 20 * doubt * scale * share),
      );
      expect(gap(now.first, after.first), `first moment of ${one.name}.${name}`).toBeLessThan(
        1e-7 + doubt * scale * share,
      );
      expect(gap(now.second, after.second), `second moment of ${one.name}.${name}`).toBeLessThan(
        1e-8 + doubt * (scale * share) ** 2,
      );
    }
  }
}

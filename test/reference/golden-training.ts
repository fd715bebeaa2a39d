/** The float64 reference trained on a golden case: ten AdamW steps with the method's own rule for silent rows (they learn nothing). */
import type { GoldenState } from "../golden/golden.ts";
import { type AdamwState, adamwStart, adamwStep } from "./adamw.ts";
import { type BsdOptions, bsdStep } from "./bsd-reference.ts";
import { goldenOptions, goldenPair, namedGradients } from "./golden-pair.ts";

export interface GoldenTraining {
  /** Losses of stages 1..L before each step; the last is the top's. */
  readonly losses: readonly (readonly number[])[];
  /** Parameters by golden name after all steps. */
  readonly parameters: ReadonlyMap<string, Float64Array>;
}

/**
 * @param changes options that are not the case's
 * @example
 * trainGolden(loadGolden("mlp-reco-masked"), 10).losses[0];
 */
export function trainGolden(state: GoldenState, steps: number, changes: Partial<BsdOptions> = {}): GoldenTraining {
  const options = { ...goldenOptions(state.case), ...changes };
  const start = Object.entries(state.initial).map(([name, { data }]): [string, AdamwState] => [
    name,
    adamwStart(Float64Array.from(data)),
  ]);
  let states = new Map(start);
  const parametersOf = () => new Map([...states].map(([name, { parameter }]) => [name, parameter]));
  const losses: number[][] = [];
  for (let i = 0; i < steps; i++) {
    const pair = goldenPair(state.case, parametersOf());
    const step = bsdStep(pair, Float64Array.from(state.stimulus.data), state.labels, options);
    losses.push([...step.stageLosses, step.topLoss]);
    const gradients = namedGradients(state.case, step.gradients);
    states = new Map([...states].map(([name, s]) => [name, adamwStep(s, gradients.get(name)!)]));
  }
  return { losses, parameters: parametersOf() };
}

/** What a run's summary says of its observations. */
import type { Observation } from "../../training/observation.ts";

/** Keys name stages (`stage2`) or the stages that weights join (`stages1to2`); what could not be measured is left out. */
export interface ObservedSummary {
  /** Degrees between the rule's and backprop's gradients: mean over the observed steps, and at the last of them. */
  readonly meanAngle: Readonly<Record<string, number>>;
  readonly lastAngle: Readonly<Record<string, number>>;
  /** Cosine of weights up and the transpose of those down, before the last observed step. */
  readonly lastAlignment: Readonly<Record<string, number>>;
}

/**
 * @param observations in order, at least one
 * @example
 * observedSummary(readObservations(file)).meanAngle.stage2; // 62.4
 */
export function observedSummary(observations: readonly Observation[]): ObservedSummary {
  const last = observations.at(-1)!;
  const stages = last.gradients.map(({ stage }) => stage);
  const meanAngle = stages.map((stage, k) => {
    const degrees = observations.flatMap(({ gradients }) => gradients[k]?.degrees ?? []);
    const sum = degrees.reduce((total, angle) => total + angle, 0);
    return [`stage${stage}`, degrees.length > 0 ? sum / degrees.length : null] as const;
  });
  const lastAngle = last.gradients.map(({ stage, degrees }) => [`stage${stage}`, degrees] as const);
  const weights = last.weights.map(({ between: [below, above], cosine }) => {
    return [`stages${below}to${above}`, cosine] as const;
  });
  return { meanAngle: known(meanAngle), lastAngle: known(lastAngle), lastAlignment: known(weights) };
}

function known(entries: readonly (readonly [string, number | null])[]): Record<string, number> {
  return Object.fromEntries(entries.filter((entry): entry is readonly [string, number] => entry[1] !== null));
}

/** What a file says of itself: for programs in pairs of text, for a person in a few sentences. */

import { type ImageModel, Model } from "../../network/model.ts";
import { CONCEPT_THRESHOLD } from "../../network/neuron.ts";
import type { OnnxMode } from "./options.ts";

export interface GraphFacts {
  readonly network: "perception" | "recall";
  readonly mode: OnnxMode;
  readonly states?: Readonly<Record<string, string>>;
  /** Pairs of whoever exports. */
  readonly more?: Readonly<Record<string, string>> | undefined;
}

/** Keys begin with "bispike."; lists and objects are JSON. */
export function metadataOf(
  model: ImageModel,
  { network, mode, states = {}, more }: GraphFacts,
): Record<string, string> {
  const { name, classNames, statistics } = model.data;
  const facts: Record<string, unknown> = { network, data: name, classes: classNames, pixels: statistics };
  if (model instanceof Model) {
    const { steps, tau, threshold, stimulus, target } = model.pair.options;
    const thresholds = { ...threshold, concept: threshold.concept ?? CONCEPT_THRESHOLD };
    Object.assign(facts, {
      mode,
      steps,
      tau,
      threshold: thresholds,
      comparison: ">=",
      reset: "to 0",
      stimulus,
      target,
      states,
    });
  } else facts.neurons = "real numbers";
  const own = Object.fromEntries(
    Object.entries(facts).map(([key, value]) => [
      `bispike.${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
  return { ...more, ...own };
}

export function descriptionOf(model: ImageModel, { network, mode }: GraphFacts): string {
  const { name, classNames } = model.data;
  const what =
    network === "perception"
      ? `Perception: names the class of an image, one of ${classNames.length}`
      : "Recall: redraws the stimulus of a class";
  if (!(model instanceof Model)) return `${what} (${name}). A net of real numbers. Written by bispike.`;
  const { steps } = model.pair.options;
  const how =
    mode === "unrolled"
      ? `all ${steps} time steps in one run`
      : `one time step a run: give each output NAME.next as input NAME of the next, zeros at a sample's start, ${steps} runs a sample`;
  return `${what} (${name}). Leaky integrate-and-fire neurons with hard reset, ${how}; norm of evaluation folded into the weights. Written by bispike.`;
}

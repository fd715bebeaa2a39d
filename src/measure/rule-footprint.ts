/**
 * What a rule on images keeps in memory, network by network: all that it needs while it trains, and what is left in use. Counted are parameters (the norms' running statistics are
 * buffers); gradients and the optimiser's moments, twice to three times as much again, are not.
 *
 *   feedback      feedback-alignment   a fixed random matrix in place of each transpose, of the stages above the first
 *                 direct-feedback-alignment   one from the classes to each hidden stage      dll   the learned Theta, of the shapes of feedback-alignment's
 *                 bsd                  with learned error weights: they, of those shapes too; else nothing
 *                 ccl, bsd-ann        the feedback net
 *   classifiers   local-losses         a linear classifier a hidden stage, thrown away at the end
 */

import type { LayeredNet } from "../nets/layered-net.ts";
import { NetworkPair } from "../nets/pair.ts";
import { sizeOf } from "../nets/shape.ts";
import type { ErrorWeights } from "../rules/error-weights.ts";
import type { AnyRuleName } from "../training/rule-names.ts";
import { feedbackNet } from "./feedback-net.ts";
import { type AnyLayer, addFootprints, type Footprint, footprint, footprintOf } from "./footprint.ts";

/** By network; zeros for what a rule does without. */
export interface RuleFootprint {
  readonly perception: Footprint;
  readonly recall: Footprint;
  /** Weights that errors or targets come down by. */
  readonly feedback: Footprint;
  /** Of local losses, thrown away at the end. */
  readonly classifiers: Footprint;
  /** What naming an image takes: perception's. A recall network is kept too, and draws. */
  readonly inference: Footprint;
  /** All of the first four. */
  readonly training: Footprint;
}

/**
 * What a rule on images keeps in memory, network by network: all that it needs while it trains, and what is left in use. Gradients and the optimiser's moments are not counted.
 *
 * @param reaching of rule bsd: how far its errors go, and by what. Default nowhere
 * @example
 * ruleFootprint(model.pair, "feedback-alignment").training.parameters; // perception's and the fixed matrices'
 */
export function ruleFootprint(
  net: NetworkPair | LayeredNet,
  rule: AnyRuleName,
  { errorDepth, errorWeights }: { readonly errorDepth: number; readonly errorWeights: ErrorWeights } = {
    errorDepth: 0,
    errorWeights: "recall",
  },
): RuleFootprint {
  const layers: readonly AnyLayer[] = net.perception;
  const perception = footprintOf(layers);
  const recall = footprintOf(net.recall);
  const isLearned = rule === "bsd" && errorDepth > 0 && errorWeights === "learned";
  const feedback = footprintOfFeedback(net, layers, isLearned ? "feedback-alignment" : rule);
  const classifiers = rule === "local-losses" && net instanceof NetworkPair ? classifiersOf(net) : footprint(0);
  const training = addFootprints([perception, recall, feedback, classifiers]);
  return { perception, recall, feedback, classifiers, inference: perception, training };
}

/** The parameters of each. @example parametersOf(ruleFootprint(net, "dll")).feedback */
export function parametersOf(footprints: RuleFootprint): Readonly<Record<keyof RuleFootprint, number>> {
  const entries = Object.entries(footprints).map(([key, { parameters }]) => [key, parameters]);
  return Object.fromEntries(entries) as Record<keyof RuleFootprint, number>;
}

function footprintOfFeedback(net: NetworkPair | LayeredNet, layers: readonly AnyLayer[], rule: AnyRuleName): Footprint {
  const weights = ({ synapses }: AnyLayer) => synapses.plainShape("weight").reduce((a, b) => a * b, 1);
  const sum = (list: readonly AnyLayer[], of: (layer: AnyLayer) => number) =>
    footprint(list.reduce((total, layer) => total + of(layer), 0));
  switch (rule) {
    case "feedback-alignment":
    case "dll":
      return sum(layers.slice(1), weights);
    case "direct-feedback-alignment": {
      const classes = sizeOf(layers.at(-1)!.synapses.shape);
      return sum(layers.slice(0, -1), ({ synapses }) => sizeOf(synapses.shape) * classes);
    }
    case "ccl":
    case "bsd-ann":
      return net instanceof NetworkPair ? footprint(0) : feedbackNet(net).footprint;
    default:
      return footprint(0);
  }
}

function classifiersOf({ perception, target }: NetworkPair): Footprint {
  const sizes = perception
    .slice(0, -1)
    .map(({ cellCount, synapses }) => footprint(target.classes * (cellCount * synapses.shape.channels + 1)));
  return addFootprints(sizes);
}

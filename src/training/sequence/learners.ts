/** The net and rule that a configuration of a sequence experiment describes. */
import type { ElementKind, SequenceSummary } from "../../data/sequence/task.ts";

import type { Team } from "../../engine/team.ts";
import { RecurrentNet } from "../../network/dense-recurrent-net.ts";
import { SequencePair } from "../../network/sequence-pair.ts";
import { SequenceBsd } from "../../problems/sequence-ends.ts";
import { AnnBackprop, SequenceBackprop } from "../../rules/backprop.ts";
import { Dll } from "../../rules/dll.ts";
import { PredictiveCoding } from "../../rules/predictive-coding.ts";
import type { SequenceLearner } from "../../rules/rule.ts";
import type { SequenceConfig } from "./config.ts";

/** What stands at each position, below and above the net. */
export function elementKinds(about: SequenceSummary): { inputs: ElementKind; targets: ElementKind } {
  if (about.kind === "text") {
    const characters = { kind: "symbols", width: about.alphabet.length } as const;
    return { inputs: characters, targets: characters };
  }
  return {
    inputs: { kind: "values", width: about.inputs.length },
    targets: { kind: "values", width: about.targets.length },
  };
}

/**
 * Recurrent networks with their rule, untrained, for windows of `data.window` positions, up to `train.batch` at once.
 *
 * @example
 * const learner = createSequenceLearner(team, config, checkpoint.data);
 * learner.load(set, windowStarts(set.parts.test, 32, 32), 0, 8);
 * learner.predict(); // [position][row][stride]
 */
export function createSequenceLearner(team: Team, config: SequenceConfig, about: SequenceSummary): SequenceLearner {
  const { network, rule, train, data } = config;
  const { weightDecay, clip, clipScope, seed } = train;
  const optimiser = { weightDecay, clip, clipScope };
  const sizes = { ...elementKinds(about), window: data.window, maxRows: train.batch, seed };
  switch (rule.name) {
    case "bsd":
      return new SequenceBsd(new SequencePair(team, { ...network, ...sizes }), rule, optimiser);
    case "backprop":
      return new SequenceBackprop(new SequencePair(team, { ...network, ...sizes, perceptionOnly: true }), optimiser);
    default: {
      const net = new RecurrentNet(team, { hidden: network.hidden, ...sizes });
      if (rule.name === "backprop-ann") return new AnnBackprop(net, optimiser);
      if (rule.name === "predictive-coding") return new PredictiveCoding(net, rule.predictiveCoding, optimiser);
      const { feedbackLearningRate, errorLimit, temporalFeedback: temporal } = rule.dll;
      return new Dll(net, { feedbackLearningRate, errorLimit, temporal, seed }, optimiser);
    }
  }
}

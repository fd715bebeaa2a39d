/** Small nets under any rule for images on spiking nets, as `small-pair.ts` has them under BSD; everything follows from the options and a seed. */
import { Team } from "../../src/engine/team.ts";
import { NetworkPair, type PairOptions } from "../../src/nets/pair.ts";
import { spawnThread } from "../../src/node/threads.ts";
import type { Rule, StepReport } from "../../src/rules/rule.ts";
import {
  defaults,
  type ExperimentConfig,
  type RuleConfig,
  type SpikingRuleName,
  type TrainConfig,
} from "../../src/training/config.ts";
import { pairNeeds, spikingRule } from "../../src/training/nets-and-rules.ts";
import { classes, type Images, rates, smallShapes } from "./small-pair.ts";

export interface SmallRivalOptions {
  readonly name: SpikingRuleName;
  readonly kind: "mlp" | "cnn";
  readonly network?: Partial<PairOptions>;
  readonly rule?: Partial<RuleConfig>;
  readonly train?: Partial<TrainConfig>;
  readonly threads?: number;
}

export interface SmallRival {
  readonly team: Team;
  readonly pair: NetworkPair;
  readonly rule: Rule;
  readonly config: Pick<ExperimentConfig, "rule" | "train">;
  /** Shows images and learns from them. */
  step(images: Images, counter?: number): StepReport;
}

/** A pair as the rule asks for it, untrained. */
export function smallRivalPair(team: Team, { name, kind, network, rule }: SmallRivalOptions): NetworkPair {
  return new NetworkPair(team, {
    kind,
    ...smallShapes[kind],
    steps: 4,
    norm: true,
    tau: 2,
    threshold: { perception: 0.6, recall: 0.6 },
    stimulus: "direct",
    target: "one-hot",
    targetSize: 0,
    classes,
    maxImages: 6,
    seed: 11,
    ...pairNeeds(name, { ...defaults.rule, ...rule }),
    ...network,
  });
}

/** Puts images where the pair reads them. */
export function show(pair: NetworkPair, { values, ids }: Images): void {
  for (const [b, value] of values.entries()) pair.stimulus.view.set(value, b * pair.stimulusWidth);
  pair.imageIds.view.set(ids);
}

/** Close the team when done. */
export async function smallRival(options: SmallRivalOptions): Promise<SmallRival> {
  const team = await Team.create({ threads: options.threads ?? 1, spawn: spawnThread, maximumPages: 2048 });
  const pair = smallRivalPair(team, options);
  // All stages of r-stdp learn here, and clipping always acts unless a test says otherwise.
  const stdp = { ...defaults.rule.stdp, hidden: 0.5 };
  const config = {
    rule: { ...defaults.rule, stdp, name: options.name, ...options.rule },
    train: { ...defaults.train, clip: 0.01, ...options.train },
  };
  const rule = spikingRule(pair, { ...config, name: options.name });
  const step = (images: Images, counter = 0) => {
    show(pair, images);
    return rule.step({ labels: Uint16Array.from(images.labels), counter }, rates);
  };
  return { team, pair, rule, config, step };
}

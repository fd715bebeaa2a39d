/** Small pairs under the BSD rule, for what must hold of any pair; everything follows from the options and a seed. */
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { type NetworkOptions, NetworkPair, type PairOptions } from "../../src/nets/pair.ts";
import type { ParameterGroup } from "../../src/nets/parameters.ts";
import { sizeOf } from "../../src/nets/shape.ts";
import { spawnThread } from "../../src/node/threads.ts";
import { Bsd, type BsdOptions } from "../../src/problems/classify.ts";
import type { OptimiserOptions } from "../../src/rules/optimiser.ts";
import type { StepReport } from "../../src/rules/rule.ts";

export interface SmallOptions {
  readonly network: Partial<PairOptions> & Pick<NetworkOptions, "kind">;
  readonly rule?: Partial<BsdOptions>;
  readonly optimiser?: Partial<OptimiserOptions>;
  readonly threads?: number;
}

export interface SmallPair {
  readonly team: Team;
  readonly pair: NetworkPair;
  readonly rule: Bsd;
  /** Shows images and learns from them. */
  step(images: Images, counter?: number): StepReport;
}

/** Stimulus values in [0, 1) as [image][pixel * channels + channel], and what names them. */
export interface Images {
  readonly values: readonly Float32Array[];
  readonly labels: readonly number[];
  readonly ids: readonly number[];
}

export const classes = 3;

export const smallShapes = {
  mlp: { hidden: [21, 18, 17], image: { height: 1, width: 13, channels: 1 } },
  cnn: { hidden: [5, 18], image: { height: 8, width: 8, channels: 2 } },
} as const;

const ruleDefaults: BsdOptions = {
  features: "rate",
  centred: true,
  rivals: "prototypes",
  loss: "infonce",
  lambda: 0.6,
  temperature: 0.1,
  weight: 1,
  stimulusWeight: 1,
  top: "cross-entropy",
  homeostasis: { weight: 0, rate: 0 },
};

export const rates = { perception: 0.01, recall: 0.01 };

/** Close the team when done. */
export async function smallPair({ network, rule, optimiser, threads = 1 }: SmallOptions): Promise<SmallPair> {
  const team = await Team.create({ threads, spawn: spawnThread, maximumPages: 2048 });
  const pair = new NetworkPair(team, {
    ...smallShapes[network.kind],
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
    ...network,
  });
  const bsd = new Bsd(
    pair,
    { ...ruleDefaults, ...rule },
    { weightDecay: 0.01, clip: 0.01, clipScope: "stage", ...optimiser },
  );
  const step = ({ values, labels, ids }: Images, counter = 0) => {
    for (const [b, value] of values.entries()) pair.stimulus.view.set(value, b * pair.stimulusWidth);
    pair.imageIds.view.set(ids);
    return bsd.step({ labels: Uint16Array.from(labels), counter }, rates);
  };
  return { team, pair, rule: bsd, step };
}

/** `count` random images with labels drawn at random. */
export function randomImages(pair: NetworkPair, count: number, seed = 3): Images {
  const random = new RandomStream(seed, "images");
  const values = Array.from({ length: count }, () => {
    const value = new Float32Array(sizeOf(pair.stimulusShape));
    random.fillUniform(value, 0, 1);
    return value;
  });
  const labels = Array.from({ length: count }, () => random.below(pair.target.classes));
  return { values, labels, ids: values.map(() => random.nextU32()) };
}

/** All that a step changes of a group, as bytes: parameters, gradients and moments. */
export function updateOf(group: ParameterGroup): string {
  const { parameters, gradients, firstMoment, secondMoment } = group;
  const regions = [parameters, gradients, firstMoment, secondMoment];
  return regions.map(({ view }) => Buffer.from(view.slice().buffer).toString("base64")).join(" ");
}

/** Updates of every group of the pair, by its name. */
export function updatesOf(pair: NetworkPair): Map<string, string> {
  return new Map(pair.layers.map(({ name, group }) => [name, updateOf(group)]));
}

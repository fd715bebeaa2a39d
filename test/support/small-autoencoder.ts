/** Small pairs of autoencoders under the BSD rule, for what must hold of any; everything follows from the options and a seed. */

import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { frequencyDefaults } from "../../src/losses/bands.ts";
import { AutoencoderPair, type AutoencoderPairOptions } from "../../src/nets/autoencoder-pair.ts";
import { sizeOf } from "../../src/nets/shape.ts";
import { spawnThread } from "../../src/node/threads.ts";
import { AutoencoderBsd, type AutoencoderBsdOptions } from "../../src/problems/autoencode-learners.ts";
import type { OptimiserOptions } from "../../src/rules/optimiser.ts";
import type { AutoencoderReport } from "../../src/rules/rule.ts";
import { updateOf } from "./small-pair.ts";

export interface SmallAutoencoderOptions {
  readonly network: Partial<AutoencoderPairOptions> & Pick<AutoencoderPairOptions, "kind">;
  readonly rule?: Partial<AutoencoderBsdOptions>;
  readonly optimiser?: Partial<OptimiserOptions>;
  readonly threads?: number;
}

export interface SmallAutoencoder {
  readonly team: Team;
  readonly pair: AutoencoderPair;
  readonly rule: AutoencoderBsd;
  /** Shows random images, the same for the same seed. */
  show(images: number, seed?: number): void;
  step(images: number): AutoencoderReport;
}

const shapes = {
  mlp: { hidden: [19, 17], latent: 6, image: { height: 1, width: 21, channels: 1 } },
  cnn: { hidden: [5, 18], latent: 7, image: { height: 8, width: 12, channels: 2 } },
} as const;

export const autoencoderRule: AutoencoderBsdOptions = {
  features: "rate",
  centred: true,
  loss: "reco",
  lambda: 0.1,
  temperature: 0.1,
  weight: 1,
  stimulusWeight: 1,
  topWeight: 1,
  seeing: 1,
  reconstruct: 0,
  homeostasis: { weight: 0, rate: 0 },
  frequency: { ...frequencyDefaults, on: false },
};

/** Close the team when done. */
export async function smallAutoencoder(options: SmallAutoencoderOptions): Promise<SmallAutoencoder> {
  const { network, rule, optimiser, threads = 1 } = options;
  const team = await Team.create({ threads, spawn: spawnThread, maximumPages: 2048 });
  const pair = new AutoencoderPair(team, {
    ...shapes[network.kind],
    steps: 4,
    norm: true,
    tau: 2,
    threshold: { perception: 0.6, recall: 0.6 },
    maxImages: 6,
    seed: 11,
    ...network,
  });
  const bsd = new AutoencoderBsd(
    pair,
    { ...autoencoderRule, ...rule },
    { weightDecay: 0.01, clip: 0.01, clipScope: "stage", ...optimiser },
  );
  const show = (images: number, seed = 3) => {
    const random = new RandomStream(seed, "images");
    for (let b = 0; b < images; b++) {
      const value = new Float32Array(sizeOf(pair.stimulusShape));
      random.fillUniform(value, -1, 1);
      pair.stimulus.view.set(value, b * pair.stimulusWidth);
    }
  };
  return { team, pair, rule: bsd, show, step: (images) => bsd.step(images, { perception: 0.01, recall: 0.01 }) };
}

/** Updates of every group of the pair, by its name. */
export function autoencoderUpdates(pair: AutoencoderPair): Map<string, string> {
  return new Map(pair.layers.map(({ name, group }) => [name, updateOf(group)]));
}

/** Small autoencoders that backprop trains, spiking and not, and images for them. */
import { RandomStream } from "../../src/engine/random.ts";
import type { Team } from "../../src/engine/team.ts";
import { AutoencoderPair } from "../../src/nets/autoencoder-pair.ts";
import { sizeOf } from "../../src/nets/shape.ts";

import { AutoencoderBackprop, annAutoencoder } from "../../src/problems/autoencode-learners.ts";
import type { OptimiserOptions } from "../../src/rules/optimiser.ts";
import type { AutoencoderLearner } from "../../src/rules/rule.ts";

export interface SmallAutoencoder {
  readonly neurons: "spiking" | "real";
  readonly kind: "mlp" | "cnn";
  readonly seed?: number;
  readonly clipScope?: "stage" | "global";
}

export const SMALL_IMAGE = { height: 8, width: 8, channels: 3 };
const MAX_IMAGES = 12;
const STEPS = 4;
const THRESHOLD = 0.6;

function options({ kind, seed = 1 }: SmallAutoencoder) {
  const hidden = kind === "mlp" ? [40] : [6, 10];
  return { kind, image: SMALL_IMAGE, hidden, latent: 12, norm: true, maxImages: MAX_IMAGES, seed };
}

/** Perception of spikes, of the real net's shapes. */
export function smallPerception(team: Team, small: SmallAutoencoder): AutoencoderPair {
  const spiking = { steps: STEPS, tau: 2, threshold: { perception: THRESHOLD, recall: THRESHOLD } };
  return new AutoencoderPair(team, { ...options(small), ...spiking, networks: "perception", keepDrives: true });
}

export function smallAutoencoder(team: Team, small: SmallAutoencoder): AutoencoderBackprop {
  const optimiser: OptimiserOptions = { weightDecay: 0.01, clip: 1, clipScope: small.clipScope ?? "stage" };
  if (small.neurons === "real") return new AutoencoderBackprop(annAutoencoder(team, options(small)), optimiser);
  return new AutoencoderBackprop(smallPerception(team, small), optimiser);
}

/** Loads random images of a few smooth patterns, which a small latent can hold; row padding is 0. */
export function loadPatterns({ stimulus, stimulusWidth }: AutoencoderLearner, images: number, seed = 7): void {
  const random = new RandomStream(seed, "patterns");
  const { height, width, channels } = SMALL_IMAGE;
  for (let b = 0; b < images; b++) {
    const [a, c, phase] = [random.uniform() - 0.5, random.uniform() - 0.5, random.uniform()];
    for (let i = 0; i < sizeOf(SMALL_IMAGE); i++) {
      const [pixel, channel] = [Math.floor(i / channels), i % channels];
      const [y, x] = [Math.floor(pixel / width) / height, (pixel % width) / width];
      stimulus.view[b * stimulusWidth + i] = 2 * Math.sin(6 * (a * y + c * x) + phase + channel);
    }
  }
}

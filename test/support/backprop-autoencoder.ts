/** Small autoencoders that backprop trains, of spikes and of real numbers, and images for them. */
import { padded } from "../../src/engine/kernels.ts";
import { RandomStream } from "../../src/engine/random.ts";
import type { Team } from "../../src/engine/team.ts";
import { AutoencoderBackprop, type SpikingPerception } from "../../src/learning/autoencoder/backprop.ts";
import type { PerceptionLearner } from "../../src/learning/autoencoder/perception-learner.ts";
import { AutoencoderRealBackprop, autoencoderConnections } from "../../src/learning/autoencoder/real-backprop.ts";
import type { OptimiserOptions } from "../../src/learning/optimiser.ts";
import { ConvSynapses } from "../../src/network/conv.ts";
import { initialise } from "../../src/network/initialise.ts";
import { Layer } from "../../src/network/layer.ts";
import { LinearSynapses } from "../../src/network/linear.ts";
import { neuronDefaults } from "../../src/network/neuron.ts";
import { flat, sizeOf } from "../../src/network/shape.ts";
import type { Source } from "../../src/network/synapses.ts";

export interface SmallAutoencoder {
  readonly neurons: "spiking" | "real";
  readonly kind: "mlp" | "cnn";
  readonly seed?: number;
  readonly clipScope?: "stage" | "global";
}

export const SMALL_IMAGE = { height: 8, width: 8, channels: 3 };
const MAX_IMAGES = 12;
const STEPS = 4;

function options({ kind, seed = 1 }: SmallAutoencoder) {
  const hidden = kind === "mlp" ? [40] : [6, 10];
  return { kind, image: SMALL_IMAGE, hidden, latent: 12, norm: true, maxImages: MAX_IMAGES, seed };
}

/** Perception of spikes: the stages of the real net. */
export function smallPerception(team: Team, small: SmallAutoencoder): SpikingPerception {
  const { kind, seed, maxImages } = options(small);
  const stages = autoencoderConnections(options(small));
  const stimulusWidth = padded(sizeOf(SMALL_IMAGE));
  const stimulus = team.arena.f32(maxImages * stimulusWidth);
  const shape = kind === "mlp" ? flat(sizeOf(SMALL_IMAGE)) : SMALL_IMAGE;
  let source: Source = { kind: "real", shape, at: stimulus.at, stride: stimulusWidth, maxImages };
  const perception: Layer[] = [];
  for (const [k, stage] of stages.entries()) {
    const next = stages[k + 1];
    const synapses: LinearSynapses | ConvSynapses =
      stage.kind === "linear"
        ? new LinearSynapses(team, source, stage.shape, true)
        : new ConvSynapses(team, source, { ...stage, bias: !next });
    const reader = next?.kind === "conv" ? "conv" : "linear";
    const neurons = { ...neuronDefaults, norm: true, pool: 0, reader } as const;
    const name = `perception.stage${k + 2}`;
    const layer: Layer = new Layer(team, { name, synapses, maxImages, steps: STEPS, ...(next ? { neurons } : {}) });
    initialise(layer, seed);
    perception.push(layer);
    if (layer.output) source = layer.output;
  }
  return { team, options: { maxImages }, stimulus, stimulusWidth, perception };
}

export function smallAutoencoder(team: Team, small: SmallAutoencoder): PerceptionLearner {
  const optimiser: OptimiserOptions = { weightDecay: 0.01, clip: 1, clipScope: small.clipScope ?? "stage" };
  if (small.neurons === "real") return new AutoencoderRealBackprop(team, options(small), optimiser);
  return new AutoencoderBackprop(smallPerception(team, small), optimiser);
}

/** Loads random images of a few smooth patterns, which a small latent can hold; row padding is 0. */
export function loadPatterns({ stimulus, stimulusWidth }: PerceptionLearner, images: number, seed = 7): void {
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

/**
 * The whole stage in float64, synapse weight -> drive -> norm -> neuron -> features -> centring -> loss, with the spike
 * replaced by the smooth function whose derivative is the surrogate: then central finite differences decide what every
 * closed-form gradient must be. What the method detaches is held: the reset's spikes and the subtracted means.
 */
import { describe, expect, test } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { type AlignmentOptions, align, type Means } from "../reference/alignment.ts";
import type { Block, BlockGradients, ConvSynapses } from "../reference/block.ts";
import type { BsdOptions } from "../reference/bsd-reference.ts";
import { relativeGap } from "../reference/close.ts";
import { smoothTwin } from "../reference/lif.ts";
import { type StageTrace, stageBackward, stageForward } from "../reference/stage.ts";

const labels = [0, 1, 2, 0, 1];
const classes = 3;

/** Fills arrays with uniform numbers in [low, high). */
type Uniform = (length: number, low: number, high: number) => Float64Array;

/** Numbers of a case's own, so that a case run alone sees the same ones. */
function uniformOf(options: BsdOptions): Uniform {
  const random = new RandomStream(11, `smooth twin ${JSON.stringify(options)}`);
  return (length, low, high) => Float64Array.from({ length }, () => low + (high - low) * random.uniform());
}

/** Both halves of a stage, and the constant spikes each one reads: [steps][batch][inputs]. */
interface Stage {
  readonly perception: Block;
  readonly recall: Block;
  readonly seen: Float64Array;
  readonly shown: Float64Array;
}

const arraysOf = ({ weight, bias, norm }: Block): Float64Array[] =>
  norm ? [weight, bias, norm.scale, norm.shift] : [weight, bias];

const gradientsOf = ({ weight, bias, scale, shift }: BlockGradients): Float64Array[] =>
  scale && shift ? [weight, bias, scale, shift] : [weight, bias];

function dense(uniform: Uniform, inputs: number, outputs: number): Block {
  return {
    synapses: { kind: "linear", inputs, outputs },
    weight: uniform(inputs * outputs, -1, 1),
    bias: uniform(outputs, -0.5, 0.5),
    norm: { channels: outputs, space: 1, scale: uniform(outputs, 0.5, 1.5), shift: uniform(outputs, -0.3, 0.6) },
  };
}

function convolution(uniform: Uniform, synapses: ConvSynapses, space: number): Block {
  const { channelsIn, channelsOut, kernel } = synapses;
  return {
    synapses,
    weight: uniform(channelsIn * channelsOut * kernel ** 2, -1, 1),
    bias: uniform(channelsOut, -0.5, 0.5),
    norm: {
      channels: channelsOut,
      space,
      scale: uniform(channelsOut, 0.5, 1.5),
      shift: uniform(channelsOut, -0.3, 0.6),
    },
  };
}

/** The stage run once: loss, traces and closed-form gradients of all arrays, perception's first. */
function runStage(stage: Stage, options: BsdOptions, held?: { traces: StageTrace[]; means: Means }) {
  const rows = options.rivals === "prototypes" ? classes : labels.length;
  const [v, w] = [
    stageForward(stage.perception, stage.seen, labels.length, options, smoothTwin, held?.traces[0]?.spikes),
    stageForward(stage.recall, stage.shown, rows, options, smoothTwin, held?.traces[1]?.spikes),
  ];
  const { loss, gradV, gradW, means } = align(v.features, w.features, labels, options, held?.means);
  const gradients = [
    ...gradientsOf(stageBackward(stage.perception, v, gradV, labels.length, options, smoothTwin)),
    ...gradientsOf(stageBackward(stage.recall, w, gradW, rows, options, smoothTwin)),
  ];
  return { loss, gradients, held: { traces: [v, w], means } };
}

/** Central differences of the loss for every entry of every array of the stage. */
function differences(stage: Stage, options: BsdOptions, held: { traces: StageTrace[]; means: Means }): Float64Array[] {
  const h = 1e-5;
  return [...arraysOf(stage.perception), ...arraysOf(stage.recall)].map((array) =>
    array.map((value, i) => {
      array[i] = value + h;
      const above = runStage(stage, options, held).loss;
      array[i] = value - h;
      const below = runStage(stage, options, held).loss;
      array[i] = value;
      return (above - below) / (2 * h);
    }),
  );
}

const flat = (arrays: readonly Float64Array[]): number[] => arrays.flatMap((array) => [...array]);

function expectClosedFormToHold(stage: Stage, options: BsdOptions): void {
  const { gradients, held } = runStage(stage, options);
  const found = differences(stage, options, held);
  // Over the whole stage, not array by array: a bias in front of a norm has the true gradient 0.
  expect(relativeGap(flat(gradients), flat(found))).toBeLessThan(1e-6);
  expect(Math.max(...flat(found).map(Math.abs))).toBeGreaterThan(1e-3);
}

// tau is not 2: there 1/tau = 1 - 1/tau, and a gradient that mixes them up would pass.
const base = { steps: 3, theta: 0.6, tau: 2.6, classes, lambda: 0.7, temperature: 0.3 };
const every = (["reco", "infonce", "mse"] as const).flatMap((loss) =>
  (["rate", "drive", "membrane"] as const).flatMap((features) =>
    (["literal", "masked", "prototypes"] as const).flatMap((rivals) =>
      [false, true].map((centred) => ({ ...base, loss, features, rivals, centred })),
    ),
  ),
);

const recallRows = (rivals: AlignmentOptions["rivals"]): number => (rivals === "prototypes" ? classes : labels.length);

describe("dense stage", () => {
  test.each(every)("$loss, $features, $negatives, centred $centred", (options) => {
    const uniform = uniformOf(options);
    const stage: Stage = {
      perception: dense(uniform, 5, 4),
      recall: dense(uniform, 3, 4),
      seen: uniform(options.steps * labels.length * 5, 0, 1),
      shown: uniform(options.steps * recallRows(options.rivals) * 3, 0, 1),
    };
    expectClosedFormToHold(stage, options);
  });
});

describe("convolutional stage: max-pool and stride below, upsampling above", () => {
  const sampled = every.filter(({ features, rivals }) => features === "rate" && rivals === "prototypes");
  test.each(sampled)("$loss, centred $centred", (options) => {
    const shape = { kind: "conv", kernel: 3, padding: 1, channelsOut: 2 } as const;
    const below = { ...shape, channelsIn: 2, height: 8, width: 7, stride: 2, upsample: false, pool: true };
    const above = { ...shape, channelsIn: 1, height: 2, width: 2, stride: 1, upsample: true, pool: false };
    const uniform = uniformOf(options);
    const stage: Stage = {
      perception: convolution(uniform, below, 4),
      recall: convolution(uniform, above, 4),
      seen: uniform(options.steps * labels.length * 2 * 56, 0, 1),
      shown: uniform(options.steps * classes, 0, 1),
    };
    expectClosedFormToHold(stage, options);
  });
});

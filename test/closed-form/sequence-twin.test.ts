/**
 * The float64 reference of recurrent pairs with the spike replaced by the smooth function whose derivative is the surrogate: central finite differences decide what its gradients must be.
 * Backprop through time is the derivative of the whole net's loss. BSD's is that of one stage's loss with what the stage reads held: its input, and the spikes it heard of the element
 * before. What the method detaches is held in both: the reset's spikes and the subtracted means.
 */
import { describe, expect, test } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { relativeGap } from "../reference/close.ts";
import { smoothTwin } from "../reference/lif.ts";
import {
  alignBlocks,
  backpropStep,
  type Direction,
  type Elements,
  featuresOf,
  type Held,
  homeostasis,
  meanRow,
  ofNeurons,
  type ReadOut,
  runStage,
  type SequenceStage,
  type StageGradients,
  type StageTrace,
  stageGradients,
  type WindowLoss,
} from "../reference/sequence-reference.ts";

const size = { positions: 3, rows: 4, steps: 3 };
// tau is not 2: there 1/tau = 1 - 1/tau, and a gradient that mixes them up would pass.
const neurons = { tau: 2.6, theta: 0.6, surrogate: smoothTwin };
const images = size.positions * size.rows;

type Uniform = (length: number, low: number, high: number) => Float64Array;

function uniformOf(name: string): Uniform {
  const random = new RandomStream(11, `sequence twin ${name}`);
  return (length, low, high) => Float64Array.from({ length }, () => low + (high - low) * random.uniform());
}

function stageOf(uniform: Uniform, inputs: number, count: number, norm: boolean, recurrent = true): SequenceStage {
  return {
    inputs,
    neurons: count,
    weight: uniform(inputs * count, -1, 1),
    bias: norm ? null : uniform(count, -0.2, 1),
    recurrent: recurrent ? uniform(count * count, -1, 1) : null,
    norm: norm ? { gamma: uniform(count, 0.5, 1.5), beta: uniform(count, -0.3, 0.6) } : null,
  };
}

const arraysOf = ({ weight, bias, recurrent, norm }: SequenceStage): Float64Array[] =>
  [weight, bias, recurrent, norm?.gamma, norm?.beta].filter((array) => !!array);

const gradientsOf = ({ weight, bias, recurrent, gamma, beta }: StageGradients): Float64Array[] =>
  [weight, bias, recurrent, gamma, beta].filter((array) => !!array);

/** Central differences of `loss` for every entry of every array. */
function differences(arrays: readonly Float64Array[], loss: () => number): number[] {
  const h = 1e-5;
  return arrays.flatMap((array) =>
    [...array].map((value, i) => {
      array[i] = value + h;
      const above = loss();
      array[i] = value - h;
      const below = loss();
      array[i] = value;
      return (above - below) / (2 * h);
    }),
  );
}

function expectDerivative(
  gradients: readonly Float64Array[],
  arrays: readonly Float64Array[],
  loss: () => number,
): void {
  const found = differences(arrays, loss);
  expect(
    relativeGap(
      gradients.flatMap((array) => [...array]),
      found,
    ),
  ).toBeLessThan(1e-6);
  expect(Math.max(...found.map(Math.abs))).toBeGreaterThan(1e-3);
}

const spikesOf = (trace: StageTrace): Float64Array[] => trace.map(({ spikes }) => Float64Array.from(spikes));

describe("backprop through time is the derivative of the top loss", () => {
  const cases = [true, false].flatMap((norm) =>
    ([1, 2] as const).flatMap((stages) => (["symbols", "values"] as const).map((kind) => ({ norm, stages, kind }))),
  );
  test.each(cases)("$stages hidden stages, $kind, norm $norm", ({ norm, stages, kind }) => {
    const uniform = uniformOf(`${norm} ${stages} ${kind}`);
    const elements = (width: number): Elements =>
      kind === "symbols"
        ? { kind, width, symbols: [...uniform(images, 0, width)].map(Math.floor) }
        : { kind, width, values: uniform(images * width, -2, 2) };
    const [inputs, targets] = [elements(4), elements(3)];
    const perception = [stageOf(uniform, 4, 5, norm), stageOf(uniform, 5, 3, norm)].slice(0, stages);
    const top: ReadOut = {
      inputs: perception.at(-1)!.neurons,
      outputs: 3,
      weight: uniform(3 * perception.at(-1)!.neurons, -1, 1),
      bias: uniform(3, -0.5, 0.5),
    };
    const net = { perception, top };
    const step = backpropStep(net, inputs, targets, size, neurons);
    const reset = step.traces.map(spikesOf);
    expectDerivative(
      [...step.perception.flatMap(gradientsOf), step.top.weight, step.top.bias],
      [...perception.flatMap(arraysOf), top.weight, top.bias],
      () => backpropStep(net, inputs, targets, size, neurons, reset).loss,
    );
  });
});

/** One half of a stage with the constants it reads. */
interface Half {
  readonly stage: SequenceStage;
  readonly inputs: readonly Float64Array[];
  readonly direction: Direction;
}

describe("BSD is the derivative of a stage's loss with all that the stage reads held", () => {
  const losses = [
    { loss: "infonce", affinity: "cosines", against: "rate" },
    { loss: "infonce", affinity: "dots", against: "drive" },
    { loss: "infonce", affinity: "dots", against: "membrane" },
    { loss: "reco", affinity: "cosines", against: "rate" },
  ] as const;
  const cases = losses.flatMap((loss) =>
    [true, false].flatMap((centred) =>
      [true, false].map((masked) => ({ ...loss, centred, masked, norm: centred !== masked })),
    ),
  );
  test.each(cases)(
    "$loss of $affinity, against recall's $against, centred $centred, masked $masked, norm $norm",
    (c) => {
      const uniform = uniformOf(JSON.stringify(c));
      // Blocks of 5 rows cut 12 into 5, 5 and 2.
      const options: WindowLoss = { ...c, lambda: 0.7, temperature: 0.3, block: 5 };
      const labels = c.masked ? [...uniform(images, 0, 3)].map(Math.floor) : undefined;
      const pull = { weight: 2, rate: 0.3 };
      const half = (inputs: number, direction: Direction): Half => ({
        stage: stageOf(uniform, inputs, 4, c.norm),
        inputs: Array.from({ length: size.positions }, () => uniform(size.steps * size.rows * inputs, 0, 1)),
        direction,
      });
      const halves = [half(5, "forward"), half(3, "backward")];
      const run = (held?: readonly Held[]) =>
        halves.map(({ stage, inputs, direction }, k) => runStage(stage, inputs, size, direction, neurons, held?.[k]));
      const traces = run();
      const kinds = ["rate", c.against] as const;
      const features = traces.map((trace, k) => featuresOf(trace, size.steps, kinds[k]!));
      const means = { v: meanRow(features[0]!, 4), w: meanRow(features[1]!, 4) };
      const { gradV, gradW } = alignBlocks(features[0]!, features[1]!, 4, options, labels);
      const gradients = halves.map(({ stage, direction }, k) => {
        const own = homeostasis(featuresOf(traces[k]!, size.steps), 4, size.steps, pull);
        const toNeurons = ofNeurons([gradV, gradW][k]!, own.pull, 4, size, kinds[k]!);
        return stageGradients(stage, traces[k]!, toNeurons, size, direction, neurons, false).gradients;
      });
      const held = traces.map((trace) => ({ reset: spikesOf(trace), heard: trace.map(({ heard }) => heard.slice()) }));
      expectDerivative(
        gradients.flatMap(gradientsOf),
        halves.flatMap(({ stage }) => arraysOf(stage)),
        () => {
          const ran = run(held);
          const [v, w] = ran.map((trace, k) => featuresOf(trace, size.steps, kinds[k]!));
          const costs = ran.map((trace) => homeostasis(featuresOf(trace, size.steps), 4, size.steps, pull).cost);
          return alignBlocks(v!, w!, 4, options, labels, means).loss + costs[0]! + costs[1]!;
        },
      );
    },
  );
});

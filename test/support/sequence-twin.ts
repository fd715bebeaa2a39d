/** A recurrent pair twice: the engine's, and the float64 reference's net with the same numbers; and what a step leaves in both, array by array. */
import type { SequenceInputs, SequenceTargets } from "../../src/data/sequence/task.ts";
import type { Region } from "../../src/engine/memory.ts";
import { RandomStream } from "../../src/engine/random.ts";
import type { Layer } from "../../src/nets/layer.ts";
import type { Statistics } from "../../src/nets/norm.ts";
import type { Slot } from "../../src/nets/parameters.ts";
import type { SequencePair } from "../../src/nets/sequence-pair.ts";
import type { Elements, ReadOut, SequenceNet, SequenceStage } from "../reference/sequence-reference.ts";

/** A layer's arrays in plain order, [out][in], of one of its group's regions. */
export function plainArrays(
  layer: Layer,
  of: (group: Layer["group"]) => Region<Float32Array>,
): Map<string, Float64Array> {
  const { group } = layer;
  const out = new Map<string, Float64Array>();
  const bundles = [layer.synapses, ...(layer.recurrent ? [layer.recurrent] : [])];
  for (const bundle of bundles) {
    for (const block of Object.keys(bundle.blocks)) {
      const plain = new Float32Array(bundle.plainShape(block).reduce((a, b) => a * b, 1));
      bundle.unpack(block, group.view(block, of(group)), plain);
      out.set(block, Float64Array.from(plain));
    }
  }
  for (const block of ["gamma", "beta"]) {
    if (!group.has(block)) continue;
    out.set(block, Float64Array.from(group.view(block, of(group)).subarray(0, layer.synapses.shape.channels)));
  }
  return out;
}

const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  gamma: [0.5, 1.5],
  beta: [-0.2, 0.6],
  bias: [-0.2, 0.8],
  mean: [-0.3, 0.3],
  variance: [0.5, 1.5],
  // AdamW's moments.
  first: [-0.05, 0.05],
  second: [1e-4, 1e-2],
};

/** Draws every parameter, running statistic and moment anew; weights within 2 / sqrt(fan in), so that nets without a norm fire too. */
export function drawParameters(learner: { slots(optimiser: boolean): Iterable<Slot> }, seed: number): void {
  const random = new RandomStream(seed, "parameters");
  for (const { name, shape, read, write } of learner.slots(true)) {
    const kind = /^optimiser\.(\w+)/.exec(name)?.[1] ?? name.split(".").at(-1)!;
    const bound = 2 / Math.sqrt(shape.slice(1).reduce((a, b) => a * b, 1));
    const [low, high] = RANGES[kind] ?? [-bound, bound];
    const values = read();
    random.fillUniform(values, low, high);
    write(values);
  }
}

const runningOf = ({ norm, synapses: { shape } }: Layer) => ({
  mean: Float64Array.from(norm.runningMean.view.subarray(0, shape.channels)),
  variance: Float64Array.from(norm.runningVariance.view.subarray(0, shape.channels)),
});

function stageOf(layer: Layer, statistics: Statistics): SequenceStage {
  const arrays = plainArrays(layer, (group) => group.parameters);
  const gamma = arrays.get("gamma");
  return {
    inputs: layer.synapses.fanIn,
    neurons: layer.synapses.shape.channels,
    weight: arrays.get("weight")!,
    bias: arrays.get("bias") ?? null,
    recurrent: arrays.get("recurrent") ?? null,
    norm: gamma
      ? { gamma, beta: arrays.get("beta")!, ...(statistics === "running" ? { running: runningOf(layer) } : {}) }
      : null,
  };
}

function readOutOf(layer: Layer): ReadOut {
  const arrays = plainArrays(layer, (group) => group.parameters);
  const bias = arrays.get("bias")!;
  return { inputs: layer.synapses.fanIn, outputs: bias.length, weight: arrays.get("weight")!, bias };
}

/** The reference's net with the pair's numbers of now; its norms by each position's statistics or by running ones. Without recall, `reconstruct` is the read-out again and means nothing. */
export function referenceNet(pair: SequencePair, statistics: Statistics): SequenceNet {
  return {
    perception: pair.perception.map((layer) => stageOf(layer, statistics)),
    top: readOutOf(pair.conceptDrive),
    recall: pair.recall.toReversed().map((layer) => stageOf(layer, statistics)),
    reconstruct: readOutOf(pair.reconstructed ?? pair.conceptDrive),
  };
}

/** The elements of windows as rows position * rows + row. */
export function windowElements(
  elements: SequenceInputs | SequenceTargets,
  starts: ArrayLike<number>,
  window: number,
): Elements {
  const places = Array.from({ length: window }, (_, n) => Array.from(starts, (start) => start + n)).flat();
  const { width } = elements;
  if (elements.kind === "symbols")
    return { kind: "symbols", width, symbols: places.map((at) => elements.symbols[at]!) };
  const rows = places.flatMap((at) => [...elements.values.subarray(at * width, (at + 1) * width)]);
  return { kind: "values", width, values: Float64Array.from(rows) };
}

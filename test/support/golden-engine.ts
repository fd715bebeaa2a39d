/** Builds the engine's pair from a golden state, and reads its values back in the golden files' order (PyTorch's). */
import { Team } from "../../src/engine/team.ts";
import type { Layer } from "../../src/nets/layer.ts";
import { NetworkPair } from "../../src/nets/pair.ts";
import { pixelsOf, sizeOf, tilesOf } from "../../src/nets/shape.ts";
import { stepsOf } from "../../src/nets/synapses.ts";
import { spawnThread } from "../../src/node/threads.ts";
import { Bsd, type BsdOptions } from "../../src/problems/classify.ts";
import { type BlockNames, type GoldenState, type GoldenTensor, goldenNames } from "../golden/golden.ts";

/** A layer of the engine and its names in the golden file. */
export interface NamedLayer {
  readonly layer: Layer;
  readonly names: BlockNames;
  /** Index of a plain weight (out, in) of ours in the golden tensor. */
  readonly weightIndex: (plain: number) => number;
  /** The same for biases. */
  readonly biasIndex: (plain: number) => number;
}

export interface GoldenEngine {
  readonly team: Team;
  readonly pair: NetworkPair;
  readonly rule: Bsd;
  readonly layers: readonly NamedLayer[];
  readonly labels: Uint16Array;
}

/** @param changes options of the rule that are not the case's */
export async function goldenEngine(
  golden: GoldenState,
  threads = 1,
  changes: Partial<BsdOptions> = {},
): Promise<GoldenEngine> {
  const { case: c } = golden;
  const team = await Team.create({ threads, spawn: spawnThread, maximumPages: 2048 });
  const cnn = c.net === "cnn";
  const sizes = cnn ? c.channels : c.widths;
  const image = cnn
    ? { height: c.size, width: c.size, channels: c.channels[0]! }
    : { height: 1, width: 1, channels: c.widths[0]! };
  const prototypes = c.negatives === "prototypes";
  const pair = new NetworkPair(team, {
    kind: c.net,
    hidden: sizes.slice(1),
    steps: c.T,
    norm: true,
    tau: c.tau,
    threshold: { perception: c.theta, recall: c.theta },
    stimulus: "direct",
    target: "one-hot",
    targetSize: 0,
    image,
    classes: c.classes,
    maxImages: c.batch,
    maxRecalls: prototypes ? c.classes : c.batch,
    seed: 7,
  });
  const { features, centred, negatives, loss, lambda, temperature } = c;
  const rule = new Bsd(
    pair,
    {
      features,
      centred,
      rivals: negatives,
      loss,
      lambda,
      temperature,
      weight: 1,
      stimulusWeight: 1,
      top: "cross-entropy",
      homeostasis: { weight: 0, rate: 0 },
      ...changes,
    },
    { weightDecay: 0.01, clip: 0, clipScope: "stage" },
  );
  const layers = nameLayers(golden, pair);
  for (const named of layers) load(named, golden);
  const pixels = image.height * image.width;
  for (let b = 0; b < c.batch; b++) {
    for (let i = 0; i < pixels * image.channels; i++) {
      const channel = i % image.channels;
      const pixel = Math.floor(i / image.channels);
      pair.stimulus.view[b * pair.stimulusWidth + i] =
        golden.stimulus.data[(b * image.channels + channel) * pixels + pixel]!;
    }
  }
  return { team, pair, rule, layers, labels: Uint16Array.from(golden.labels) };
}

function nameLayers(golden: GoldenState, pair: NetworkPair): NamedLayer[] {
  const names = goldenNames(golden.case);
  const named = (layer: Layer, blockNames: BlockNames): NamedLayer => {
    const { source, shape } = layer.synapses;
    const inputs = golden.initial[blockNames.weight]!.shape;
    const conv = inputs.length === 4;
    const channels = source.shape.channels;
    const planeIn = pixelsOf(source.shape);
    // Ours are channels last everywhere: [pixel][channel] against the golden (channel, pixel).
    const swap = (index: number, pixels: number, count: number) => (index % count) * pixels + Math.floor(index / count);
    const fanIn = conv ? 9 * channels : sizeOf(source.shape);
    const biasIndex = (unit: number) => (conv ? unit : swap(unit, pixelsOf(shape), shape.channels));
    return {
      layer,
      names: blockNames,
      biasIndex,
      weightIndex: (plain) => {
        const unit = Math.floor(plain / fanIn);
        const input = plain % fanIn;
        return biasIndex(unit) * fanIn + (conv ? swap(input, 9, channels) : swap(input, planeIn, channels));
      },
    };
  };
  const hidden = pair.options.hidden.length;
  return [
    ...names.perception.map((block, k) => named(pair.perception[k]!, block)),
    named(pair.conceptDrive, names.top),
    // The golden recall runs from the target down, ours from the stimulus up.
    ...names.recall.map((block, k) => named(pair.recall[hidden - k]!, block)),
  ];
}

function load({ layer, names, weightIndex, biasIndex }: NamedLayer, golden: GoldenState): void {
  const { synapses, group } = layer;
  const fill = (block: string, tensor: GoldenTensor, index: (plain: number) => number) => {
    const plain = new Float32Array(synapses.plainShape(block).reduce((a, b) => a * b, 1));
    for (let i = 0; i < plain.length; i++) plain[i] = tensor.data[index(i)]!;
    synapses.pack(block, plain, group.view(block));
  };
  fill("weight", golden.initial[names.weight]!, weightIndex);
  if (group.has("bias")) fill("bias", golden.initial[names.bias]!, biasIndex);
  if (names.scale && names.shift) {
    group.view("gamma").set(golden.initial[names.scale]!.data);
    group.view("beta").set(golden.initial[names.shift]!.data);
  }
}

/** A group's values (parameters or gradients) as pairs with the golden ones. */
export function compareGroup(
  { layer, names, weightIndex, biasIndex }: NamedLayer,
  of: "parameters" | "gradients",
  golden: Readonly<Record<string, GoldenTensor>>,
): { name: string; ours: Float64Array; theirs: Float64Array }[] {
  const { synapses, group } = layer;
  const out: { name: string; ours: Float64Array; theirs: Float64Array }[] = [];
  const synaptic = (block: string, name: string, index: (plain: number) => number) => {
    const plain = new Float32Array(synapses.plainShape(block).reduce((a, b) => a * b, 1));
    synapses.unpack(block, group.view(block, group[of]), plain);
    out.push({
      name,
      ours: Float64Array.from(plain),
      theirs: Float64Array.from(plain, (_, i) => golden[name]!.data[index(i)]!),
    });
  };
  synaptic("weight", names.weight, weightIndex);
  // A bias that a norm takes away again is not kept; its true gradient is 0.
  if (group.has("bias")) synaptic("bias", names.bias, biasIndex);
  for (const [block, name] of [
    ["gamma", names.scale],
    ["beta", names.shift],
  ] as const) {
    if (!name) continue;
    const theirs = Float64Array.from(golden[name]!.data);
    out.push({ name, ours: Float64Array.from(group.view(block, group[of]).subarray(0, theirs.length)), theirs });
  }
  return out;
}

/** Normalised drive X of a layer after its forward pass, in the golden order (T, image, channel, pixel). */
export function driveOf(team: Team, layer: Layer, images: number, steps: number): Float64Array {
  const { shape, source } = layer.synapses;
  const zSteps = stepsOf(source);
  const pixels = pixelsOf(shape);
  const z = new Float32Array(
    team.arena.memory.buffer,
    layer.workspace.z,
    images * zSteps * pixels * tilesOf(shape) * 16,
  );
  const out = new Float64Array(steps * images * shape.channels * pixels);
  let at = 0;
  for (let t = 0; t < steps; t++) {
    for (let b = 0; b < images; b++) {
      for (let c = 0; c < shape.channels; c++) {
        for (let p = 0; p < pixels; p++) {
          const row = ((Math.floor(c / 16) * images + b) * zSteps + Math.min(t, zSteps - 1)) * pixels + p;
          out[at++] = z[row * 16 + (c % 16)]! * layer.norm.scale.view[c]! + layer.norm.shift.view[c]!;
        }
      }
    }
  }
  return out;
}

/** A stack of the engine's spiking layers on random real inputs, and its twin in the tests' autodiff. */
import { RandomStream } from "../../src/engine/random.ts";
import type { Team } from "../../src/engine/team.ts";
import { ConvSynapses } from "../../src/nets/conv.ts";
import { Layer } from "../../src/nets/layer.ts";
import { LinearSynapses } from "../../src/nets/linear.ts";
import type { Reader } from "../../src/nets/population.ts";
import { sizeOf } from "../../src/nets/shape.ts";
import type { RealInput, Source } from "../../src/nets/synapses.ts";
import * as ad from "./autodiff.ts";
import { grid } from "./layer-case.ts";
import { driveOf, normed, type PlainParameters, parametersOf, timeMean } from "./plain-stack.ts";
import type { StackCase, StackStage } from "./stack-arbitrary.ts";

export interface SpikingStack {
  readonly layers: readonly Layer[];
  readonly input: RealInput;
  readonly random: RandomStream;
}

/** A real input of random multiples of 1/64; what lies between its rows is NaN. */
export function randomInput(team: Team, { input: shape, images, room }: StackCase, random: RandomStream): RealInput {
  const stride = sizeOf(shape) + 3;
  const region = team.arena.f32((images + room) * stride);
  region.view.fill(Number.NaN);
  for (let b = 0; b < images; b++) region.view.set(grid(random, sizeOf(shape), 1), b * stride);
  return { kind: "real", shape, at: region.at, stride, maxImages: images + room };
}

/** The input's rows [image][size]. */
export function inputRows(team: Team, { at, stride, shape }: RealInput, images: number): Float64Array {
  const rows = new Float32Array(team.arena.memory.buffer, at, images * stride);
  return Float64Array.from({ length: images * sizeOf(shape) }, (_, i) => {
    const b = Math.floor(i / sizeOf(shape));
    return rows[b * stride + (i % sizeOf(shape))]!;
  });
}

/** Draws weights and biases within 1, norms' scales about 1: multiples of 1/64, so that drives are exact and equal ones tie everywhere. */
export function drawExact({ group, synapses }: Pick<Layer, "group" | "synapses">, random: RandomStream): void {
  for (const block of Object.keys(synapses.blocks)) {
    const length = synapses.plainShape(block).reduce((a, b) => a * b, 1);
    synapses.pack(block, grid(random, length, block === "weight" ? 1 : 0.5), group.view(block));
  }
  if (!group.has("gamma")) return;
  const { channels } = synapses.shape;
  group.view("gamma").set(grid(random, channels, 0.5).map((x) => x + 1));
  group.view("beta").set(grid(random, channels, 0.5));
}

export function spikingStack(team: Team, c: StackCase): SpikingStack {
  const random = new RandomStream(c.seed, "spiking stack");
  const input = randomInput(team, c, random);
  const maxImages = c.images + c.room;
  const layers: Layer[] = [];
  let source: Source = input;
  for (const [k, stage] of c.stages.entries()) {
    const next = c.stages[k + 1];
    const synapses = synapsesOf(team, source, stage, !c.norm || k % 2 === 0);
    const reader: Reader = next?.kind === "conv" ? "conv" : "linear";
    const neurons = { tau: c.tau, threshold: 0.6, alpha: c.alpha, norm: c.norm, reader, pool: 0 };
    const layer = new Layer(team, {
      name: `perception.stage${k + 2}`,
      ...{ synapses, maxImages, steps: c.steps },
      ...(next ? { neurons } : {}),
    });
    drawExact(layer, random);
    layers.push(layer);
    if (layer.output) source = layer.output;
  }
  return { layers, input, random };
}

function synapsesOf(team: Team, source: Source, stage: StackStage, bias: boolean) {
  return stage.kind === "linear"
    ? new LinearSynapses(team, source, stage.shape, bias)
    : new ConvSynapses(team, source, { ...stage, bias });
}

/** The engine's training pass. */
export function forwardStack({ layers }: SpikingStack, images: number): void {
  for (const layer of layers) {
    layer.forward(images, { train: true });
    layer.output?.list(images, true);
  }
}

/** What neurons' spikes depend on beside their drive. */
export type Firing = Pick<StackCase, "images" | "steps" | "tau" | "alpha">;

export interface PlainPass {
  readonly parameters: readonly PlainParameters[];
  /** z and X of each layer. */
  readonly drives: readonly { z: ad.Value; x: ad.Value }[];
  /** Mean drive of the read-out, [image][unit]. */
  readonly output: ad.Value;
  /** Largest distance from the threshold at which the engine and this pass decide differently. */
  readonly disagreement: number;
}

/** The same pass in the autodiff, after the engine's: its spikes are taken, so that rounding near a threshold does not decide twice. */
export function plainPass(team: Team, stack: Pick<SpikingStack, "layers" | "input">, c: Firing): PlainPass {
  const { images, steps } = c;
  const parameters = stack.layers.map((layer) => parametersOf(layer));
  const drives: { z: ad.Value; x: ad.Value }[] = [];
  let disagreement = 0;
  let value = ad.variable(inputRows(team, stack.input, images));
  for (const [k, layer] of stack.layers.entries()) {
    const seen = k === 0 ? 1 : steps;
    const units = sizeOf(layer.synapses.shape);
    const z = driveOf(layer, parameters[k]!, value, images * seen);
    if (!layer.output) {
      drives.push({ z, x: z });
      value = timeMean(z, seen, units);
      continue;
    }
    const x = normed(layer, parameters[k]!, z);
    drives.push({ z, x });
    const fires = fired(layer, x, c, seen);
    disagreement = Math.max(disagreement, fires.disagreement);
    value = fires.spikes;
  }
  return { parameters, drives, output: value, disagreement };
}

/** LIF neurons on drives [image][seen][unit], with the engine's spikes: spikes and membranes H, [image][step][unit]. */
export function fired(layer: Layer, x: ad.Value, { images, steps, tau, alpha }: Firing, seen: number) {
  const { shape } = layer.synapses;
  const units = sizeOf(shape);
  const theta = Math.fround(0.6);
  const slope = (h: number) => alpha / 2 / (1 + (Math.PI * (alpha / 2) * h) ** 2);
  let spikes = ad.variable(new Float64Array(images * steps * units));
  let membranes = ad.variable(new Float64Array(images * steps * units));
  let left = ad.variable(new Float64Array(images * units));
  let disagreement = 0;
  for (let t = 0; t < steps; t++) {
    const step = Math.min(t, seen - 1);
    const own = ad.gather(x, images * units, (i) => (Math.floor(i / units) * seen + step) * units + (i % units));
    const h = ad.add(left, ad.affine(own, 1 / tau));
    const unit = (i: number) => i % units;
    const has = (i: number) =>
      layer.output!.fired(Math.floor(i / units), t, Math.floor(unit(i) / shape.channels), unit(i) % shape.channels);
    const above = ad.affine(h, 1, -theta);
    const s = ad.spike(above, has, slope);
    above.values.forEach((gap, i) => {
      if (gap >= 0 !== has(i)) disagreement = Math.max(disagreement, Math.abs(gap));
    });
    left = ad.multiply(ad.affine(h, 1 - 1 / tau), ad.affine(ad.detach(s), -1, 1));
    const place = (i: number) => Math.floor(i / units / steps) * units + (i % units);
    const placed = (value: ad.Value) =>
      ad.gather(value, images * steps * units, (i) => (Math.floor(i / units) % steps === t ? place(i) : -1));
    spikes = ad.add(spikes, placed(s));
    membranes = ad.add(membranes, placed(h));
  }
  return { spikes, membranes, disagreement };
}

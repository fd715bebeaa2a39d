// @ts-check
/** The kernels' jobs: a synapse bundle of a fixed size, its spikes made at random with a given firing rate, forward and weight gradient. */
import { ConvSynapses, flat, LinearSynapses, ParameterGroup, Population, RandomStream } from "./library.mjs";

/** @typedef {import("../dist/engine/team.js").Team} Team */
/** @typedef {import("../dist/nets/shape.js").Shape} Shape */
/** @typedef {import("../dist/nets/synapses.js").Synapses} Synapses */
/** @typedef {import("../dist/nets/synapses.js").Workspace} Workspace */

/**
 * @typedef {object} KernelCase
 * @property {string} kernel name of the kernel
 * @property {string} size what it multiplies, in words
 * @property {number | undefined} rate firing rate of its inputs; undefined where they are real numbers
 * @property {number} operations of the dense product: 2 x rows x inputs x outputs
 * @property {() => void} run
 */

const STEPS = 4;
const SEED = 1;

/** Dense layer over spikes: 512 images x 4 steps = 2048 rows. */
const DENSE = { images: 512, inputs: 1024, outputs: 1024, rates: [0.05, 0.1, 0.15, 0.2, 0.3] };
/** Convolution over spikes: 8 images x 4 steps of 16 x 16 pixels. */
const CONVOLUTION = { images: 8, side: 16, channels: 128, rates: [0.05, 0.1, 0.2] };
/** First layer of an MLP under direct coding: real inputs, held over time. */
const REAL = { images: 128, inputs: 784, outputs: 512 };

/**
 * A population in which every unit fires at each step with probability `rate`.
 *
 * @param {Team} team
 * @param {Shape} shape
 * @param {number} images
 * @param {number} rate
 * @param {"linear" | "conv"} reader
 */
function randomSpikes(team, shape, images, rate, reader) {
  const spikes = new Population(team, shape, STEPS, images, reader);
  const stream = new RandomStream(SEED, `bench spikes ${reader} ${rate}`);
  for (let image = 0; image < images; image++) {
    for (let step = 0; step < STEPS; step++) {
      for (let pixel = 0; pixel < shape.height * shape.width; pixel++) {
        for (let channel = 0; channel < shape.channels; channel++) {
          if (stream.uniform() < rate) spikes.set(image, step, pixel, channel, true);
        }
      }
    }
  }
  spikes.list(images, true);
  return spikes;
}

/**
 * Weights and drive gradients for synapses of one size: what does not depend on the firing rate is shared between rates.
 *
 * @param {Team} team
 * @param {Synapses} synapses
 * @param {number} images
 */
function surroundings(team, synapses, images) {
  const stream = new RandomStream(SEED, "bench weights");
  const group = new ParameterGroup(team, "bench", synapses.blocks);
  stream.fillUniform(group.parameters.view, -0.03, 0.03);
  const size = synapses.workspace(images);
  const g = team.arena.f32(size.drives);
  stream.fillUniform(g.view, -1, 1);
  /** @type {Workspace} */
  const workspace = { z: team.arena.allocate(size.drives * 4), g: g.at, winner: team.arena.allocate(size.winners) };
  return { group, workspace };
}

/**
 * Forward and gradient cases of a synapse bundle; the gradient without the norm's share, which is memory traffic and no product.
 *
 * @param {{ group: ParameterGroup, workspace: Workspace }} around
 * @param {Synapses} synapses
 * @param {number} images
 * @param {Omit<KernelCase, "run">} forward
 * @returns {KernelCase[]}
 */
function both({ group, workspace }, synapses, images, forward) {
  return [
    { ...forward, run: () => synapses.forward(group, images, workspace, 0) },
    {
      ...forward,
      kernel: `${forward.kernel}Gradient`,
      run: () => synapses.gradient(group, images, workspace, 0),
    },
  ];
}

/**
 * @param {Team} team
 * @returns {KernelCase[]}
 */
function denseCases(team) {
  const { images, inputs, outputs, rates } = DENSE;
  const rows = images * STEPS;
  const bundles = rates.map((rate) => {
    const spikes = randomSpikes(team, flat(inputs), images, rate, "linear");
    return { rate, synapses: new LinearSynapses(team, spikes, flat(outputs), false) };
  });
  const around = bundles[0] && surroundings(team, bundles[0].synapses, images);
  return bundles.flatMap(({ rate, synapses }) => {
    const size = `${rows} rows, ${inputs} -> ${outputs}`;
    const operations = 2 * rows * inputs * outputs;
    return around ? both(around, synapses, images, { kernel: "linearEvents", size, rate, operations }) : [];
  });
}

/**
 * @param {Team} team
 * @returns {KernelCase[]}
 */
function convolutionCases(team) {
  const { images, side, channels, rates } = CONVOLUTION;
  const rows = images * STEPS * side * side;
  const shape = { height: side, width: side, channels };
  const bundles = rates.map((rate) => {
    const spikes = randomSpikes(team, shape, images, rate, "conv");
    return { rate, synapses: new ConvSynapses(team, spikes, { channels, bias: false }) };
  });
  const around = bundles[0] && surroundings(team, bundles[0].synapses, images);
  return bundles.flatMap(({ rate, synapses }) => {
    const size = `3x3, ${channels} -> ${channels}, ${side}x${side}`;
    const operations = 2 * rows * 9 * channels * channels;
    return around ? both(around, synapses, images, { kernel: "convolve", size, rate, operations }) : [];
  });
}

/**
 * @param {Team} team
 * @returns {KernelCase[]}
 */
function realCases(team) {
  const { images, inputs, outputs } = REAL;
  const stimulus = team.arena.f32(images * inputs);
  new RandomStream(SEED, "bench stimulus").fillUniform(stimulus.view, -1, 1);
  const source = {
    kind: /** @type {const} */ ("real"),
    shape: flat(inputs),
    at: stimulus.at,
    stride: inputs,
    maxImages: images,
  };
  const synapses = new LinearSynapses(team, source, flat(outputs), false);
  const size = `${images} rows, ${inputs} -> ${outputs}`;
  const operations = 2 * images * inputs * outputs;
  return both(surroundings(team, synapses, images), synapses, images, {
    kernel: "linearDense",
    size,
    rate: undefined,
    operations,
  });
}

/**
 * All cases, ready to run on the team.
 *
 * @param {Team} team
 * @returns {KernelCase[]}
 */
export function kernelCases(team) {
  return [...denseCases(team), ...convolutionCases(team), ...realCases(team)];
}

/**
 * Dendritic Localized Learning (Lv et al. 2025, arXiv 2501.09976) on a non-spiking net of images: errors come down by weights of their own, Theta.
 *
 *   delta_L = softmax(y) - one-hot,  xi_i = clip(Theta_i^T delta_{i+1}, +-limit),  delta_i = xi_i f'(z_i) [through the norm, where there is one]
 *   W_i descends along delta_{i+1} u_i^T;  Theta_i along delta_{i+1} xi_i^T, at a tenth of W's rate;  both means over the images
 *
 * Errors here are output minus target, the paper's target minus output; both signs give the same updates.
 *
 * Theta_i has the shape of W_i, its transpose takes errors down. The equations are the authors' for full connections; of a convolution Theta_i is here a 3x3 kernel of its own, by
 * which errors go down as by the convolution's transpose, from the winners of its pools, and whose gradient sums delta xi over all pixels a tap joins. The authors' convolutional
 * nets have no norm; with one, f' includes the norm's own derivative, which is local to the layer.
 */

import { BLOCK } from "../engine/kernels.ts";
import { multiply } from "../engine/matrix.ts";
import type { Address, Region } from "../engine/memory.ts";
import { RandomStream } from "../engine/random.ts";
import { buildSynapses } from "../nets/build.ts";
import { DenseParameters } from "../nets/dense.ts";
import type { RecurrentNet } from "../nets/dense-recurrent-net.ts";
import { InputGradient } from "../nets/input-gradient.ts";
import type { LayeredNet } from "../nets/layered-net.ts";
import { layerSlots, ParameterGroup, type Stateful } from "../nets/parameters.ts";
import { pixelsOf, tilesOf } from "../nets/shape.ts";
import type { Synapses } from "../nets/synapses.ts";
import { AnnImageLearner, type AnnImageNet, type AnnImageNetOptions } from "./ann-images.ts";
import { finishDrive } from "./backward-stage.ts";
import type { OptimiserOptions } from "./optimiser.ts";
import type { Batch, LearningRates, SequenceStepReport, StepReport } from "./rule.ts";

import { AnnLearner } from "./sequence-learners.ts";

/** What rule dll is told on images. */
export interface ImageDllOptions {
  /** Theta's learning rate over W's. */
  readonly feedbackLearningRate: number;
  /** Largest size of an error xi of one image. */
  readonly errorLimit: number;
}

/** Defaults of rule dll on images: feedbackLearningRate 0.1, errorLimit 50. */
export const imageDllDefaults: ImageDllOptions = { feedbackLearningRate: 0.1, errorLimit: 50 };

/** Theta of a hidden stage, from the errors of the stage above. */
export interface Feedback extends Stateful {
  readonly name: string;
  /** W's twin: reads xi where W reads the stage's values. */
  readonly synapses: Synapses;
  readonly group: ParameterGroup;
  readonly down: InputGradient;
  /** xi as rows, times the number of images. */
  readonly rows: Address;
  readonly stride: number;
}

/**
 * Dendritic Localized Learning (Lv et al. 2025, arXiv 2501.09976): errors come down by learned weights Theta of their own,
 *
 *     xi_i = clip(Theta_i^T delta_{i+1}, +-limit),   delta_i = xi_i f'(z_i)
 *
 * `rates.perception` is W's rate, `learningRates.recall` is not used.
 *
 * @example
 * const learner = new ImageDll(annImageNet(team, net, "dll"), imageDllDefaults, { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 */
export class ImageDll extends AnnImageLearner {
  readonly #options: ImageDllOptions;
  /** Theta of each hidden stage, in the order of W's of the stage above. */
  readonly feedback: readonly Feedback[];
  /** xi of whichever stage is at work, in tiles. */
  readonly #xi: Region<Float32Array>;

  constructor(image: AnnImageNet, dll: ImageDllOptions, optimiser: OptimiserOptions) {
    const { net, options } = image;
    const feedback = feedbackOf(net, options);
    super(image, optimiser, feedback);
    this.#options = dll;
    this.feedback = feedback;
    this.#xi = net.team.arena.f32(Math.max(0, ...feedback.map(({ down }) => down.floats(options.maxImages, 1))));
  }

  step(batch: Batch, learningRates: LearningRates): StepReport {
    const { net, optimiser } = this;
    const { labels } = batch;
    const images = this.begin(batch);
    net.forward(images, true);
    const report = this.report(this.compare(labels, 1 / images), images);
    net.readout.backward(images, "rate", this.errors.at);
    for (let k = net.hidden.length - 1; k >= 0; k--) this.#learn(k, images);
    this.updateNet(learningRates.perception);
    for (const { group } of this.feedback)
      optimiser.update(group, learningRates.perception * this.#options.feedbackLearningRate);
    optimiser.finish();
    return report;
  }

  /** xi, delta and all gradients of a hidden stage, from delta of the stage above at its workspace. Both are means' parts: divided by the number of images. */
  #learn(k: number, images: number): void {
    const { net, team } = this;
    const stage = net.hidden[k]!;
    const { workspace } = net.layers[k + 1]!;
    const { synapses, group, down, rows, stride } = this.feedback[k]!;
    const { shape } = stage;
    const xi = this.#xi.at;
    down.run(images, workspace, 1, xi);
    team.run("clipErrors", tilesOf(shape) * images, {
      images,
      pixels: pixelsOf(shape),
      channels: shape.channels,
      stride,
      errorLimit: this.#options.errorLimit / images,
      // delta carries the mean's division already, so xi in rows must not.
      factor: images,
      xi,
      rows,
    });
    synapses.gradient(group, images, workspace, 0);
    finishDrive(team, images, stage, stage.toDrive(images, { at: xi }));
    stage.synapses.gradient(stage.group, images, stage.workspace, 0);
  }
}

/** Theta of each hidden stage, drawn uniform within 1 / sqrt(errors that meet in one xi). */
function feedbackOf(net: LayeredNet, { maxImages, seed }: AnnImageNetOptions): Feedback[] {
  const { team } = net;
  return net.hidden.map(({ output, shape }, k) => {
    const name = `feedback.stage${k + 2}`;
    const { stride } = output;
    const rows = team.arena.f32(maxImages * stride).at;
    // As with a norm: Theta has no bias.
    const above = net.specs[k + 1]!;
    const source = { kind: "real", shape, at: rows, stride, maxImages } as const;
    const synapses = buildSynapses(team, {
      name,
      seed,
      source,
      spec: { ...above, bias: false },
      maxImages,
      stepwise: true,
    });
    const group = new ParameterGroup(team, name, synapses.blocks);
    const plain = new Float32Array(synapses.plainShape("weight").reduce((a, b) => a * b, 1));
    const inputs = shape.channels * (above.synapses.kind === "conv" ? 1 : pixelsOf(shape));
    const bound = 1 / Math.sqrt(plain.length / inputs);
    new RandomStream(seed, `init ${name}.weight`).fillUniform(plain, -bound, bound);
    synapses.pack("weight", plain, group.view("weight"));
    const { channels } = synapses.shape;
    const slots = (moments: boolean) => layerSlots({ name, group, bundles: [synapses], channels }, moments);
    return { name, synapses, group, down: new InputGradient(team, synapses, group, shape), rows, stride, slots };
  });
}

// Dendritic Localized Learning (Lv et al. 2025, arXiv 2501.09976) on the non-spiking recurrent net: errors come down by weights of their own.
//
// xi_n = clip(Theta_up^T delta_up,n [+ Theta_h^T delta_{n+1}], +-limit),  delta_n = xi_n (1 - h_n^2)
// W_x, W_h, W_y descend along delta_n x_n^T, delta_n h_{n-1}^T, delta_y,n h_n^T;  Theta^T descends along xi delta^T, at a tenth of W's rate
//
// delta_up: the errors of the layer above, or delta_y = softmax(y) - one-hot (symbols), y - target (values) of the read-out; [out][in] of
// Theta_up^T: [width][width above]. Errors here are output minus target, the paper's target minus output; both signs give the same updates.
//
// Temporal credit: by default none comes from later positions. The state of the position before is an input like any other, each position's
// weights learn from that position's own error. With `temporal`, the next position's error comes back too, through weights Theta_h of its own.

/** What rule dll is told on sequences. */
export interface DllOptions {
  /** Theta's learning rate over W's. */
  readonly feedbackLearningRate: number;
  /** Largest size of an error xi. */
  readonly errorLimit: number;
  /** Whether errors also come from the next position, through Theta_h. */
  readonly temporal: boolean;
  /** Draws Theta. */
  readonly seed: number;
}

/** Defaults of rule dll on sequences: feedbackLearningRate 0.1, errorLimit 50, not temporal, seed 0. */
export const dllDefaults: DllOptions = { feedbackLearningRate: 0.1, errorLimit: 50, temporal: false, seed: 0 };

/**
 * Dendritic Localized Learning (Lv et al. 2025, arXiv 2501.09976) on the non-spiking recurrent net: errors come down by learned weights Theta of their own,
 *
 *     xi_n = clip(Theta_up^T delta_up,n [+ Theta_h^T delta_{n+1}], +-limit),   delta_n = xi_n (1 - h_n^2)
 *
 * `rates.perception` is W's rate; `learningRates.recall` is not used.
 *
 * @example
 * const learner = new Dll(net, { ...dllDefaults, seed: 1 }, { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 */
export class Dll extends AnnLearner {
  readonly #options: DllOptions;
  /** Theta of each layer: "above" [width][width above], "next" [width][width]. */
  readonly #feedback: readonly DenseParameters[];
  /** xi of each layer, all positions, laid out like the layer's values. */
  readonly #xi: readonly Region<Float32Array>[];

  constructor(net: RecurrentNet, options: DllOptions, optimiser: OptimiserOptions) {
    const { window, maxRows } = net.windows;
    const feedback = net.layers.map(({ width }, index) => {
      const above = [width, net.above(index).width] as const;
      const shapes = options.temporal ? { above, next: [width, width] as const } : { above };
      return new DenseParameters(net.team, `feedback.stage${index + 2}`, shapes);
    });
    super(net, optimiser, feedback);
    for (const [index, parameters] of feedback.entries()) {
      parameters.initialise(options.seed, { above: net.above(index).width, next: net.layers[index]!.width });
    }
    this.#options = options;
    this.#feedback = feedback;
    this.#xi = net.layers.map(({ stride }) => net.team.arena.f32(window * maxRows * stride));
  }

  /** One update on the windows that were loaded. */
  step(learningRates: LearningRates): SequenceStepReport {
    const { net, optimiser } = this;
    const { window, rows, positions } = net.windows;
    net.forward();
    net.readout.compare(0, positions, 1);
    optimiser.begin();
    const report = this.report(net.readout.sums(0, positions));
    for (let index = net.layers.length - 1; index >= 0; index--) this.#send(index);
    const scale = 1 / positions;
    net.readout.gradient(positions, scale);
    for (const [index, layer] of net.layers.entries()) {
      layer.gradient(window, rows, scale);
      this.#feedbackGradient(index, scale);
    }
    this.updateNet(learningRates.perception);
    for (const { group } of this.#feedback)
      optimiser.update(group, learningRates.perception * this.#options.feedbackLearningRate);
    optimiser.finish();
    return report;
  }

  /** Errors of a layer at all positions, from those of the part above. */
  #send(index: number): void {
    const { net, team } = this;
    const { errorLimit, temporal } = this.#options;
    const { window, rows, positions } = net.windows;
    const layer = net.layers[index]!;
    const above = net.above(index);
    const { stride, width } = layer;
    const feedback = this.#feedback[index]!;
    const xi = { at: this.#xi[index]!.at, stride };
    const product = { columns: width, b: feedback.matrix("above"), c: xi };
    multiply(team, { ...product, rows: positions, depth: above.width, a: above.errorsAt(0) });
    const step = rows * stride;
    if (!temporal) {
      const length = positions * stride;
      team.run("tanhBackward", Math.ceil(length / BLOCK), {
        length,
        errorLimit,
        xi: xi.at,
        h: layer.values.at,
        delta: layer.errors.at,
      });
      return;
    }
    for (let position = window - 1; position >= 0; position--) {
      const from = position * rows;
      const c = { at: xi.at + position * step * 4, stride };
      if (position < window - 1) {
        const a = layer.errorsAt(from + rows);
        multiply(team, { rows, columns: width, depth: width, a, b: feedback.matrix("next"), c, base: "own" });
      }
      team.run("tanhBackward", Math.ceil(step / BLOCK), {
        length: step,
        errorLimit,
        xi: c.at,
        h: layer.valuesAt(from).at,
        delta: layer.errorsAt(from).at,
      });
    }
  }

  #feedbackGradient(index: number, scale: number): void {
    const { net, team } = this;
    const { window, rows, positions } = net.windows;
    const layer = net.layers[index]!;
    const above = net.above(index);
    const feedback = this.#feedback[index]!;
    const b = { at: this.#xi[index]!.at, stride: layer.stride };
    const shared = { columns: layer.width, b, transposed: "a", scale } as const;
    const c = feedback.gradient("above");
    multiply(team, { ...shared, rows: above.width, depth: positions, a: above.errorsAt(0), c });
    // A window of one position has no next one: the gradient stays 0.
    if (!this.#options.temporal || window === 1) return;
    const a = layer.errorsAt(rows);
    multiply(team, { ...shared, rows: layer.width, depth: positions - rows, a, c: feedback.gradient("next") });
  }
}

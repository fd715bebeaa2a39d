/**
 * Two non-spiking nets of images that teach each other: beside the net that names them one of mirrored shapes and weights of its own, Theta, that runs from the classes down to the
 * stimulus. Every stage of both learns from what the other has there, by a loss that each rule chooses; inputs of a stage are constants to it: no error crosses stages.
 *
 *   up     a_1 = stimulus,  a_i = f(W a_{i-1} + b),  y = W a_{L-1} + b
 *   down   c_L = one-hot, a row a class,  c_i = f(Theta c_{i+1} + b'),  c_1 = Theta c_2 + b' (no f)
 *   stage i < L   loss of the rows a_i (a row an image) and c_i (a row a class): trains W into a_i and Theta into c_i
 *   stage L       cross-entropy of softmax(y): trains the last W
 *
 * The feedback net is thrown away at the end.
 */

import { padded } from "../engine/kernels.ts";
import type { Address, Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import type { AlignmentLoss } from "../losses/affinity.ts";
import { type AlignedStage, Alignment } from "../losses/align.ts";
import type { AnnLayer } from "../nets/dense.ts";
import { LayeredNet } from "../nets/layered-net.ts";
import { describeShape, flat, pixelsOf, sizeOf, tilesOf } from "../nets/shape.ts";
import { AnnImageLearner, type AnnImageNet } from "./ann-images.ts";
import { type Freeze, type Learning, learning } from "./bsd.ts";
import type { OptimiserOptions } from "./optimiser.ts";
import type { Batch, LearningRates, StepReport } from "./rule.ts";

// The net that runs from the classes' one-hot rows down to the stimulus, of the shapes an image net has going up.

/** The net from the classes' one-hot rows down to the stimulus. Throws a `shape` error where planes cannot be doubled to the image's. */
export function feedbackNet(team: Team, { options, net }: AnnImageNet): LayeredNet {
  const { kind, image, hidden, classes, seed } = options;
  const unit = 2 ** hidden.length;
  if (kind === "cnn" && (image.height % unit !== 0 || image.width % unit !== 0)) {
    throw new BispikeError(
      "shape",
      `a feedback net doubles its plane up to the image's in ${hidden.length} stages: expected sides divisible by ${unit}, got ${describeShape(image)}`,
    );
  }
  const stride = padded(classes);
  const rows = team.arena.f32(classes * stride);
  for (let c = 0; c < classes; c++) rows.view[c * stride + c] = 1;
  const input = { kind: "real", shape: flat(classes), at: rows.at, stride, maxImages: classes } as const;
  return new LayeredNet(team, { input, spec: net.spec, side: "recall", seed });
}

/** A hidden stage's two halves and their rows. */
interface Stage {
  readonly up: AnnLayer;
  readonly down: AnnLayer;
  readonly aligned: AlignedStage;
  /** c as rows, laid out like a's. */
  readonly rows: Address;
}

/** What the nets' stages compare by. */
export interface MirroredOptions {
  /** The loss of a stage from 1 to L - 1, whose rows have so many numbers. */
  readonly loss: (stage: number, features: number) => AlignmentLoss;
  /** Take each unit's mean away first: over the images, and over the classes. */
  readonly centred: boolean;
  /** Networks that stay as they are drawn. Default "none". */
  readonly freeze?: Freeze;
}

/** `rates.perception` is W's rate, `learningRates.recall` Theta's. Each stage reports its own loss. */
export abstract class MirroredNets extends AnnImageLearner {
  /** From the classes down to the stimulus. */
  readonly feedback: LayeredNet;
  readonly #alignment: Alignment;
  readonly #stages: readonly Stage[];
  readonly #stimulus: AlignedStage;
  readonly #free: Learning;
  /** Rows of the images, centred. */
  readonly #centredRows: Region<Float32Array>;
  /** Gradient of whichever half is at work by its values, in tiles. */
  readonly #gradient: Region<Float32Array>;

  /** Throws a `shape` error where a cnn's sides cannot be halved as often as it pools. */
  protected constructor(image: AnnImageNet, own: MirroredOptions, optimiser: OptimiserOptions) {
    const { options } = image;
    const { team } = image.net;
    const feedback = feedbackNet(team, image);
    super(image, optimiser, feedback.layers);
    const { classes, maxImages } = options;
    const { hidden } = this.net;
    this.feedback = feedback;
    const width = Math.max(this.stimulusWidth, ...hidden.map(({ output }) => output.stride));
    const stageOf = (stage: number, rowWidth: number, features: number): AlignedStage => {
      const loss = own.loss(stage, features);
      return { width: rowWidth, features, loss: () => loss, rivals: "prototypes", centred: own.centred };
    };
    this.#stimulus = stageOf(1, this.stimulusWidth, sizeOf(options.image));
    this.#free = learning(own.freeze);
    // What a stage above reads must stay as it is.
    this.#centredRows = team.arena.f32(own.centred ? maxImages * width : 0);
    this.#stages = hidden.map((up, k) => ({
      up,
      down: feedback.hidden.at(-1 - k)!,
      aligned: stageOf(k + 2, up.output.stride, sizeOf(up.shape)),
      rows: team.arena.f32(classes * up.output.stride).at,
    }));
    this.#alignment = new Alignment(team, {
      rows: maxImages,
      columns: classes,
      stages: [this.#stimulus, ...this.#stages.map(({ aligned }) => aligned)],
    });
    const tiles = hidden.map(({ shape }) => Math.max(maxImages, classes) * pixelsOf(shape) * padded(shape.channels));
    this.#gradient = team.arena.f32(Math.max(0, ...tiles));
  }

  step(batch: Batch, learningRates: LearningRates): StepReport {
    const { net, optimiser, options } = this;
    const { labels } = batch;
    const images = this.begin(batch);
    this.feedback.forward(options.classes, true);
    net.forward(images, true);
    const hidden = [this.#reconstruct(labels), ...this.#stages.map((stage) => this.#align(stage, labels))];
    const report = this.report(this.compare(labels, 1 / images), images, hidden);
    net.readout.backward(images, "rate", this.errors.at);
    for (const { group } of this.#free.perception ? net.layers : [net.readout])
      optimiser.update(group, learningRates.perception);
    if (this.#free.recall) for (const { group } of this.feedback.layers) optimiser.update(group, learningRates.recall);
    optimiser.finish();
    return report;
  }

  /** Stage 1: the feedback net's last weights, against the stimulus. */
  #reconstruct(labels: Uint16Array): number {
    const { classes } = this.options;
    const { readout } = this.feedback;
    const learns = this.#free.recall;
    const { loss, columns } = this.#alignment.align(
      this.#stimulus,
      {
        v: this.stimulus.at,
        rows: labels.length,
        w: readout.features.at,
        columns: classes,
        centredAt: this.#centredRows.at,
        labels,
      },
      { rows: false, columns: learns },
    );
    if (learns) readout.backward(classes, "rate", columns);
    return loss;
  }

  /** A hidden stage's loss and the gradients of both halves. */
  #align({ up, down, aligned, rows }: Stage, labels: Uint16Array): number {
    const { classes } = this.options;
    const { perception, recall } = this.#free;
    const { at, stride } = up.output;
    const images = labels.length;
    down.writeRows(classes, { at: rows, stride, up: 0 });
    const { loss, ...gradients } = this.#alignment.align(
      aligned,
      { v: at, rows: images, w: rows, columns: classes, centredAt: this.#centredRows.at, labels },
      { rows: perception, columns: recall },
    );
    if (perception) this.#backward(up, images, gradients.rows, stride);
    if (recall) this.#backward(down, classes, gradients.columns, stride);
    return loss;
  }

  /** Gradients of one layer, from rows of its values' gradient. */
  #backward(layer: AnnLayer, images: number, rows: Address, stride: number): void {
    const { shape, synapses, group, workspace } = layer;
    const { at } = this.#gradient;
    this.team.run("readoutBackward", tilesOf(shape) * images, {
      images,
      zSteps: 1,
      pixels: pixelsOf(shape),
      channels: shape.channels,
      width: stride,
      gradients: rows,
      g: at,
    });
    synapses.gradient(group, images, workspace, layer.toDrive(images, { at }));
  }
}

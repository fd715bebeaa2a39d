/**
 * Two real-valued nets of images that teach each other: beside the net that names them one of mirrored shapes and weights of its own, Theta, that runs from the classes down to the
 * stimulus. Every stage of both learns from what the other has there, by a loss that each rule chooses; inputs of a stage are constants to it: no error crosses stages.
 *
 *   up     a_1 = stimulus,  a_i = f(W a_{i-1} + b),  y = W a_{L-1} + b
 *   down   c_L = one-hot, a row a class,  c_i = f(Theta c_{i+1} + b'),  c_1 = Theta c_2 + b' (no f)
 *   stage i < L   loss of the rows a_i (a row an image) and c_i (a row a class): trains W into a_i and Theta into c_i
 *   stage L       cross-entropy of softmax(y): trains the last W
 *
 * The feedback net is thrown away at the end.
 */

import { type AlignmentLoss, type Pairing, pairing, pairingRoom } from "../../alignment/affinity.ts";
import { padded } from "../../engine/kernels.ts";
import type { Address, Region } from "../../engine/memory.ts";
import type { LayeredNet } from "../../network/real/layered-net.ts";
import type { RealLayer } from "../../network/real/real-layer.ts";
import { pixelsOf, sizeOf, tilesOf } from "../../network/shape.ts";
import { type Freeze, type Learning, learning } from "../freeze.ts";
import type { OptimiserOptions } from "../optimiser.ts";
import type { Batch, Rates, StepReport } from "../rule.ts";
import { StageAlignment } from "../stage-alignment.ts";
import { feedbackNet } from "./feedback-net.ts";
import { RealImageLearner, statefulLayer } from "./image-learner.ts";
import type { RealImageNet } from "./image-net.ts";

/** A hidden stage's two halves and their rows. */
interface Stage {
  readonly up: RealLayer;
  readonly down: RealLayer;
  readonly loss: AlignmentLoss;
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

/** `rates.perception` is W's rate, `rates.recall` Theta's. Each stage reports its own loss. */
export abstract class MirroredNets extends RealImageLearner {
  /** From the classes down to the stimulus. */
  readonly feedback: LayeredNet;
  readonly #alignment: StageAlignment;
  readonly #pairs: Pairing;
  readonly #stages: readonly Stage[];
  readonly #stimulusLoss: AlignmentLoss;
  readonly #centred: boolean;
  readonly #free: Learning;
  /** Rows of the images, centred. */
  readonly #centredRows: Region<Float32Array>;
  /** Gradient of whichever half is at work by its values, in tiles. */
  readonly #gradient: Region<Float32Array>;

  /** Throws a `shape` error where a cnn's sides cannot be halved as often as it pools. */
  protected constructor(image: RealImageNet, own: MirroredOptions, optimiser: OptimiserOptions) {
    const { options } = image;
    const { team } = image.net;
    const feedback = feedbackNet(team, options);
    super(image, optimiser, feedback.layers.map(statefulLayer));
    const { classes, maxImages } = options;
    const { hidden } = this.net;
    this.feedback = feedback;
    const width = Math.max(this.stimulusWidth, ...hidden.map(({ output }) => output.stride));
    this.#alignment = new StageAlignment(team, maxImages, classes, width);
    this.#pairs = pairingRoom(team.arena, maxImages, classes);
    this.#stimulusLoss = own.loss(1, sizeOf(options.image));
    this.#centred = own.centred;
    this.#free = learning(own.freeze);
    // What a stage above reads must stay as it is.
    this.#centredRows = team.arena.f32(own.centred ? maxImages * width : 0);
    this.#stages = hidden.map((up, k) => ({
      ...{ up, down: feedback.hidden.at(-1 - k)!, loss: own.loss(k + 2, sizeOf(up.shape)) },
      rows: team.arena.f32(classes * up.output.stride).at,
    }));
    const tiles = hidden.map(({ shape }) => Math.max(maxImages, classes) * pixelsOf(shape) * padded(shape.channels));
    this.#gradient = team.arena.f32(Math.max(0, ...tiles));
  }

  step(batch: Batch, rates: Rates): StepReport {
    const { net, optimiser, options } = this;
    const { labels } = batch;
    const images = this.begin(batch);
    this.feedback.forward(options.classes, true);
    net.forward(images, true);
    pairing("prototypes", labels, options.classes, this.#pairs);
    const hidden = [this.#redraw(images), ...this.#stages.map((stage) => this.#align(stage, images))];
    const report = this.report(this.compare(labels, 1 / images), images, hidden);
    net.readout.backward(images, "rate", this.errors.at);
    for (const { group } of this.#free.perception ? net.layers : [net.readout])
      optimiser.update(group, rates.perception);
    if (this.#free.recall) for (const { group } of this.feedback.layers) optimiser.update(group, rates.recall);
    optimiser.finish();
    return report;
  }

  /** Stage 1: the feedback net's last weights, against the stimulus. */
  #redraw(images: number): number {
    const { classes } = this.options;
    const { readout } = this.feedback;
    const rows = { v: this.stimulus.at, rows: images, w: readout.features.at, columns: classes };
    const learns = this.#free.recall;
    const value = this.#alignment.align(
      this.#stimulusLoss,
      this.#pairs,
      { ...rows, width: this.stimulusWidth, centredAt: this.#centredRows.at },
      { centred: this.#centred, rowGradient: false, columnGradient: learns },
    );
    if (learns) readout.backward(classes, "rate", this.#alignment.columnGradient.at);
    return value;
  }

  /** A hidden stage's loss and the gradients of both halves. */
  #align({ up, down, loss, rows }: Stage, images: number): number {
    const { classes } = this.options;
    const { perception, recall } = this.#free;
    const { at, stride } = up.output;
    down.writeRows(classes, { at: rows, stride, up: 0 });
    const value = this.#alignment.align(
      loss,
      this.#pairs,
      { v: at, rows: images, w: rows, columns: classes, width: stride, centredAt: this.#centredRows.at },
      { centred: this.#centred, rowGradient: perception, columnGradient: recall },
    );
    if (perception) this.#backward(up, images, this.#alignment.rowGradient.at, stride);
    if (recall) this.#backward(down, classes, this.#alignment.columnGradient.at, stride);
    return value;
  }

  /** Gradients of one layer, from rows of its values' gradient. */
  #backward(layer: RealLayer, images: number, rows: Address, stride: number): void {
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

/**
 * A hidden stage's own linear classifier, on rows of its features f (firing rates):
 *
 *   y = V f + c,   loss = mean over images of -ln softmax(y)[label],   dL/df = V^T (softmax(y) - one-hot) / images
 *
 * Blocks of its parameters: weight V [classes][cells x channels], bias c [classes]. Feature rows are padded to whole tiles a cell; where no unit is, V must stay 0, or neurons that are
 * not there would be taught to fire.
 */
import { padded } from "../engine/kernels.ts";
import { multiply } from "../engine/matrix.ts";
import type { Address, Region } from "../engine/memory.ts";
import { RandomStream } from "../engine/random.ts";
import type { Team } from "../engine/team.ts";
import { DenseParameters } from "../nets/dense.ts";
import type { NetworkPair } from "../nets/pair.ts";
import { regionsOf, type Slot } from "../nets/parameters.ts";

import type { OptimiserOptions } from "./optimiser.ts";
import { type PerceptionOptions, PerceptionRule, type Reached } from "./perception-rule.ts";
import type { Batch, LearningRates } from "./rule.ts";

export interface ClassifierSizes {
  readonly classes: number;
  /** Of the stage's features: a row is [cell][channels, padded]. */
  readonly cells: number;
  readonly channels: number;
  readonly maxImages: number;
}

export class StageClassifier {
  /** V as [classes][floats a feature row]; see `read` for the plain order. */
  readonly parameters: DenseParameters;
  /** dL/df of the newest `learn`, rows [image][width]. */
  readonly gradient: Region<Float32Array>;
  readonly #team: Team;
  readonly #sizes: ClassifierSizes;
  /** Floats a feature row. */
  readonly #width: number;
  /** Floats a row of logits and errors. */
  readonly #stride: number;
  readonly #logits: Region<Float32Array>;
  readonly #errors: Region<Float32Array>;
  readonly #losses: Region<Float64Array>;
  readonly #labels: Region<Uint16Array>;

  /** Draws weights and bias uniform within 1 / sqrt(cells x channels). */
  constructor(team: Team, name: string, sizes: ClassifierSizes, seed: number) {
    const { classes, cells, channels, maxImages } = sizes;
    const { arena } = team;
    const width = cells * padded(channels);
    this.#width = width;
    this.#team = team;
    this.#sizes = sizes;
    this.#stride = padded(classes);
    this.parameters = new DenseParameters(team, name, { weight: [classes, width], bias: [classes] });
    const bound = 1 / Math.sqrt(cells * channels);
    for (const block of ["weight", "bias"] as const) {
      const plain = new Float32Array(this.#shape(block).reduce((a, b) => a * b, 1));
      new RandomStream(seed, `init ${name}.${block}`).fillUniform(plain, -bound, bound);
      this.write(block, plain);
    }
    this.gradient = arena.f32(maxImages * width);
    this.#logits = arena.f32(maxImages * this.#stride);
    this.#errors = arena.f32(maxImages * this.#stride);
    this.#losses = arena.f64(maxImages);
    this.#labels = arena.u16(maxImages);
  }

  /** Loss of feature rows at an address; fills the gradients of the parameters and of the features. */
  learn(features: Address, labels: Uint16Array): number {
    const { parameters } = this;
    const { classes } = this.#sizes;
    const width = this.#width;
    const team = this.#team;
    const images = labels.length;
    const rows = { at: features, stride: width };
    const logits = { at: this.#logits.at, stride: this.#stride };
    const errors = { at: this.#errors.at, stride: this.#stride };
    const weight = parameters.matrix("weight");
    this.#labels.view.set(labels);
    const forward = { rows: images, columns: classes, depth: width, a: rows, b: weight, c: logits };
    multiply(team, { ...forward, base: parameters.matrix("bias").at });
    team.run("softmaxCrossEntropy", images, {
      classes,
      stride: this.#stride,
      factor: 1 / images,
      logits: this.#logits.at,
      labels: this.#labels.at,
      losses: this.#losses.at,
      gradients: this.#errors.at,
    });
    const down = { at: this.gradient.at, stride: width };
    multiply(team, { rows: images, columns: width, depth: classes, a: errors, b: weight, c: down, transposed: "b" });
    const own = { a: rows, b: errors, c: parameters.gradient("weight") };
    multiply(team, { rows: width, columns: classes, depth: images, ...own, transposed: "a" });
    const bias = parameters.gradient("bias").at;
    team.run("sumRows", this.#stride / 16, {
      rows: images,
      stride: this.#stride,
      scale: 1,
      x: this.#errors.at,
      out: bias,
    });
    let sum = 0;
    for (let k = 0; k < images; k++) sum += this.#losses.view[k]!;
    return sum / images;
  }

  #shape(block: "weight" | "bias"): readonly number[] {
    const { classes, cells, channels } = this.#sizes;
    return block === "weight" ? [classes, cells * channels] : [classes];
  }

  /** Place in a feature row of a plain weight's column. */
  #column(index: number): number {
    const { channels } = this.#sizes;
    return Math.floor(index / channels) * padded(channels) + (index % channels);
  }

  /** A block in plain order, [classes][cell x channels + channel] or [classes], from the parameters or another region of the group. */
  read(block: "weight" | "bias", from: Region<Float32Array> = this.parameters.group.parameters): Float32Array {
    const rows = this.parameters.read(block, from);
    if (block === "bias") return rows;
    const [classes = 0, columns = 0] = this.#shape(block);
    return Float32Array.from(
      { length: classes * columns },
      (_, i) => rows[Math.floor(i / columns) * this.#width + this.#column(i % columns)]!,
    );
  }

  /** Writes a block given in plain order. */
  write(
    block: "weight" | "bias",
    plain: ArrayLike<number>,
    to: Region<Float32Array> = this.parameters.group.parameters,
  ): void {
    if (block === "bias") {
      this.parameters.write(block, plain, to);
      return;
    }
    const [classes = 0, columns = 0] = this.#shape(block);
    const rows = new Float32Array(classes * this.#width);
    for (let i = 0; i < classes * columns; i++)
      rows[Math.floor(i / columns) * this.#width + this.#column(i % columns)] = plain[i]!;
    this.parameters.write(block, rows, to);
  }

  /** Parameters and AdamW's moments as named tensors. */
  *slots(): Generator<Slot> {
    const { group } = this.parameters;
    for (const [prefix, region] of regionsOf(group, true)) {
      for (const block of ["weight", "bias"] as const) {
        yield {
          name: `${prefix}${group.name}.${block}`,
          shape: this.#shape(block),
          read: () => this.read(block, region),
          write: (values) => this.write(block, values, region),
        };
      }
    }
  }
}

// Local losses (Mostafa et al., Frontiers in Neuroscience 12, 2018; Nokland and Eidnes, ICML 2019, their prediction loss): every hidden stage has a linear classifier of its own on
// its firing rates, with cross-entropy, and no gradient goes further down than the stage. The control for BSD: errors as local, made without a second network.
//
// Here a classifier learns by its gradient as the stage does (Mostafa's are fixed and random), at the same rate, and is thrown away at the end of training: only checkpoints to go
// on from keep it. Convolutional features are average-pooled by `pool`, as Nokland and Eidnes do.

/**
 * Local losses (Mostafa et al. 2018; Nokland and Eidnes 2019): each hidden stage learns from a linear classifier and cross-entropy of its own on its firing rates, and no gradient goes further down.
 * Trains perception alone; `learningRates.recall` is not used.
 *
 * @example
 * const pair = new NetworkPair(team, { ...options, networks: "perception" });
 * const rule = new LocalLosses(pair, { top: "cross-entropy", lambda: 0 }, { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 * rule.step({ labels, counter: 0 }, { perception: 3e-3, recall: 0 }).stageLosses;
 */
export class LocalLosses extends PerceptionRule {
  /** What the classifiers read. */
  protected override readonly feature = "rate";
  /** Of hidden stages 2 .. L - 1. */
  readonly classifiers: readonly StageClassifier[];

  constructor(pair: NetworkPair, options: PerceptionOptions, optimiser: OptimiserOptions) {
    const { team, target } = pair;
    const { maxImages, seed } = pair.options;
    const classifiers = pair.perception.slice(0, -1).map((layer, k) => {
      const { channels } = layer.synapses.shape;
      const sizes = { classes: target.classes, cells: layer.cellCount, channels, maxImages };
      return new StageClassifier(team, `classifier.stage${k + 2}`, sizes, seed);
    });
    const beside = classifiers.map(({ parameters }) => parameters.group);
    super(pair, options, optimiser, beside);
    this.classifiers = classifiers;
  }

  protected override atStage(k: number, { labels }: Batch, learningRates: LearningRates): number {
    const { optimiser } = this;
    const layer = this.hidden[k]!;
    const classifier = this.classifiers[k]!;
    const loss = classifier.learn(layer.features.at, labels);
    layer.backward(labels.length, "rate", classifier.gradient.at);
    optimiser.update(layer.group, learningRates.perception);
    optimiser.update(classifier.parameters.group, learningRates.perception);
    return loss;
  }

  protected override atTop({ images, learningRates, gradient }: Reached): void {
    const { conceptDrive } = this.pair;
    conceptDrive.backward(images, "rate", gradient);
    this.optimiser.update(conceptDrive.group, learningRates.perception);
  }

  /** The pair's state, with `optimiser` the classifiers' too. */
  override *slots(optimiser: boolean): Generator<Slot> {
    yield* this.pair.slots(optimiser);
    if (optimiser) for (const classifier of this.classifiers) yield* classifier.slots();
  }
}

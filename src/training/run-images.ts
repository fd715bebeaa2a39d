/** Trained nets of images: those that name them, and autoencoders that reconstruct them. */
import { type Dataset, describeShape, imageBytes, type Split, splitValidation } from "../data/dataset.ts";
import { BispikeError } from "../errors.ts";
import { decideImages } from "../measure/decide.ts";
import { type Evaluation, evaluate } from "../measure/evaluate.ts";
import { familiarityOf, recalledCounts } from "../measure/mismatch.ts";
import { type RecalledImages, recallImages } from "../measure/recall.ts";
import { reconstructedErrors } from "../measure/reconstruction.ts";
import { perceive } from "../nets/inference.ts";
import type { ImageModel } from "../nets/model.ts";
import type { AutoencoderModel } from "../problems/autoencode-learners.ts";
import { drawSpikes, LatentStatistics } from "../problems/latent.ts";
import type { AutoencoderCheckpoint, Checkpoint } from "./checkpoint.ts";
import { bytesOfImage, type ImageInput, type ImageSet } from "./data-sources.ts";
import { createAutoencoder, createModel } from "./nets-and-rules.ts";
import { filesFor } from "./platform.ts";
import { breathe, byName, type EpochOf, type PixelImage, RunBase, type RunParts, shares } from "./run-base.ts";
import { importSlots, importState } from "./state.ts";

/** What a net says of an image. */
export interface ImagePrediction {
  /** Name of the class: the one whose code has the largest cosine with the concept's spikes, ties by the mean drive; of nets that do not spike, the largest output. */
  readonly label: string;
  /** The label's score. */
  readonly confidence: number;
  /** Softmax of the concept's mean drives (outputs, of nets that do not spike) by class name, 0 to 1, sum 1. Spikes decide, so in a close call another class than the label may lead. */
  readonly scores: Readonly<Record<string, number>>;
  /**
   * How well the image fits what recall holds of its label, 0 to 1: at each hidden stage the cosine of perception's firing rates for the image with recall's for the label, and the mean of these
   * over the stages. It is not a probability: compare it with that of images known to be of a class. Null for rules without recall.
   */
  readonly familiarity: number | null;
}

/** Figures of an epoch on images. */
export type ImageEpoch = EpochOf<
  { readonly accuracy: number | null },
  { readonly loss: number; readonly accuracy: number }
>;

/** Part of the data to measure. */
export type Part = "test" | "validation";

/**
 * A net that names the class of an image, and recalls what a class looks like.
 *
 * @example
 * const run = await load("runs/digits", { problem: "classify" });
 * const { label, confidence } = await run.predict(new Float32Array(28 * 28));
 * await run.close();
 */
export class ClassifyRun extends RunBase<Checkpoint, ImageEpoch> {
  override readonly problem = "classify";
  readonly #model: ImageModel;
  #recalledCounts: Float64Array[][] | undefined;
  #recalled: RecalledImages | undefined;

  /** @internal */
  constructor(parts: RunParts<Checkpoint>) {
    super(parts);
    const { team, checkpoint } = parts;
    this.#model = createModel(team, checkpoint.config, checkpoint.data);
    importState(this.#model, checkpoint.tensors, { optimiser: false });
  }

  /** Names of the classes. */
  get labels(): readonly string[] {
    return this.parts.checkpoint.data.classNames;
  }

  /**
   * Names the class of an image. The answer is the same for an image alone and in a list, for any number of threads.
   *
   * @throws BispikeError "shape" or "data" for what is no image of the net's size
   * @example
   * const { label, confidence, familiarity } = await run.predict(pixels);
   */
  async predict(image: ImageInput): Promise<ImagePrediction>;
  async predict(images: readonly ImageInput[]): Promise<ImagePrediction[]>;
  async predict(given: ImageInput | readonly ImageInput[]): Promise<ImagePrediction | ImagePrediction[]> {
    this.use();
    const images = imagesOf(given);
    const model = this.#model;
    const split = splitOf(images ?? [given as ImageInput], model.data.shape);
    const made: ImagePrediction[] = [];
    const { pair } = model;
    if (pair?.recalls) this.#recalledCounts ??= recalledCounts(pair);
    for (let from = 0; from < split.count; from += model.maxImages) {
      const count = model.load(split, everyOne(split), from, Math.min(model.maxImages, split.count - from));
      if (pair) {
        // Random stimulus codes are drawn by an image's number: one for all.
        pair.imageIds.view.fill(0, 0, count);
        perceive(pair, count, true);
      } else model.perceive(count);
      for (const [b, decision] of decideImages(model, count).entries()) {
        const scores = shares(decision.drives);
        const recalled = this.#recalledCounts;
        made.push({
          label: this.labels[decision.class]!,
          confidence: scores[decision.class]!,
          scores: byName(this.labels, scores),
          familiarity: pair && recalled ? familiarityOf(pair, b, decision.class, recalled) : null,
        });
      }
    }
    return images ? made : made[0]!;
  }

  /**
   * What recall draws of a class, in the data's size. Recall learns by cosines, which leave mean and scale free: the drawing is brought to the mean image and the spread of the class's mean.
   *
   * @throws BispikeError "usage" for a name that is no class, and for rules without recall
   */
  async recall(label: string): Promise<PixelImage> {
    this.use();
    const model = this.#model;
    const place = this.labels.indexOf(label);
    if (place < 0) throw new BispikeError("usage", `recall: expected one of ${this.labels.join(", ")}, got ${label}`);
    if (!(model.spiking && model.pair.recalls))
      throw new BispikeError(
        "usage",
        `recall: rule ${this.config.rule.name} trains perception alone; train with bsd()`,
      );
    this.#recalled ??= recallImages(model, this.parts.checkpoint.classMeans);
    const { shape } = model.data;
    const size = imageBytes(shape);
    return { ...sizeOf(shape), pixels: this.#recalled.images.slice(place * size, (place + 1) * size) };
  }

  /**
   * Accuracy, confusion, firing rates and the similarity of the two networks' spikes.
   *
   * @param part of the data it was trained on (of a loaded run in Node: read from where they were), or other images: their test part, all where they have none. Default "test"
   * @throws BispikeError "data" for images of another size or other classes, and for a part that is empty
   */
  async evaluate(part: Part | ImageSet = "test"): Promise<Evaluation> {
    this.use();
    const { split, indices } = await partOf(this.parts, part);
    return evaluate(this.#model, split, indices, breathe);
  }
}

/** What an autoencoder makes of an image. */
export interface Reconstruction {
  /** The image as perception draws it. */
  readonly image: PixelImage;
  /** Perception's latent spikes, 0 or 1, [step][neuron]; null for nets that do not spike. */
  readonly latent: Uint8Array | null;
}

/** How well images are reconstructed: mean squared errors of each network, in units of (pixel / 255) squared; null where a network does not draw. */
export interface ReconstructionErrors {
  readonly images: number;
  readonly mse: number | null;
  readonly recallMse: number | null;
}

/** Figures of an epoch of an autoencoder. */
export type AutoencodeEpoch = EpochOf<
  {
    readonly perceptionMse: number | null;
    readonly recallMse: number | null;
    readonly perceptionPsnr: number | null;
    readonly recallPsnr: number | null;
  },
  { readonly loss: number; readonly perceptionLoss: number; readonly recallLoss: number }
>;

/** How images are drawn anew. */
export interface DrawOptions {
  /** A class of the data, by name. */
  readonly label: string;
  /** Images to draw. Default 1. */
  readonly count?: number;
  /** 0 to 2^53 - 1. Default 1. */
  readonly seed?: number;
}

/**
 * Two autoencoders that share an image.
 *
 * @example
 * const run = await train({ data: await images("mnist"), net: autoencoder([16, 32], { latent: 32 }), epochs: 1 });
 * const { image, latent } = await run.predict(new Float32Array(28 * 28));
 * await run.close();
 */
export class AutoencodeRun extends RunBase<AutoencoderCheckpoint, AutoencodeEpoch> {
  override readonly problem = "autoencode";
  readonly #model: AutoencoderModel;
  #statistics: LatentStatistics | undefined;

  /** @internal */
  constructor(parts: RunParts<AutoencoderCheckpoint>) {
    super(parts);
    const { team, checkpoint } = parts;
    this.#model = createAutoencoder(team, checkpoint.config, checkpoint.data);
    importSlots(this.#model.learner.slots(false), checkpoint.tensors);
  }

  /**
   * Reconstructs an image. The answer is the same for an image alone and in a list, for any number of threads.
   *
   * @throws BispikeError "shape" or "data" for what is no image of the net's size
   */
  async predict(image: ImageInput): Promise<Reconstruction>;
  async predict(images: readonly ImageInput[]): Promise<Reconstruction[]>;
  async predict(given: ImageInput | readonly ImageInput[]): Promise<Reconstruction | Reconstruction[]> {
    this.use();
    const images = imagesOf(given);
    const model = this.#model;
    const { shape } = model.data;
    const split = splitOf(images ?? [given as ImageInput], shape);
    // One at a time: then the bytes cannot depend on the images beside it.
    const made = Array.from({ length: split.count }, (_, b): Reconstruction => {
      model.load(split, everyOne(split), b, 1);
      const latent = model.learner.latent?.encode(1, "perception") ?? null;
      return { image: { ...sizeOf(shape), pixels: model.reconstruct(1, "perception") }, latent };
    });
    return images ? made : made[0]!;
  }

  /** The image that `predict` draws, alone. */
  async reconstruct(image: ImageInput): Promise<PixelImage> {
    return (await this.predict(image)).image;
  }

  /**
   * Draws images from latent spikes like those of a class: each neuron and step fires as often as in the class's training images.
   *
   * @throws BispikeError "usage" for a name that is no class, and for nets that do not spike
   */
  async generate({ label, count = 1, seed = 1 }: DrawOptions): Promise<PixelImage[]> {
    this.use();
    const model = this.#model;
    const { latent, reconstructors } = model.learner;
    const { classNames, shape } = model.data;
    const place = classNames.indexOf(label);
    if (place < 0) throw new BispikeError("usage", `generate: expected one of ${classNames.join(", ")}, got ${label}`);
    if (!latent)
      throw new BispikeError("usage", `generate: rule ${this.config.rule.name} trains a net that has no latent spikes`);
    const by = reconstructors.includes("recall") ? "recall" : "perception";
    this.#statistics ??= await latentStatistics(model, await datasetOf(this.parts, undefined), by);
    const made: PixelImage[] = [];
    const spikes = drawSpikes(this.#statistics.probabilities(place), count, seed, `class ${place}`);
    const size = latent.steps * latent.neurons;
    for (let b = 0; b < count; b++) {
      const drawn = latent.decode(spikes.slice(b * size, (b + 1) * size), 1, by);
      made.push({ ...sizeOf(shape), pixels: model.pixels(drawn, 1) });
    }
    return made;
  }

  /**
   * Mean squared errors of what is drawn.
   *
   * @param part as of `ClassifyRun.evaluate`. Default "test"
   */
  async evaluate(part: Part | ImageSet = "test"): Promise<ReconstructionErrors> {
    this.use();
    const { split, indices } = await partOf(this.parts, part);
    const { reconstructors } = this.#model.learner;
    const errors = await reconstructedErrors(this.#model, split, indices, reconstructors, breathe);
    const errorOf = (by: "perception" | "recall") => errors[reconstructors.indexOf(by)] ?? null;
    return { images: indices.length, mse: errorOf("perception"), recallMse: errorOf("recall") };
  }
}

/** Undefined for a single image. */
function imagesOf(given: ImageInput | readonly ImageInput[]): readonly ImageInput[] | undefined {
  return Array.isArray(given) && typeof given[0] !== "number" ? (given as readonly ImageInput[]) : undefined;
}

function splitOf(images: readonly ImageInput[], shape: Dataset["shape"]): Split {
  const size = imageBytes(shape);
  const bytes = new Uint8Array(images.length * size);
  for (const [b, image] of images.entries()) bytes.set(bytesOfImage(image, shape), b * size);
  return { images: bytes, labels: new Uint16Array(images.length), count: images.length };
}

function everyOne({ count }: Split): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => i);
}

function sizeOf({ height, width, channels }: Dataset["shape"]): Omit<PixelImage, "pixels"> {
  return { height, width, channels };
}

/** The data a run was trained on, or others of the same shape and classes. */
async function datasetOf(
  { checkpoint, source, data: own }: RunParts<Checkpoint | AutoencoderCheckpoint>,
  other: ImageSet | undefined,
): Promise<Dataset> {
  const { data, config } = checkpoint;
  const from = other ?? own;
  const dataset =
    from?.kind === "images"
      ? from.dataset
      : await filesFor(`the data of ${source}`, "give images to evaluate on").loadDataset(config.data);
  const expected = `${describeShape(data.shape)} in ${data.classNames.length} classes`;
  const found = `${describeShape(dataset.shape)} in ${dataset.classes} classes`;
  if (expected !== found)
    throw new BispikeError(
      "data",
      `${dataset.name}: holds images of ${found}, but ${source} was trained on ${expected}`,
    );
  return dataset;
}

async function partOf(
  parts: RunParts<Checkpoint | AutoencoderCheckpoint>,
  part: Part | ImageSet,
): Promise<{ split: Split; indices: Int32Array }> {
  const { config } = parts.checkpoint;
  const dataset = await datasetOf(parts, typeof part === "string" ? undefined : part);
  if (part === "validation") {
    const { validation } = splitValidation(dataset.train, config.data.validation, config.train.seed);
    if (validation.length === 0) throw new BispikeError("data", "evaluate: no images were kept aside for validation");
    return { split: dataset.train, indices: validation };
  }
  const split = part === "test" || dataset.test.count > 0 ? dataset.test : dataset.train;
  if (split.count === 0) throw new BispikeError("data", `evaluate: ${dataset.name} has no test images`);
  return { split, indices: everyOne(split) };
}

/** Training images whose latent spikes are counted, at most. */
const COUNTED = 4096;

async function latentStatistics(
  model: AutoencoderModel,
  dataset: Dataset,
  by: "perception" | "recall",
): Promise<LatentStatistics> {
  const latent = model.learner.latent!;
  const statistics = new LatentStatistics(dataset.classes, latent.neurons, latent.steps);
  const { train } = dataset;
  const { maxImages } = model.learner;
  const indices = everyOne(train).slice(0, COUNTED);
  for (let from = 0; from < indices.length; from += maxImages) {
    const count = Math.min(maxImages, indices.length - from);
    model.load(train, indices, from, count);
    statistics.add(latent.encode(count, by), train.labels.subarray(from, from + count));
    await breathe();
  }
  return statistics;
}

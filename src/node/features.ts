/** Opens the net whose features a Fréchet distance is measured by: one that is shipped, a checkpoint of our own, or an ONNX model. */
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import type { InferenceSession } from "onnxruntime-web";
import { describeShape, type ImageShape, imageBytes } from "../data/dataset.ts";
import { readBytes } from "../data/files.ts";
import { BispikeError } from "../errors.ts";
import { inWords } from "../in-words.ts";
import type { Pixels } from "../measure/decide.ts";
import { type FeatureExtractor, type InputScaling, netInput, spikeFeatures } from "../measure/features.ts";
import type { Shape } from "../nets/shape.ts";
import { featuresOf, inputOf, type Layout, type OnnxInput } from "./onnx-model.ts";
import { openModel } from "./open.ts";

/** The nets that come with the package, by the data they were trained on; `experiments/features-<name>.yaml` trains each again. */
export const shippedFeatures = ["mnist", "fashion-mnist", "cifar10"] as const;
/** Data whose feature nets are part of the package. */
export type ShippedFeatures = (typeof shippedFeatures)[number];

/** How features are opened. */
export interface FeaturesOptions extends OnnxOptions {
  /** Threads of a net of our own. Default 1; 0 for all cores. */
  readonly threads?: number;
}

/** Images of the published data sets. */
const SHAPES: Readonly<Record<ShippedFeatures, Shape>> = {
  mnist: { height: 28, width: 28, channels: 1 },
  "fashion-mnist": { height: 28, width: 28, channels: 1 },
  cifar10: { height: 32, width: 32, channels: 3 },
};

/**
 * The shipped net for a data set, by its name; undefined where there is none: the user must then name one.
 *
 * @param images shape of the images, where it is known: a user's folder may hold others under the same name
 */
export function featuresFor(dataset: string, images?: Shape): ShippedFeatures | undefined {
  const found = shippedFeatures.find((name) => name === dataset);
  if (!found || !images) return found;
  return describeShape(images) === describeShape(SHAPES[found]) ? found : undefined;
}

/**
 * Where a shipped net lies.
 *
 * @throws BispikeError "usage" for another name
 */
export function shippedFile(name: ShippedFeatures): string {
  if (!shippedFeatures.includes(name))
    throw new BispikeError("usage", `shippedFile: expected one of ${shippedFeatures.join(", ")}, got ${inWords(name)}`);
  return fileURLToPath(new URL(`../../assets/features/${name}.safetensors`, import.meta.url));
}

/**
 * Opens features by what names them: a shipped net ("mnist", "fashion-mnist", "cifar10"; called "bispike-mnist features" …), a file that ends in
 * .onnx ("<file name> features"), or a run folder or checkpoint of images ("<experiment's name> features"). Close them when done.
 *
 * @throws BispikeError "checkpoint" or "data" for a missing, damaged or foreign file, "shape" when `images` is not what a net of our own takes
 * @example
 * const extractor = await openFeatures("mnist");
 * distanceName(extractor); // "Fréchet distance, bispike-mnist features"
 */
export async function openFeatures(source: string, options: FeaturesOptions = {}): Promise<OpenedFeatures> {
  if (source.toLowerCase().endsWith(".onnx")) return openOnnxFeatures(source, options);
  const shipped = featuresFor(source);
  const opened = await openModel(shipped ? shippedFile(shipped) : source, options.threads ?? 1);
  const { model, team, checkpoint } = opened;
  if (!model.spiking) {
    await team.close();
    throw new BispikeError(
      "usage",
      `${opened.file}: features are firing rates, but rule ${checkpoint.config.rule.name} trains a non-spiking net; name a run of a spiking rule`,
    );
  }
  const name = options.name ?? (shipped ? `bispike-${shipped} features` : `${checkpoint.config.name} features`);
  const { images } = options;
  if (images && describeShape(images) !== describeShape(model.data.shape)) {
    await team.close();
    throw new BispikeError(
      "shape",
      `${name}: expected images of ${describeShape(model.data.shape)}, got ${describeShape(images)}; name another net with --features`,
    );
  }
  return { ...spikeFeatures(model, name), close: () => team.close() };
}

// Features of any ONNX model a user names, run by onnxruntime-web (WebAssembly; an optional package).
//
// The Inception net of FID: an export of pytorch-fid's InceptionV3 with its default options resizes to 299x299 and scales 0..1 to -1..1 itself, so
// the defaults here fit; exported with normalize_input=False it wants range "-1..1". The graph of the original TensorFlow code (pool_3) takes
// 0..255: range "0..255". Inputs of a fixed size are filled by bilinear interpolation between pixel centres, as PyTorch's with align_corners=False.

/** How a feature net is run. */
export interface OnnxOptions extends InputScaling {
  /** The order of the input's axes. Default: by which axis has 1 or 3 entries; NCHW where that does not tell. */
  readonly layout?: Layout;
  /** Name of the output to read. Default: the first. */
  readonly output?: string;
  /** Images run at once where the model does not say. Default 32. */
  readonly batch?: number;
  /** Size of the images that will come: where the model leaves it open, it is tried at this one. Default 299x299x3. */
  readonly images?: ImageShape;
  /** What figures call the features. Default "<file name> features". */
  readonly name?: string;
}

/** An extractor that holds memory until it is closed. */
export interface OpenedFeatures extends FeatureExtractor {
  /** Frees the net's memory. */
  close(): Promise<void>;
}

/** @internal */
type Runtime = typeof import("onnxruntime-web");

/**
 * @throws BispikeError "platform" that says how to install it
 * @internal
 */
export async function onnxRuntime(load: () => Promise<Runtime> = () => import("onnxruntime-web")): Promise<Runtime> {
  try {
    const runtime = await load();
    // One thread: the order of a model's sums, and so a figure's last digits, then do not depend on the machine.
    runtime.env.wasm.numThreads = 1;
    // What fails is told by the error; warnings about a model are its author's.
    runtime.env.logLevel = "fatal";
    return runtime;
  } catch (cause) {
    throw new BispikeError(
      "platform",
      "features from an ONNX model need the package onnxruntime-web, which cannot be loaded; try: npm install onnxruntime-web",
      { cause },
    );
  }
}

/**
 * Opens a model: one float32 input [N, C, H, W] or [N, H, W, C] of 1 or 3 channels, and an output [N, F] or [N, F, h, w] ([N, h, w, F] with the
 * other order), of which the planes are averaged. Where the input's height and width are left open they are the images' own. Close it when done.
 *
 * @throws BispikeError "data" for a file that is missing or no such model, "usage" for options that do not fit it, "platform" without the runtime
 * @example
 * const extractor = await openOnnxFeatures("inception.onnx");
 * const features = await extractor.features(pixels, shape, count); // [count][extractor.width]
 */
export async function openOnnxFeatures(file: string, options: OnnxOptions = {}): Promise<OpenedFeatures> {
  const bytes = await readBytes(file, undefined, "--features");
  const runtime = await onnxRuntime();
  let session: InferenceSession;
  try {
    session = await runtime.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  } catch (cause) {
    throw new BispikeError("data", `${file}: cannot be loaded as an ONNX model (${reason(cause)})`, { cause });
  }
  try {
    const net = new OnnxNet(file, runtime, session, options);
    const probe = { ...(options.images ?? { height: 299, width: 299 }), channels: 1 };
    const width = (await net.run(new Float32Array(imageBytes(probe)), probe, 1)).length;
    const name = options.name ?? `${basename(file, ".onnx")} features`;
    const features = (images: Pixels, shape: ImageShape, count: number) => net.features(images, shape, count, width);
    return { name, width, features, close: () => session.release() };
  } catch (error) {
    await session.release();
    throw error;
  }
}

function reason(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).trim().replaceAll(/\s+/g, " ");
}

/** A loaded model and how its input is made. */
class OnnxNet {
  readonly #file: string;
  readonly #runtime: Runtime;
  readonly #session: InferenceSession;
  readonly #options: OnnxOptions;
  readonly #input: OnnxInput;
  readonly #output: string;

  constructor(file: string, runtime: Runtime, session: InferenceSession, options: OnnxOptions) {
    const { output = session.outputNames[0]!, batch = 32 } = options;
    if (!session.outputNames.includes(output)) {
      throw new BispikeError(
        "usage",
        `${file}: expected an output among ${session.outputNames.join(", ")}, got ${output}`,
      );
    }
    if (!Number.isInteger(batch) || batch < 1)
      throw new BispikeError("usage", `${file}: batch: expected a whole number from 1, got ${batch}`);
    this.#file = file;
    this.#runtime = runtime;
    this.#session = session;
    this.#options = { ...options, batch };
    this.#input = inputOf(session, file, options.layout);
    this.#output = output;
  }

  async features(images: Pixels, shape: ImageShape, count: number, width: number): Promise<Float32Array> {
    const size = imageBytes(shape);
    const features = new Float32Array(count * width);
    const batch = this.#input.batch ?? this.#options.batch!;
    for (let from = 0; from < count; from += batch) {
      const some = Math.min(batch, count - from);
      const rows = await this.run(images.subarray(from * size, (from + some) * size), shape, some);
      if (rows.length !== some * width) {
        throw new BispikeError(
          "data",
          `${this.#file}: expected ${width} features an image at every size, got ${rows.length / some}`,
        );
      }
      features.set(rows, from * width);
    }
    return features;
  }

  /** Features of at most a batch. */
  async run(images: Pixels, shape: ImageShape, count: number): Promise<Float32Array> {
    const { name, layout, batch, channels, height = shape.height, width = shape.width } = this.#input;
    // A model of a fixed batch is given zeros for the images that are missing.
    const rows = batch ?? count;
    const filled = new Float32Array(rows * height * width * channels);
    filled.set(netInput(images, shape, count, { shape: { height, width, channels }, layout }, this.#options));
    const dims = layout === "NCHW" ? [rows, channels, height, width] : [rows, height, width, channels];
    const feeds = { [name]: new this.#runtime.Tensor("float32", filled, dims) };
    try {
      const outputs = await this.#session.run(feeds, [this.#output], { logSeverityLevel: 4 });
      const where = `${this.#file}: output ${this.#output}`;
      return featuresOf(outputs[this.#output], { layout, rows, count, where });
    } catch (cause) {
      if (cause instanceof BispikeError) throw cause;
      throw new BispikeError("data", `${this.#file}: fails on an input of [${dims.join(", ")}] (${reason(cause)})`, {
        cause,
      });
    }
  }
}

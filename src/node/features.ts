/** Opens the net whose features a Fréchet distance is measured by: one that is shipped, a checkpoint of our own, or an ONNX model. */

import { fileURLToPath } from "node:url";
import { describeShape } from "../data/dataset.ts";
import { BispikeError } from "../errors.ts";
import { inWords } from "../in-words.ts";
import { spikeFeatures } from "../measure/features.ts";
import type { Shape } from "../nets/shape.ts";
import { type OnnxOptions, type OpenedFeatures, openOnnxFeatures } from "./onnx-features.ts";
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

/**
 * Recall from poor cues: part of the picture hidden, or noise over it. Perception decides which concept the cue means and recall draws that concept, so a picture is completed
 * if what is drawn is more like the whole image than the cue was.
 *
 * Correlations are Pearson's over the pixels of two pictures, 0 where one is flat.
 */
import { addNoise, occlude, SIDES, type Side } from "../data/cue.ts";
import { imageBytes, type Split } from "../data/dataset.ts";
import { BispikeError } from "../errors.ts";
import type { Model } from "../network/model.ts";
import { classesOf } from "./classifier.ts";
import { correlation } from "./correlation.ts";
import { recallImages } from "./recalled.ts";

/** How a cue is spoilt. */
export type CueKind = "occlusion" | "noise";

/** Shares of the picture hidden, and standard deviations of noise (1 is from black to white), from mild to severe; 0 is the whole picture. */
export const CUE_SEVERITIES: Readonly<Record<CueKind, readonly number[]>> = {
  occlusion: [0, 0.2, 0.35, 0.5, 0.65, 0.8],
  noise: [0, 0.1, 0.2, 0.3, 0.5, 0.8],
};

/** How well recall completes a damaged picture. */
export interface CuedRecall {
  readonly kind: CueKind;
  /** Share of the picture hidden, or standard deviation of the noise (1 is from black to white); 0 is the whole picture. */
  readonly severity: number;
  /** Cues shown. */
  readonly images: number;
  /** Share of cues whose concept is decided rightly, 0..1. */
  readonly accuracy: number;
  /** Mean correlation of what is recalled with the mean of the image's true class, both less their mean over the classes. */
  readonly withClassMean: number;
  /** Mean correlation of what is recalled with the whole image. */
  readonly withImage: number;
  /** Mean correlation of the cue itself with the whole image: what recall has to beat. */
  readonly cueWithImage: number;
}

/** How pictures are damaged. */
export interface CueOptions {
  /** Default: those of `CUE_SEVERITIES`. */
  readonly severities?: Readonly<Partial<Record<CueKind, readonly number[]>>>;
  /** Of the noise; every image has its own. Default 1. */
  readonly seed?: number;
  /** Sides that are hidden, in turn from image to image. Default: left, right, top, bottom and centre. */
  readonly sides?: readonly Side[];
  /** Awaited between batches; may throw to give up. */
  readonly pause?: () => Promise<void>;
}

/**
 * Accuracy and likeness over severities, occlusion first.
 *
 * @param indices images of `split` that cues are made of; at least one
 * @param means of the training images, as `classMeans` gives them
 * @throws BispikeError "usage" for no images or no sides
 * @example
 * const lines = await cuedRecall(model, dataset.test, indices, checkpoint.classMeans);
 */
export async function cuedRecall(
  model: Model,
  split: Split,
  indices: Int32Array,
  means: Float32Array,
  options: CueOptions = {},
): Promise<CuedRecall[]> {
  const { severities = {}, seed = 1, sides = SIDES, pause } = options;
  if (indices.length === 0 || sides.length === 0)
    throw new BispikeError(
      "usage",
      `cued recall: expected images and sides to hide, got ${indices.length} images and ${sides.length} sides`,
    );
  const whole = chosen(split, indices, imageBytes(model.data.shape));
  const drawn = recallImages(model, means);
  const lines: CuedRecall[] = [];
  for (const kind of ["occlusion", "noise"] as const) {
    for (const severity of severities[kind] ?? CUE_SEVERITIES[kind]) {
      lines.push({ kind, severity, ...measure(kind, severity) });
      await pause?.();
    }
  }
  return lines;

  function measure(kind: CueKind, severity: number): Omit<CuedRecall, "kind" | "severity"> {
    const { shape } = model.data;
    const size = imageBytes(shape);
    const cues = new Uint8Array(whole.images.length);
    for (let k = 0; k < whole.count; k++) {
      const pixels = whole.images.subarray(k * size, (k + 1) * size);
      cues.set(
        kind === "occlusion"
          ? occlude(pixels, shape, sides[k % sides.length]!, severity)
          : addNoise(pixels, shape, severity, seed + k),
        k * size,
      );
    }
    const decisions = classesOf(model, { ...whole, images: cues });
    let [right, withClassMean, withImage, cueWithImage] = [0, 0, 0, 0];
    for (let k = 0; k < whole.count; k++) {
      const [decision, truth] = [decisions[k]!, whole.labels[k]!];
      const image = whole.images.subarray(k * size, (k + 1) * size);
      if (decision === truth) right++;
      withClassMean += drawn.correlations[decision]![truth]!;
      withImage += correlation(drawn.images.subarray(decision * size, (decision + 1) * size), image);
      cueWithImage += correlation(cues.subarray(k * size, (k + 1) * size), image);
    }
    const { count } = whole;
    return {
      ...{ images: count, accuracy: right / count, withClassMean: withClassMean / count },
      ...{ withImage: withImage / count, cueWithImage: cueWithImage / count },
    };
  }
}

/** The images at `indices`, copied. */
function chosen(split: Split, indices: Int32Array, size: number): Split {
  const images = new Uint8Array(indices.length * size);
  for (const [k, index] of indices.entries())
    images.set(split.images.subarray(index * size, (index + 1) * size), k * size);
  return { images, labels: Uint16Array.from(indices, (index) => split.labels[index]!), count: indices.length };
}

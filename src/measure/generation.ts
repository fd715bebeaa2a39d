/** How good reconstructed or generated images are, gathered batch by batch. */
import type { ImageShape } from "../data/dataset.ts";
import { BispikeError } from "../errors.ts";
import { checkRows, clampRows, type Pixels } from "./decide.ts";
import { distanceName, type FeatureExtractor } from "./features.ts";
import { FeatureStatistics, type FrechetDistance, frechetDistance } from "./frechet.ts";
import {
  bandErrors,
  DEFAULT_CUT,
  meanSquaredErrors,
  peakSignalToNoise,
  structuralSimilarities,
} from "./image-quality.ts";

/** Images and what was reconstructed of each: [count][height][width][channel], pixels 0..1. */
export interface GenerationBatch {
  readonly originals: Pixels;
  readonly reconstructed: Pixels;
  /** Images. */
  readonly count: number;
}

/** How reconstructed images are measured. */
export interface GenerationOptions {
  readonly shape: ImageShape;
  /** The net whose features the distributions are compared by. Default: no Fréchet distance. */
  readonly features?: FeatureExtractor;
  /** Frequency up to which errors count as low, cycles a pixel. Default 0.25. */
  readonly cut?: number;
}

/** Fréchet distance with the name it must be called by. */
export interface NamedFrechet extends FrechetDistance {
  /** "Fréchet distance, bispike-mnist features". */
  readonly name: string;
}

/** Means over the images; errors in units of pixels 0..1. */
export interface GenerationMeasures {
  readonly images: number;
  /** Mean squared error, in squares of pixels 0..1. */
  readonly mse: number;
  /** Mean of the images' PSNR, dB; an image without any error has none and is left out. Infinity when all are without. */
  readonly psnr: number;
  /** Mean structural similarity, at most 1. */
  readonly ssim: number;
  /** The part of `mse` below the cut. */
  readonly lowError: number;
  /** The part of `mse` above the cut. */
  readonly highError: number;
  /** null without features. */
  readonly frechet: NamedFrechet | null;
}

/**
 * Measures reconstructed images against their originals. What is reconstructed is measured as a picture shows it: clamped to 0..1.
 *
 * @param batches one after the other, so a batch's arrays may be filled again for the next
 * @throws BispikeError "shape" or "data" for rows that are not images of the shape, or for no images (with features: fewer than 2)
 * @example
 * const { psnr, frechet } = await measureGeneration(batches(), { shape, features: await openFeatures("mnist") });
 */
export async function measureGeneration(
  batches: Iterable<GenerationBatch> | AsyncIterable<GenerationBatch>,
  options: GenerationOptions,
): Promise<GenerationMeasures> {
  const meter = new GenerationMeter(options);
  for await (const batch of batches) await meter.add(batch);
  return meter.measures();
}

/**
 * Measures reconstructed images against their originals as `measureGeneration` does, for callers with a loop of their own.
 *
 * @example
 * const meter = new GenerationMeter({ shape });
 * await meter.add({ originals, reconstructed, count });
 * meter.measures().psnr;
 */
export class GenerationMeter {
  readonly #options: GenerationOptions;
  readonly #sums = { mse: 0, psnr: 0, ssim: 0, lowError: 0, highError: 0 };
  readonly #sets: { originals: FeatureStatistics; reconstructed: FeatureStatistics } | undefined;
  #images = 0;
  #exact = 0;

  constructor(options: GenerationOptions) {
    this.#options = options;
    const { features } = options;
    if (features)
      this.#sets = {
        originals: new FeatureStatistics(features.width),
        reconstructed: new FeatureStatistics(features.width),
      };
  }

  /**
   * Takes in a batch, which is not kept.
   *
   * @throws BispikeError "shape" or "data" for rows that are not `count` images of the shape
   */
  async add({ originals, reconstructed, count }: GenerationBatch): Promise<void> {
    const { shape, features, cut = DEFAULT_CUT } = this.#options;
    checkRows("reconstructed images", reconstructed, shape, count);
    const drawn = clampRows(reconstructed);
    const errors = meanSquaredErrors(originals, drawn, shape, count);
    const similarities = structuralSimilarities(originals, drawn, shape, count);
    const { low, high } = bandErrors(originals, drawn, shape, count, cut);
    const sums = this.#sums;
    for (let image = 0; image < count; image++) {
      sums.mse += errors[image]!;
      sums.ssim += similarities[image]!;
      sums.lowError += low[image]!;
      sums.highError += high[image]!;
      if (errors[image] === 0) this.#exact++;
      else sums.psnr += peakSignalToNoise(errors[image]!);
    }
    this.#images += count;
    if (features && this.#sets) {
      this.#sets.originals.add(await features.features(originals, shape, count), count);
      this.#sets.reconstructed.add(await features.features(drawn, shape, count), count);
    }
  }

  /**
   * Over all batches so far.
   *
   * @throws BispikeError "data" for no images, and with features for fewer than 2
   */
  measures(): GenerationMeasures {
    const images = this.#images;
    if (images === 0)
      throw new BispikeError("data", "measures of reconstructed images: expected at least one image, got none");
    const { mse, psnr, ssim, lowError, highError } = this.#sums;
    const inexact = images - this.#exact;
    const { features } = this.#options;
    return {
      images,
      mse: mse / images,
      psnr: inexact === 0 ? Number.POSITIVE_INFINITY : psnr / inexact,
      ssim: ssim / images,
      lowError: lowError / images,
      highError: highError / images,
      frechet:
        features && this.#sets
          ? {
              name: distanceName(features),
              ...frechetDistance(this.#sets.originals.gaussian(), this.#sets.reconstructed.gaussian()),
            }
          : null,
    };
  }
}

/** Images without originals of their own, such as samples. */
export interface ImageBatch {
  readonly images: Pixels;
  readonly count: number;
}

/**
 * Statistics of a set's features, clamped to 0..1: `frechetDistance` of two sets' Gaussians compares samples with real images.
 *
 * @throws BispikeError "shape" or "data" for rows that are not images of the shape
 * @example
 * const real = await featureStatistics(extractor, testBatches(), shape);
 * const drawn = await featureStatistics(extractor, samples(), shape);
 * frechetDistance(real.gaussian(), drawn.gaussian()).value;
 */
export async function featureStatistics(
  extractor: FeatureExtractor,
  batches: Iterable<ImageBatch> | AsyncIterable<ImageBatch>,
  shape: ImageShape,
): Promise<FeatureStatistics> {
  const statistics = new FeatureStatistics(extractor.width);
  for await (const { images, count } of batches) {
    checkRows("images", images, shape, count);
    statistics.add(await extractor.features(clampRows(images), shape, count), count);
  }
  return statistics;
}

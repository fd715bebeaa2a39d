import { describe, expect, it } from "vitest";
import type { FeatureExtractor } from "../../src/measure/features.ts";
import { frechetDistance } from "../../src/measure/frechet.ts";
import { featureStatistics, type GenerationBatch, measureGeneration } from "../../src/measure/generation.ts";

const shape = { height: 2, width: 2, channels: 1 };
const flat = (...values: number[]) => Float32Array.from(values.flatMap((value) => [value, value, value, value]));

/** Brightness and contrast of an image, and how often it was asked. */
function meter(): FeatureExtractor & { asked: number } {
  return {
    name: "brightness features",
    width: 1,
    asked: 0,
    async features(images, _, count) {
      this.asked += count;
      return Float32Array.from({ length: count }, (_, k) => images[4 * k]!);
    },
  };
}

describe("measureGeneration", () => {
  it("averages over images, whatever their batches", async () => {
    // Flat images: errors of 0, 1/2 and 1 in brightness alone.
    const originals = [0.5, 0.25, 0];
    const reconstructed = [0.5, 0.75, 1];
    const similarity = (a: number, b: number) => (2 * a * b + 1e-4) / (a * a + b * b + 1e-4);
    for (const batches of [[3], [1, 2], [1, 1, 1]]) {
      let from = 0;
      const dealt = batches.map((count) => {
        const [a, b] = [originals, reconstructed].map((values) => flat(...values.slice(from, from + count)));
        from += count;
        return { originals: a!, reconstructed: b!, count };
      });
      const features = meter();
      const measured = await measureGeneration(dealt, { shape, features });
      expect(measured.images).toBe(3);
      expect(measured.mse).toBeCloseTo((0 + 0.25 + 1) / 3, 12);
      expect(measured.lowError).toBeCloseTo(measured.mse, 12);
      expect(measured.highError).toBeCloseTo(0, 12);
      // The first image is drawn without an error, and has no ratio.
      expect(measured.psnr).toBeCloseTo((10 * Math.log10(4) + 0) / 2, 10);
      expect(measured.ssim).toBeCloseTo((1 + similarity(0.25, 0.75) + similarity(0, 1)) / 3, 7);
      // Means 1/4 and 3/4, deviations of 1/4 each.
      expect(measured.frechet?.name).toBe("Fréchet distance, brightness features");
      expect(measured.frechet?.value).toBeCloseTo(0.25, 12);
      expect(measured.frechet).toMatchObject({ features: 1, images: [3, 3], notes: [] });
      expect(features.asked).toBe(6);
    }
  });

  it("measures what a picture shows: beyond black and white there is nothing", async () => {
    const batch = { originals: flat(1, 0), reconstructed: flat(1.5, -2), count: 2 };
    const measured = await measureGeneration([batch], { shape });
    expect(measured).toMatchObject({ mse: 0, psnr: Number.POSITIVE_INFINITY, frechet: null });
    expect(measured.ssim).toBeCloseTo(1, 12);
    expect([...batch.reconstructed]).toEqual([...flat(1.5, -2)]);
  });

  it("takes batches as they are made, from one buffer", async () => {
    const buffer = new Float32Array(4);
    async function* batches(): AsyncGenerator<GenerationBatch> {
      for (const value of [0.5, 0.25]) {
        buffer.fill(value);
        yield { originals: flat(0), reconstructed: buffer, count: 1 };
      }
    }
    const { mse } = await measureGeneration(batches(), { shape, features: meter() });
    expect(mse).toBeCloseTo((0.25 + 0.0625) / 2, 12);
  });

  it("splits errors at the cut it is given", async () => {
    // Stripes: a frequency of 1/2 along the lines.
    const stripes = { originals: Float32Array.of(0.25, 0.75, 0.25, 0.75), reconstructed: flat(0.5), count: 1 };
    const at = async (cut: number) => (await measureGeneration([stripes], { shape, cut })).highError;
    expect(await at(0.4)).toBeCloseTo(0.0625, 12);
    expect(await at(0.5)).toBeCloseTo(0, 12);
  });

  it("refuses no images, rows of another size, and one image where distributions are asked for", async () => {
    await expect(measureGeneration([], { shape })).rejects.toThrow("expected at least one image, got none");
    const short = { originals: flat(1), reconstructed: new Float32Array(3), count: 1 };
    await expect(measureGeneration([short], { shape })).rejects.toThrow(
      "reconstructed images: expected 1 images of 2x2x1",
    );
    const one = { originals: flat(1), reconstructed: flat(1), count: 1 };
    await expect(measureGeneration([one], { shape, features: meter() })).rejects.toThrow("at least 2 images, got 1");
  });
});

describe("featureStatistics", () => {
  it("compares sets without pairs, of different sizes", async () => {
    const real = await featureStatistics(meter(), [{ images: flat(0, 1), count: 2 }], shape);
    const drawn = await featureStatistics(
      meter(),
      [
        { images: flat(0.25), count: 1 },
        { images: flat(0.5, 0.75), count: 2 },
      ],
      shape,
    );
    // Means equal; deviations sqrt(1/2) and 1/4.
    expect(frechetDistance(real.gaussian(), drawn.gaussian()).value).toBeCloseTo((Math.SQRT1_2 - 0.25) ** 2, 12);
  });
});

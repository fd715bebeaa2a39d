/** What holds of every corruption, whatever the image: nothing at severity 0, more damage at each severity, and the same bytes whatever else is corrupted beside it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import "../support/property-seed.ts";
import { imageBytes } from "../../src/data/dataset.ts";
import { corruptImage, corruptSplit, IMAGE_CORRUPTIONS, SEVERITIES } from "../../src/measure/corruptions.ts";

const picture = fc
  .record({
    height: fc.integer({ min: 1, max: 12 }),
    width: fc.integer({ min: 1, max: 12 }),
    channels: fc.integer({ min: 1, max: 4 }),
  })
  .chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      pixels: fc.uint8Array({ minLength: imageBytes(shape), maxLength: imageBytes(shape) }),
    }),
  );
const severity = fc.constantFrom(...SEVERITIES);
const number = fc.nat(100_000);

describe.each(IMAGE_CORRUPTIONS)("%s", (name) => {
  it("severity 0 changes nothing; others make a new image of the same size, always the same, and leave the old one alone", () => {
    fc.assert(
      fc.property(picture, severity, number, number, ({ shape, pixels }, level, seed, image) => {
        const before = pixels.slice();
        const whole = corruptImage(name, pixels, shape, { severity: 0, seed, image });
        expect(whole).toEqual(pixels);
        expect(whole).not.toBe(pixels);
        const spoilt = corruptImage(name, pixels, shape, { severity: level, seed, image });
        expect(pixels).toEqual(before);
        expect(spoilt).toHaveLength(pixels.length);
        expect(corruptImage(name, pixels, shape, { severity: level, seed, image })).toEqual(spoilt);
      }),
    );
  });

  it("an image's bytes do not depend on which others are corrupted, nor in what order", () => {
    fc.assert(
      fc.property(
        picture,
        severity,
        fc.uniqueArray(fc.nat(7), { minLength: 1 }),
        ({ shape, pixels }, level, chosen) => {
          const size = pixels.length;
          // Eight images, each another turn of the same.
          const images = Uint8Array.from({ length: 8 * size }, (_, at) => pixels[(at + Math.floor(at / size)) % size]!);
          const split = { images, labels: new Uint16Array(8), count: 8 };
          const options = { severity: level, seed: 3 };
          const all = corruptSplit(name, split, Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7), shape, options);
          const some = corruptSplit(name, split, Int32Array.from(chosen), shape, options);
          for (const image of chosen)
            expect(some.images.subarray(image * size, (image + 1) * size)).toEqual(
              all.images.subarray(image * size, (image + 1) * size),
            );
        },
      ),
      { numRuns: 40 },
    );
  });

  it("does more damage at each severity: mean squared distance from rings and discs", () => {
    const shape = { height: 28, width: 28, channels: 1 };
    const distance = (level: number) => {
      let sum = 0;
      for (let image = 0; image < 40; image++) {
        const [radius, thick] = [4 + (image % 6), 2 + (image % 3)];
        const pixels = Uint8Array.from({ length: 784 }, (_, at) => {
          const from = Math.hypot(Math.floor(at / 28) - 13.5, (at % 28) - 13.5);
          return Math.abs(from - radius) < thick ? 230 : 10;
        });
        const spoilt = corruptImage(name, pixels, shape, { severity: level, image });
        sum += spoilt.reduce((total, value, at) => total + (value - pixels[at]!) ** 2, 0);
      }
      return sum;
    };
    const distances = [0, ...SEVERITIES].map(distance);
    expect(distances[0]).toBe(0);
    for (const level of SEVERITIES)
      expect(distances[level], `severity ${level}`).toBeGreaterThan(distances[level - 1]!);
  });
});

it.each(IMAGE_CORRUPTIONS.filter((name) => name !== "noise"))("%s treats channels as images of their own", (name) => {
  fc.assert(
    fc.property(picture, severity, number, ({ shape, pixels }, level, image) => {
      const { channels } = shape;
      const spoilt = corruptImage(name, pixels, shape, { severity: level, image });
      for (let c = 0; c < channels; c++) {
        const own = (values: Uint8Array) => values.filter((_, at) => at % channels === c);
        const alone = corruptImage(name, own(pixels), { ...shape, channels: 1 }, { severity: level, image });
        expect(alone).toEqual(own(spoilt));
      }
    }),
  );
});

it.each(["noise", "shift", "occlusion"] as const)("%s differs by seed, severity and image", (name) => {
  const shape = { height: 28, width: 28, channels: 1 };
  const pixels = Uint8Array.from({ length: 784 }, (_, at) => 100 + (at % 100));
  const several = (seed: number, shown: number, from: number) =>
    Array.from({ length: 12 }, (_, k) => [
      ...corruptImage(name, pixels, shape, { severity: shown, seed, image: from + k }),
    ]);
  const one = several(1, 2, 0);
  expect(several(2, 2, 0)).not.toEqual(one);
  expect(several(1, 3, 0)).not.toEqual(one);
  expect(several(1, 2, 12)).not.toEqual(one);
  expect(several(1, 2, 0)).toEqual(one);
});

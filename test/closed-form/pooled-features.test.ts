/** What a cnn's two networks are compared by where features are pooled: perception by its cells' means or energies, recall by means whatever perception has, counted spike by spike. */
import { expect, test } from "vitest";
import type { Layer } from "../../src/nets/layer.ts";
import { randomImages, smallPair } from "../support/small-pair.ts";

const IMAGES = 5;
const STEPS = 4;

/** Pooled firing rates [row][cell][channel], by their mean or the root of their mean square. */
function pooled(layer: Layer, rows: number, energy: boolean): number[] {
  const { height, width, channels } = layer.synapses.shape;
  const sums = new Float64Array(rows * 4 * channels);
  for (let row = 0; row < rows; row++) {
    for (let pixel = 0; pixel < height * width; pixel++) {
      const [y, x] = [Math.floor(pixel / width), pixel % width];
      const cell = Math.floor((2 * y) / height) * 2 + Math.floor((2 * x) / width);
      for (let c = 0; c < channels; c++) {
        let spikes = 0;
        for (let t = 0; t < STEPS; t++) if (layer.output!.fired(row, t, pixel, c)) spikes++;
        sums[(row * 4 + cell) * channels + c]! +=
          (energy ? (spikes / STEPS) ** 2 : spikes / STEPS) / ((height * width) / 4);
      }
    }
  }
  return Array.from(sums, (sum) => (energy ? Math.sqrt(sum) : sum));
}

/** The layer's own feature rows, without their padding. */
function features({ features: { view }, featureWidth, synapses }: Layer, rows: number): number[] {
  const { channels } = synapses.shape;
  return Array.from({ length: rows * 4 * channels }, (_, i) => {
    const [row, cell] = [Math.floor(i / channels / 4), Math.floor(i / channels) % 4];
    return view[row * featureWidth + cell * (featureWidth / 4) + (i % channels)]!;
  });
}

test.each(["mean", "energy"] as const)("pooling %s", async (pooling) => {
  const { team, pair, step } = await smallPair({
    network: { kind: "cnn", pool: 2, pooling, keepDrives: true, hidden: [5, 18] },
    rule: { centred: false, rivals: "literal" },
  });
  try {
    step(randomImages(pair, IMAGES));
    for (const { perception, recall } of pair.hiddenStages()) {
      for (const [layer, energy] of [
        [perception, pooling === "energy"],
        [recall, false],
      ] as const) {
        const found = features(layer, IMAGES);
        const wanted = pooled(layer, IMAGES, energy);
        const worst = Math.max(...wanted.map((value, i) => Math.abs(value - found[i]!)));
        expect(worst, layer.name).toBeLessThan(1e-6);
        const other = pooled(layer, IMAGES, !energy);
        if (layer.synapses.shape.height > 2)
          expect(Math.max(...wanted.map((value, i) => Math.abs(value - other[i]!))), "the two differ").toBeGreaterThan(
            0.1,
          );
      }
    }
  } finally {
    await team.close();
  }
});

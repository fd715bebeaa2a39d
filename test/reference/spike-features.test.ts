/** Features of our own nets against spikes read one by one, on untrained models of odd sizes. */
import { describe, expect, it } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { spikeFeatures } from "../../src/measure/features.ts";
import { perceive } from "../../src/nets/inference.ts";
import { Model } from "../../src/nets/model.ts";
import { pixelsOf } from "../../src/nets/shape.ts";
import { resolveConfig } from "../../src/training/config.ts";
import { smallDigits } from "../support/small-digits.ts";

const { shape, classNames, test: split } = smallDigits();
const statistics = { mean: [0.25], std: [0.25] };
const COUNT = 7;
const pixels = Float64Array.from(split.images.subarray(0, COUNT * 64), (value) => value / 255);

async function withModel<T>(
  network: { kind: "mlp" | "cnn"; hidden: number[]; stimulus?: "direct" | "latency" },
  use: (model: Model) => T,
  maxImages = 3,
): Promise<T> {
  const team = await Team.create({ maximumPages: 512 });
  try {
    const config = resolveConfig({ data: { name: "mnist" }, network: { ...network, steps: 5 } });
    const options = { network: config.network, seed: 4, maxImages };
    const model = new Model(team, options, { name: "bars", shape, classNames, statistics });
    // Untrained nets are silent on their first running statistics: louder norms.
    for (const { group } of model.pair.perception.slice(0, -1)) {
      group.view("gamma").fill(4);
      group.view("beta").fill(0.5);
    }
    return await use(model);
  } finally {
    await team.close();
  }
}

describe("spikeFeatures", () => {
  it.each([
    { kind: "cnn", hidden: [5, 19] },
    { kind: "mlp", hidden: [20, 33] },
    { kind: "cnn", hidden: [16], stimulus: "latency" },
  ] as const)("are the last hidden stage's rates: $kind $hidden", async ({ hidden, ...network }) => {
    await withModel({ ...network, hidden: [...hidden] }, async (model) => {
      const extractor = spikeFeatures(model, "test features");
      const width = hidden.at(-1)!;
      expect([extractor.name, extractor.width]).toEqual(["test features", width]);
      const features = await extractor.features(pixels, shape, COUNT);
      const { output } = model.pair.perception.at(-2)!;
      const expected: number[] = [];
      for (let image = 0; image < COUNT; image++) {
        model.load(split, Int32Array.of(image), 0, 1);
        perceive(model.pair, 1);
        for (let c = 0; c < width; c++) {
          let spikes = 0;
          for (let t = 0; t < 5; t++)
            for (let p = 0; p < pixelsOf(output!.shape); p++) spikes += output!.fired(0, t, p, c) ? 1 : 0;
          expected.push(Math.fround(spikes / (5 * pixelsOf(output!.shape))));
        }
      }
      expect([...features]).toEqual(expected);
      // Some neurons fire and not all alike: else the comparison says nothing.
      expect(new Set(expected).size).toBeGreaterThan(3);
    });
  });

  it("do not depend on the batch an image comes in", async () => {
    const network = { kind: "cnn", hidden: [5, 19] } as const;
    const [few, many] = await Promise.all(
      [2, 7].map((maxImages) =>
        withModel(
          { ...network, hidden: [...network.hidden] },
          (model) => spikeFeatures(model, "").features(pixels, shape, COUNT),
          maxImages,
        ),
      ),
    );
    expect(few).toEqual(many);
    expect(new Set(few).size).toBeGreaterThan(3);
  });

  it("refuse images of another shape", async () => {
    await withModel({ kind: "mlp", hidden: [8] }, async (model) => {
      const other = { height: 4, width: 16, channels: 1 };
      await expect(spikeFeatures(model, "bars features").features(pixels, other, COUNT)).rejects.toThrow(
        "bars features: expected images of 8x8x1, got 4x16x1",
      );
    });
  });
});

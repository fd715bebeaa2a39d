/** Pictures of a model say what the model does: recalled images above the class means, and a raster's panels the spikes of the stage they name. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode } from "fast-png";
import { afterAll, beforeAll, expect, it } from "vitest";
import { recallImages } from "../../src/measure/recall.ts";
import { recordSpikes } from "../../src/nir.ts";
import { writeRaster, writeRecallPicture } from "../../src/node/figures.ts";
import { readPanels } from "../support/read-figure.ts";
import { smallModel } from "../support/small-model.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bispike-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("recalled images stand above the mean images of their classes, ten a row", async () => {
  const { team, model } = await smallModel({ classes: 12 });
  const means = Float32Array.from({ length: 12 * 15 }, (_, i) => ((i * 37) % 101) / 100);
  const { images } = writeRecallPicture(model, means, join(folder, "recall.png"));
  expect(images).toEqual(recallImages(model, means).images);
  const { width, data } = decode(readFileSync(join(folder, "recall.png")));
  // Pixels of 22 x 22, tiles of 5 x 3 of them, 4 apart.
  const tile = (row: number, column: number) =>
    Array.from({ length: 15 }, (_, i) => {
      const [x, y] = [4 + column * 114 + (i % 5) * 22, 4 + row * 70 + Math.floor(i / 5) * 22];
      return data[y * width + x];
    });
  const bytes = (of: Float32Array, c: number) => [...of.subarray(15 * c, 15 * c + 15)].map((v) => Math.round(255 * v));
  for (const c of [0, 3, 9, 10, 11]) {
    const [row, column] = [2 * Math.floor(c / 10), c % 10];
    expect(tile(row, column), `recalled ${c}`).toEqual(bytes(images, c));
    expect(tile(row + 1, column), `mean of ${c}`).toEqual(bytes(means, c));
  }
  await team.close();
});

it.each(["direct", "poisson"] as const)(
  "a raster's panels have the rates of their stages, under a %s stimulus",
  async (stimulus) => {
    const { team, model, split } = await smallModel({ network: { stimulus, hidden: [21, 18, 17] } });
    const { networks, steps, decisions } = recordSpikes(model, split, [2]);
    const decided = writeRaster(model, split, 2, join(folder, stimulus));
    const svg = readFileSync(join(folder, `${stimulus}.svg`), "utf8");
    expect(decided).toBe(decisions[0]);
    const truth = model.data.classNames[split.labels[2]!];
    expect(svg).toContain(`>Image 2 (${truth}), perceived as class ${decided}<`);
    const shown = readPanels(svg).map(({ title, element }) => {
      const left = Number(element.children[1]?.getAttribute("x")) < 400;
      return `${left ? "perception" : "recall"} ${title}`;
    });
    const expected = [...networks].flatMap(([network, trains]) =>
      [...trains].map(([node, { neurons, samples }]) => {
        const own = network === "recall" ? "concept" : "stimulus";
        const name = node === "input" ? own : node.replace("stage", "stage ");
        return `${network} ${name}: ${neurons} neurons, rate ${(samples[0]!.length / (neurons * steps)).toFixed(3)}`;
      }),
    );
    expect(shown.sort()).toEqual(expected.sort());
    expect(new Set(shown.map((title) => title.replace(/.*rate/, ""))).size).toBeGreaterThan(4);
    await team.close();
  },
);

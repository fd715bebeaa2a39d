/** The picture of what training shows in place of images, against the images themselves moved by hand. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decode } from "fast-png";
import { beforeAll, describe, expect, it } from "vitest";
import { augmentDefaults, VariantDraws } from "../../src/data/augment.ts";

import { splitValidation } from "../../src/data/dataset.ts";
import { permutation } from "../../src/engine/random.ts";
import { jsonLines } from "../support/cli.ts";
import { runHere } from "../support/cli-here.ts";
import { expectRefusalHere } from "../support/refusal.ts";
import { smallDigits } from "../support/small-digits.ts";
import { sharedWorkspace } from "../support/small-run.ts";

const workspace = sharedWorkspace();
const [SIDE, BATCH, EPOCHS, SCALE, GAP] = [8, 12, 2, 14, 4];

/** The picture's tiles as rows of 8x8 grey pixels. */
function tilesOf(file: string): number[][][] {
  const { width, data, channels } = decode(readFileSync(file));
  const side = SIDE * SCALE + GAP;
  const at = (x: number, y: number) => data[(y * width + x) * channels]!;
  return Array.from({ length: 1 + EPOCHS }, (_, row) =>
    Array.from({ length: 4 }, (_, column) =>
      Array.from({ length: SIDE * SIDE }, (_, i) =>
        at(GAP + column * side + (i % SIDE) * SCALE + 3, GAP + row * side + Math.floor(i / SIDE) * SCALE + 3),
      ),
    ),
  );
}

describe("a run with variants of its images", () => {
  beforeAll(async () => {
    for (const rule of ["bsd", "backprop-ann"]) {
      const args = [`--rule.name=${rule}`, `--train.epochs=${EPOCHS}`, "--data.augment.shift=2", "--out", rule];
      expect(await runHere(["train", "bars.yaml", ...args], workspace())).toMatchObject({ code: 0, stderr: "" });
    }
  });

  it("draws the first image of each class above what each epoch shows of it", () => {
    const tiles = tilesOf(join(workspace(), "bsd", "augmented.png"));
    const { train, shape } = smallDigits();
    const { train: trainIndices } = splitValidation(train, 0.1, 1);
    const draws = new VariantDraws({ ...augmentDefaults, shift: 2 }, shape, 1);
    const steps = Math.ceil(trainIndices.length / BATCH);
    for (let label = 0; label < 4; label++) {
      const place = trainIndices.findIndex((image) => train.labels[image] === label);
      const image = trainIndices[place]!;
      const pixels = train.images.subarray(SIDE * SIDE * image, SIDE * SIDE * (image + 1));
      expect(tiles[0]![label]).toEqual([...pixels]);
      for (let epoch = 0; epoch < EPOCHS; epoch++) {
        const position = permutation(1, "shuffle", epoch, trainIndices.length).indexOf(place);
        const { right, down } = draws.draw(image, epoch * steps + Math.floor(position / BATCH));
        const expected = Array.from({ length: SIDE * SIDE }, (_, i) => {
          const [x, y] = [(i % SIDE) - right, Math.floor(i / SIDE) - down];
          return x >= 0 && x < SIDE && y >= 0 && y < SIDE ? pixels[y * SIDE + x] : 0;
        });
        expect(tiles[1 + epoch]![label]).toEqual(expected);
      }
    }
  });

  it("plot draws it again, alone or with all the others, of non-spiking nets too", async () => {
    const folder = workspace();
    const picture = (...path: string[]) => readFileSync(join(folder, ...path));
    for (const rule of ["bsd", "backprop-ann"]) {
      const args = ["plot", rule, "--kind", "augmented", "--out", `${rule} alone`, "--json"];
      const { code, stdout } = await runHere(args, folder);
      expect(code).toBe(0);
      expect(jsonLines(stdout)).toEqual([{ files: [join(`${rule} alone`, "augmented.png")] }]);
      expect(picture(`${rule} alone`, "augmented.png")).toEqual(picture(rule, "augmented.png"));
    }
    const { stdout } = await runHere(["plot", "backprop-ann", "--out", "all", "--json"], folder);
    const files = ["curves.svg", "curves.png", "augmented.png"].map((name) => join("all", name));
    expect(jsonLines(stdout)).toEqual([{ files }]);
    // Order, batches and seed are the training's, whatever the rule.
    expect(picture("all", "augmented.png")).toEqual(picture("bsd", "augmented.png"));
  });

  it("is refused of a run on its images as they are", async () => {
    const folder = workspace();
    expect((await runHere(["train", "bars.yaml", "--train.epochs=1", "--out", "plain"], folder)).code).toBe(0);
    await expectRefusalHere(
      ["plot", "plain", "--kind", "augmented"],
      folder,
      2,
      /--kind augmented: expected a run with data\.augment, but plain.best\.safetensors was trained on its images as they are/,
    );
  });

  it("training with a shift beyond the images is refused before it begins", async () => {
    await expectRefusalHere(
      ["train", "bars.yaml", "--data.augment.shift=8", "--out", "beyond"],
      workspace(),
      2,
      /data\.augment\.shift: expected whole pixels from 0 to 7 for images of 8x8x1, got 8/,
    );
  });
});

/** What a trained autoencoder draws, as a user meets it: reconstruct, sample; and messages that help. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decode } from "fast-png";
import { beforeAll, describe, expect, it } from "vitest";
import { jsonLines, runCli } from "../support/cli.ts";
import { expectRefusal } from "../support/refusal.ts";
import { smallDigits, writeSmallDigits } from "../support/small-digits.ts";
import { SMALL_EXPERIMENT, timelessMetrics } from "../support/small-run.ts";
import { trainedAutoencoder } from "../support/trained-autoencoder.ts";

const trained = trainedAutoencoder();
let cwd: string;
beforeAll(() => {
  cwd = trained();
});
const json = (file: string) => JSON.parse(readFileSync(join(cwd, file), "utf8")) as Record<string, unknown>;
const picture = (file: string) => decode(readFileSync(join(cwd, file)));
/** Runs a command that must end well and print one JSON object. */
async function told(...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runCli([...args, "--threads=1", "--json"], cwd);
  expect([code, stderr]).toEqual([0, ""]);
  return jsonLines(stdout)[0]!;
}
/** Values of a tile of 8x8 pixels at `--scale 1`, in the grid's row and column. */
function tile(file: string, row: number, column: number): number[] {
  const { data, width } = picture(file);
  return Array.from({ length: 64 }, (_, i) => {
    const [y, x] = [4 + row * 12 + Math.floor(i / 8), 4 + column * 12 + (i % 8)];
    return data[y * width + x]!;
  });
}
/** The column of a tile that is the brightest in all. */
function brightest(values: readonly number[]): number {
  const sums = Array.from({ length: 8 }, (_, x) =>
    values.filter((_, i) => i % 8 === x).reduce((sum, value) => sum + value, 0),
  );
  return sums.indexOf(Math.max(...sums));
}

describe("reconstruct", () => {
  it("measures again what training measured, and so does eval", async () => {
    const { test } = json("run/summary.json") as { test: object };
    const measured = await told("reconstruct", "run");
    expect(measured).toMatchObject({ ...test, part: "test", data: "bars", out: "reconstruct.png" });
    expect(await told("eval", "run")).toMatchObject({ task: "autoencode", ...test });
  });

  it("tells apart where drawings err, and names the net whose features their distribution is compared by", async () => {
    writeFileSync(join(cwd, "bars.yaml"), SMALL_EXPERIMENT);
    expect((await runCli(["train", "bars.yaml", "--out", "classes", "--quiet"], cwd)).code).toBe(0);
    type Figures = {
      mse: number;
      lowError: number;
      highError: number;
      frechet: { name: string; value: number } | null;
    };
    const plain = (await told("reconstruct", "run")) as unknown as Record<"perception" | "recall", Figures>;
    const { mse, lowError, highError, frechet } = plain.perception;
    expect(lowError + highError).toBeCloseTo(mse, 10);
    // No net is shipped for these images.
    expect(frechet).toBeNull();
    const compared = await told("reconstruct", "run", "--features", "classes");
    expect(compared).toMatchObject({
      perception: { mse, frechet: { name: "Fréchet distance, bars features", value: expect.any(Number) } },
      recall: { frechet: { images: [40, 40] } },
    });
    expect((compared.perception as Figures).frechet!.value).toBeGreaterThan(0);
    await expectRefusal(["reconstruct", "run", "--features", "none.onnx"], cwd, 1, /none\.onnx/);
    await expectRefusal(
      ["reconstruct", "run", "--features", "mnist"],
      cwd,
      1,
      /bispike-mnist features: expected images of 28x28x1, got 8x8x1/,
    );
  }, 30_000);

  it("draws originals above what each network makes of them", async () => {
    const { width, height } = await told("reconstruct", "run", "--count", "12", "--scale", "1", "--out", "some.png");
    // Ten in a row, then two more: two groups of three rows.
    expect([width, height]).toEqual([10 * 12 + 4, 6 * 12 + 4]);
    const { images, labels } = smallDigits().test;
    for (const [index, row, column] of [
      [0, 0, 0],
      [7, 0, 7],
      [11, 3, 1],
    ] as const) {
      expect(tile("some.png", row, column)).toEqual([...images.subarray(index * 64, (index + 1) * 64)]);
      for (const drawn of [row + 1, row + 2]) expect(brightest(tile("some.png", drawn, column))).toBe(labels[index]);
    }
  });

  it("takes one network, another part, data that moved, a checkpoint's file", async () => {
    writeSmallDigits(join(cwd, "moved/bars"));
    const args = ["reconstruct", "run/last.safetensors", "--by", "recall", "--part", "heldout", "--scale", "1"];
    const measured = await told(...args, "--data.path", "moved/bars", "--out", "recall.png");
    expect(measured).toMatchObject({
      images: 12,
      perception: null,
      recall: { mse: expect.any(Number) },
      part: "heldout",
    });
    const line = timelessMetrics(join(cwd, "run/metrics.jsonl")).at(-1) as { validationRecallMse: number };
    expect((measured.recall as { mse: number }).mse).toBeCloseTo(line.validationRecallMse, 12);
    expect(picture("recall.png").height).toBe(2 * 12 + 4);
    const { stdout } = await runCli(["reconstruct", "run", "--threads=1"], cwd);
    expect(stdout).toMatch(
      /^ +perception +recall\nMSE +0\.\d{4} +0\.\d{4} +pixels 0 to 1\n +low band .*\n +high band .*\nPSNR .*\nSSIM/m,
    );
    expect(stdout).toMatch(
      /^reconstruct\.png: originals, below them as drawn by perception and recall \(1164 x 352 pixels\)$/m,
    );
  });
});

describe("sample", () => {
  it("draws class prototypes below the classes' mean images", async () => {
    const found = await told("sample", "run", "--scale", "1");
    expect(found).toMatchObject({
      from: "prototypes",
      by: "recall",
      encoder: "recall",
      ownIsNearest: 4,
      of: 4,
      out: "sample.png",
    });
    expect([found.width, found.height]).toEqual([4 * 12 + 4, 2 * 12 + 4]);
    for (let label = 0; label < 4; label++)
      for (const row of [0, 1]) expect(brightest(tile("sample.png", row, label))).toBe(label);
    const classes = found.classes as { class: string; images: number; own: number; rate: number }[];
    expect(classes.map(({ class: name }) => name)).toEqual(["0", "1", "2", "3"]);
    expect(classes.reduce((sum, { images }) => sum + images, 0)).toBe(108);
    for (const { own, rate } of classes) {
      expect(own).toBeGreaterThan(0.8);
      expect(rate).toBeGreaterThan(0);
    }
  });

  it("draws by a class's statistics, the same for the same seed", async () => {
    const args = ["sample", "run", "--from", "statistics", "--classes", "3,1", "--count", "5", "--scale", "1"];
    const found = await told(...args, "--out", "a.png");
    expect(found).toMatchObject({ count: 5, seed: 1, correlated: false, classes: [{ index: 3 }, { index: 1 }] });
    expect([found.width, found.height]).toEqual([5 * 12 + 4, 4 * 12 + 4]);
    await told(...args, "--out", "b.png");
    await told(...args, "--seed", "2", "--out", "c.png");
    const [a, b, c] = ["a.png", "b.png", "c.png"].map((file) => readFileSync(join(cwd, file)));
    expect(b!.equals(a!)).toBe(true);
    expect(c!.equals(a!)).toBe(false);
    const together = await told(...args, "--correlated", "--out", "d.png");
    const own = (together.classes as { ownIsNearest: number }[]).map(({ ownIsNearest }) => ownIsNearest);
    // The training images of these classes above are what they are.
    expect([0, 1, 2, 3, 4].map((column) => brightest(tile("d.png", 0, column)))).toEqual([3, 3, 3, 3, 3]);
    for (const right of own) expect(right).toBeGreaterThanOrEqual(3);
  });

  it("draws from one image to another", async () => {
    const args = ["sample", "run", "--from", "interpolation", "--between", "2,5", "--frames", "6", "--scale", "1"];
    const found = await told(...args, "--by", "perception", "--out", "path.png");
    expect(found).toMatchObject({
      ends: [
        { index: 2, class: "2" },
        { index: 5, class: "1" },
      ],
      frames: 6,
      part: "test",
    });
    expect([found.width, found.height]).toEqual([8 * 12 + 4, 12 + 4]);
    const { images } = smallDigits().test;
    expect(tile("path.png", 0, 0)).toEqual([...images.subarray(2 * 64, 3 * 64)]);
    expect(tile("path.png", 0, 7)).toEqual([...images.subarray(5 * 64, 6 * 64)]);
    expect([brightest(tile("path.png", 0, 1)), brightest(tile("path.png", 0, 6))]).toEqual([2, 1]);
  });

  it("tells a person", async () => {
    const { stdout } = await runCli(["sample", "run", "--encoder", "perception", "--threads=1"], cwd);
    expect(stdout).toMatch(/^class +images +latent rate +own mean +nearest other\n0 +\d+ +0\.\d{4} +\d\.\d{3} /m);
    expect(stdout).toMatch(/^sample\.png: mean training images, below them the prototypes as drawn by recall\n/m);
  });
});

describe("refuses in one line", () => {
  beforeAll(async () => {
    writeFileSync(join(cwd, "bars.yaml"), SMALL_EXPERIMENT);
    await runCli(["train", "bars.yaml", "--train.epochs=1", "--out", "images", "--quiet"], cwd);
    writeSmallDigits(join(cwd, "five"), { classes: 5 });
    writeFileSync(join(cwd, "cut.safetensors"), readFileSync(join(cwd, "run/best.safetensors")).subarray(0, 9000));
  }, 60_000);

  it.each([
    [
      ["reconstruct", "images"],
      1,
      /of an autoencoder experiment, got one of images \(bars\); use it with bispike predict/,
    ],
    [["sample", "images"], 1, /of an autoencoder experiment, got one of images/],
    [["reconstruct", "nowhere"], 1, /nowhere: no such file or folder/],
    [["reconstruct", "cut.safetensors"], 1, /cut\.safetensors: .*truncated/],
    [
      ["reconstruct", "run", "--data.path=five"],
      1,
      /five: holds images of 8x8x1 in 5 classes, but run.best\.safetensors/,
    ],
    [["reconstruct", "run", "--out", "none/x.png"], 2, /--out none\/x\.png: there is no folder none; make it first/],
    [["reconstruct", "run", "--out", "run/best.safetensors"], 2, /is a file of the run/],
    [["sample", "run", "--out", "run/last.safetensors"], 2, /is a file of the run/],
    [["reconstruct", "run", "--out", "x.jpg"], 2, /--out x\.jpg: expected a file that ends with \.png/],
    [["sample", "run", "--out", "x.svg"], 2, /--out x\.svg: expected a file that ends with \.png/],
    [["sample", "run", "--part", "heldout"], 2, /--part: is for --from interpolation, not for --from prototypes/],
    [["sample", "run", "--count", "3"], 2, /--count: is for --from statistics, not for --from prototypes/],
    [["sample", "run", "--from", "statistics", "--frames", "3"], 2, /--frames: is for --from interpolation/],
    [["sample", "run", "--classes", "0,nine"], 2, /--classes: there is no class "nine"/],
    [["sample", "run", "--classes", "0,"], 2, /--classes: expected names or numbers with commas between/],
    [["sample", "run", "--from", "interpolation", "--between", "0,40"], 2, /--between: expected 0 to 39 .*got 40/],
  ] as const)("%j", async (args, code, message) => {
    await expectRefusal(args, cwd, code, message);
  });

  it("wrong options, and shows examples in the help", async () => {
    for (const args of [
      ["reconstruct", "run", "--count", "0"],
      ["reconstruct", "run", "--by", "neither"],
      ["sample", "run", "--by", "both"],
      ["sample", "run", "--between", "3,3"],
      ["sample", "run", "--from", "thin air"],
    ]) {
      const { code, stdout, stderr } = await runCli(args, cwd);
      expect([code, stdout], args.join(" ")).toEqual([2, ""]);
      expect(stderr).toMatch(/^bispike: /);
    }
    for (const command of ["reconstruct", "sample"]) {
      const { stdout } = await runCli([command, "--help"], cwd);
      expect(stdout.match(new RegExp(`^ {2}\\$ bispike ${command} `, "gm"))?.length).toBeGreaterThanOrEqual(2);
    }
  });
});

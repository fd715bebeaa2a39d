import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decode } from "fast-png";
import { describe, expect, it } from "vitest";
import { decodeSafetensors } from "../../src/formats/safetensors.ts";
import { jsonLines, runCli } from "../support/cli.ts";
import { greyPng } from "../support/data-files.ts";
import { expectRefusalHere } from "../support/refusal.ts";
import { sealed } from "../support/sealed.ts";
import { trainedRun } from "../support/trained-run.ts";

/** The last checkpoint: the best of so easy a task comes before recall has learned. */
const model = "run/last.safetensors";
const trained = trainedRun();
const picture = (file: string) => decode(readFileSync(file));
/** The pixel at (x, y) of a tile: tiles of 8 pixels at `scale`, 4 apart. */
const tilePixel = (file: string, scale: number, column: number, x: number, y: number) => {
  const { data, width } = picture(file);
  return data[(4 + y * scale) * width + 4 + column * (8 * scale + 4) + x * scale];
};

describe("bispike recall", () => {
  it("draws every class above its mean and tells how like it is", async () => {
    const { cwd } = trained();
    const { code, stdout, stderr } = await runCli(["recall", model, "--scale", "3"], cwd);
    expect([code, stderr]).toEqual([0, ""]);
    const { width, height, channels } = picture(join(cwd, "recall.png"));
    expect([width, height, channels]).toEqual([4 * (8 * 3 + 4) + 4, 2 * (8 * 3 + 4) + 4, 1]);
    expect(stdout).toMatch(/^bar 2 +\d\.\d{3} +-?\d\.\d{3} {2}bar \d$/m);
    expect(stdout).toMatch(/^4 of 4 classes are most like their own mean$/m);
  });

  it("--class takes names and numbers; --json gives correlations and the picture's size", async () => {
    const { cwd } = trained();
    const { stdout } = await runCli(
      ["recall", model, "--class", "bar 3", "BAR 0", "1", "--out", "some.png", "--json"],
      cwd,
    );
    const [line = {}] = jsonLines(stdout);
    const { width, height } = picture(join(cwd, "some.png"));
    // 8 pixels wide at 14 pixels each: 112.
    expect([width, height]).toEqual([3 * 116 + 4, 2 * 116 + 4]);
    expect(line).toMatchObject({ ownIsNearest: 4, of: 4, out: "some.png", width, height });
    // Each class's bar is the brightest column of its tile, in the order asked for: recalled above, mean below.
    for (const [column, bar] of [3, 0, 1].entries()) {
      for (const y of [3, 3 + 116 / 14]) {
        const lit = Array.from({ length: 8 }, (_, x) => tilePixel(join(cwd, "some.png"), 14, column, x, y) ?? 0);
        expect(lit.indexOf(Math.max(...lit))).toBe(bar);
      }
    }
    const classes = line.classes as {
      index: number;
      own: number;
      nearestOther: { index: number; correlation: number };
    }[];
    expect(classes.map(({ index }) => index)).toEqual([3, 0, 1]);
    for (const { index, own, nearestOther } of classes) {
      expect(own).toBeGreaterThan(0.5);
      expect(nearestOther.correlation).toBeLessThan(own);
      expect(nearestOther.index).not.toBe(index);
    }
  });

  it("completes a picture of the data set of which a part is hidden", async () => {
    const { cwd, dataset } = trained();
    const args = [
      "recall",
      model,
      "--index",
      "6",
      "--occlude",
      "bottom",
      "--fraction",
      "0.25",
      "--scale",
      "1",
      "--out",
      "cue.png",
    ];
    const { stdout } = await runCli([...args, "--json"], cwd);
    const [line = {}] = jsonLines(stdout);
    expect(line).toMatchObject({
      cue: "test image 6 of data (bar 2), 25 % hidden (bottom)",
      truth: { class: "bar 2", index: 2 },
      decision: { class: "bar 2", index: 2 },
      recalled: { class: "bar 2", index: 2 },
      width: 3 * 12 + 4,
      height: 16,
    });
    expect(line.cosines).toHaveLength(4);
    expect((line.decision as { cosine: number }).cosine).toBe((line.cosines as number[])[2]);
    const file = join(cwd, "cue.png");
    for (let x = 0; x < 8; x++) {
      expect(tilePixel(file, 1, 0, x, 0)).toBe(dataset.test.images[6 * 64 + x]);
      expect([6, 7].map((y) => tilePixel(file, 1, 0, x, y))).toEqual([0, 0]);
    }
    // The bar of class 2 stands out in what is recalled, below too.
    expect(tilePixel(file, 1, 1, 2, 7)).toBeGreaterThan(150);
    const half = await runCli(["recall", model, "--index", "6", "--occlude", "left", "--json"], cwd);
    expect(jsonLines(half.stdout)[0]!.cue, "half of it, unless told otherwise").toMatch(/, 50 % hidden \(left\)$/);
    const shown = await runCli(args, cwd);
    expect(shown.stdout).toMatch(/^decision: bar 2 \(right\)/m);
    expect(shown.stdout).toMatch(/^> {2}2 bar 2 +█+ +0\.\d{3} +\d/m);
  });

  it("lays the same noise over a picture for the same seed, and another for another", async () => {
    const { cwd } = trained();
    writeFileSync(
      join(cwd, "bar.png"),
      greyPng(
        8,
        8,
        Uint8Array.from({ length: 64 }, (_, i) => (i % 8 === 1 ? 200 : 40)),
      ),
    );
    const seen = async (...more: string[]) => {
      const args = [
        "recall",
        model,
        "--from",
        "bar.png",
        "--noise",
        "0.1",
        "--scale",
        "1",
        "--out",
        "noisy.png",
        "--json",
      ];
      const { stdout } = await runCli([...args, ...more], cwd);
      expect(jsonLines(stdout)[0]).toMatchObject({ cue: "bar.png, noise 0.1", truth: null, decision: { index: 1 } });
      return readFileSync(join(cwd, "noisy.png"), "hex");
    };
    const [one, again, other] = [await seen(), await seen("--seed", "1"), await seen("--seed", "2")];
    expect(again).toBe(one);
    expect(other).not.toBe(one);
  });

  it("warns when recall has nothing to draw", async () => {
    const { cwd } = trained();
    const { tensors, metadata } = decodeSafetensors(new Uint8Array(readFileSync(join(cwd, model))));
    tensors.get("recall.stage1.weight")?.data.fill(0 as never);
    writeFileSync(join(cwd, "blank.safetensors"), sealed(tensors, metadata));
    const { code, stderr } = await runCli(["recall", "blank.safetensors"], cwd);
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/^bispike: warning: recall draws the same image for every class/),
    ]);
  });

  it("refuses what cannot be", async () => {
    const { cwd } = trained();
    const refused = (args: string[], code: 1 | 2, message: RegExp) =>
      expectRefusalHere(["recall", model, ...args], cwd, code, message);
    writeFileSync(join(cwd, "text.png"), "not a picture");
    await refused(
      ["--class", "bar 9"],
      2,
      /no class "bar 9"; expected a number from 0 to 3 or one of bar 0, bar 1, bar 2, bar 3/,
    );
    await refused(["--occlude", "left"], 2, /--occlude needs a picture/);
    await refused(["--index", "0", "--fraction", "0.5"], 2, /--fraction needs --occlude/);
    await refused(["--index", "0", "--seed", "1"], 2, /--seed needs --noise/);
    await refused(["--index", "0", "--invert"], 2, /--invert is for the picture of --from/);
    await refused(["--part", "heldout"], 2, /--part: says where --index looks/);
    await refused(["--data.path", "data"], 2, /--data\.path: says where --index looks/);
    await refused(["--index", "40"], 2, /--index: expected 0 to 39 .*got 40/);
    await refused(["--index", "0", "--class", "1"], 2, /exclude each other/);
    await refused(["--from", "text.png"], 1, /text\.png: expected a PNG or JPEG/);
    await refused(["--from", "nowhere.png"], 1, /nowhere\.png: there is no such file/);
    await refused(["--index", "0", "--data.path", "nowhere"], 1, /nowhere: there is no such file or folder/);
    await refused(["--out", "no/such/folder.png"], 2, /--out no\/such\/folder\.png: there is no folder/);
  });

  it("writes over nothing it reads, and PNG into no file of another kind", async () => {
    const { cwd, run } = trained();
    const refused = (args: string[], message: RegExp) => expectRefusalHere(["recall", ...args], cwd, 2, message);
    const best = join(run, "best.safetensors");
    const before = readFileSync(join(cwd, best));
    await refused([run, "--out", best], /--out run\/best\.safetensors: is a file of the run/);
    await refused([best, "--out", join(run, "last.safetensors")], /is a file of the run/);
    symlinkSync(run, join(cwd, "latest"));
    await refused(["latest", "--out", best], /is a file of the run/);
    expect(readFileSync(join(cwd, best))).toEqual(before);
    const seen = greyPng(8, 8, new Uint8Array(64).fill(9));
    writeFileSync(join(cwd, "seen.png"), seen);
    symlinkSync("seen.png", join(cwd, "link.png"));
    await refused([run, "--from", "link.png", "--out", "seen.png"], /--out seen\.png: is link\.png, which .* reads/);
    expect(readFileSync(join(cwd, "seen.png"))).toEqual(Buffer.from(seen));
    for (const out of ["x.jpg", "x.svg", "x"])
      await refused([run, "--out", out], /expected a file that ends with \.png/);
  });

  it("refuses options out of range, and shows examples in its help", async () => {
    const { cwd } = trained();
    for (const args of [
      ["--fraction", "1.5"],
      ["--occlude", "middle"],
      ["--noise", "-1"],
      ["--scale", "0"],
    ]) {
      const { code, stdout, stderr } = await runCli(["recall", model, "--index", "0", ...args], cwd);
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toMatch(/^bispike: /);
      expect(stderr).not.toMatch(/^ +at /m);
    }
    const help = await runCli(["recall", "--help"], cwd);
    expect(help.stdout.match(/^ {2}\$ bispike recall /gm)?.length).toBeGreaterThanOrEqual(2);
  });
});

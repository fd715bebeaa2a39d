import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decode } from "fast-png";
import { DOMParser } from "linkedom";
import { describe, expect, it } from "vitest";
import { jsonLines, runCli } from "../support/cli.ts";
import { runHere } from "../support/cli-here.ts";
import { greyPng } from "../support/data-files.ts";
import { expectRefusal, expectRefusalHere } from "../support/refusal.ts";
import { trainedRun } from "../support/trained-run.ts";

const trained = trainedRun();

const texts = (file: string) => {
  const document = new DOMParser().parseFromString(readFileSync(file, "utf8"), "image/svg+xml");
  return [...document.querySelectorAll("text")].map((element) => element.textContent);
};

describe("bispike plot", () => {
  it("draws everything into the run's folder", async () => {
    const { cwd, run } = trained();
    const { code, stdout } = await runCli(["plot", run, "--png-width", "450"], cwd);
    expect(code).toBe(0);
    const files = ["curves.svg", "curves.png", "recall.png", "raster.svg", "raster.png"].map((name) => join(run, name));
    expect(stdout).toBe(`${files.join("\n")}\n`);
    expect(texts(join(cwd, run, "curves.svg"))).toEqual(
      expect.arrayContaining(["Validation accuracy", "Loss", "Firing rate"]),
    );
    const raster = texts(join(cwd, run, "raster.svg"));
    expect(raster.filter((text) => /^stage 2: 32 neurons/.test(text ?? ""))).toHaveLength(2);
    expect(raster.filter((text) => /^concept: 4 neurons/.test(text ?? ""))).toHaveLength(2);
    for (const name of ["curves.png", "raster.png"]) expect(decode(readFileSync(join(cwd, run, name))).width).toBe(450);
  });

  it("--kind draws one figure; --out makes the folder; --index and --part choose the image", async () => {
    const { cwd, run } = trained();
    const args = ["plot", run, "--kind", "raster", "--part", "heldout", "--index", "3", "--out", "made/here", "--json"];
    const { code, stdout } = await runCli(args, cwd);
    expect(code).toBe(0);
    expect(jsonLines(stdout)).toEqual([{ files: ["made/here/raster.svg", "made/here/raster.png"] }]);
    expect(readdirSync(join(cwd, "made/here")).sort()).toEqual(["raster.png", "raster.svg"]);
    expect(texts(join(cwd, "made/here/raster.svg"))[0]).toMatch(
      /^Validation image 3 \(bar (\d)\), perceived as bar \1$/,
    );
    await runCli(["plot", run, "--kind", "raster", "--index", "2", "--out", "two"], cwd);
    const title = texts(join(cwd, "two", "raster.svg"))[0] ?? "";
    expect(title).toBe("Image 2 (bar 2), perceived as bar 2");
  });

  it("draws the spikes of someone's own picture, without the data set", async () => {
    const { cwd, run } = trained();
    mkdirSync(join(cwd, "pictures"));
    writeFileSync(
      join(cwd, "pictures", "bar.png"),
      greyPng(
        8,
        8,
        Uint8Array.from({ length: 64 }, (_, i) => (i % 8 === 1 ? 200 : 40)),
      ),
    );
    writeFileSync(join(cwd, "alone.safetensors"), readFileSync(join(cwd, run, "best.safetensors")));
    const args = [
      "plot",
      "alone.safetensors",
      "--kind",
      "raster",
      "--image",
      "pictures/bar.png",
      "--data.path=nowhere",
      "--out",
      "own",
    ];
    expect((await runCli(args, cwd)).code).toBe(0);
    expect(texts(join(cwd, "own", "raster.svg"))[0]).toBe("bar.png, perceived as bar 1");
  });

  it("draws what can be drawn, says what it wrote, and then what it could not draw", async () => {
    const { cwd, run } = trained();
    const files = (...names: string[]) => `${names.map((name) => join("part", name)).join("\n")}\n`;
    const moved = await runHere(["plot", run, "--data.path", "gone", "--out", "part"], cwd);
    expect([moved.code, moved.stdout]).toEqual([1, files("curves.svg", "curves.png", "recall.png")]);
    expect(moved.stderr).toMatch(/^bispike: run: could not draw the raster: .*gone: there is no such file[^\n]*\n$/);
    mkdirSync(join(cwd, "begun"));
    for (const name of ["config.yaml", "metrics.jsonl"])
      writeFileSync(join(cwd, "begun", name), readFileSync(join(cwd, run, name)));
    const begun = await runHere(["plot", "begun", "--out", "part", "--json"], cwd);
    expect(begun.code).toBe(1);
    expect(jsonLines(begun.stdout)).toEqual([{ files: ["part/curves.svg", "part/curves.png"] }]);
    expect(begun.stderr).toMatch(/^bispike: begun: could not draw .*raster.*: begun: holds no checkpoint[^\n]*\n$/);
    // Of a checkpoint alone there are no curves.
    writeFileSync(join(cwd, "part", "one.safetensors"), readFileSync(join(cwd, run, "best.safetensors")));
    const alone = await runHere(["plot", "part/one.safetensors"], cwd);
    expect([alone.code, alone.stdout]).toEqual([1, files("recall.png", "raster.svg", "raster.png")]);
    expect(alone.stderr).toMatch(/could not draw the curves: /);
  });

  it("refuses options that the kind makes no use of", async () => {
    const { cwd, run } = trained();
    for (const [kind, option] of [
      ["curves", "--index"],
      ["observations", "--part"],
      ["recall", "--image"],
      ["augmented", "--png-width"],
      ["curves", "--data.path"],
    ] as const) {
      const value = option === "--part" ? "train" : option === "--image" || option === "--data.path" ? "data" : "4";
      const message = new RegExp(`${option}: is for --kind .*, not for --kind ${kind}`);
      await expectRefusalHere(["plot", run, "--kind", kind, option, value], cwd, 2, message);
    }
  });

  it("refuses runs without metrics, missing data and wrong options", async () => {
    const { cwd, run } = trained();
    await expectRefusal(["plot", "nowhere"], cwd, 1, /nowhere: no such file or folder/);
    expect(existsSync(join(cwd, "nowhere"))).toBe(false);
    await expectRefusal(
      ["plot", "data", "--kind", "curves"],
      cwd,
      1,
      /metrics\.jsonl: no such file; learning curves need a run folder/,
    );
    await expectRefusal(
      ["plot", run, "--kind", "raster", "--data.path", "gone"],
      cwd,
      1,
      /gone: there is no such file or folder/,
    );
    await expectRefusal(["plot", run, "--kind", "raster", "--index", "99"], cwd, 2, /--index: expected 0 to 39/);
    await expectRefusal(["plot", run, "--image", "a.png", "--index", "1"], cwd, 2, /exclude each other/);
    await expectRefusal(["plot", run, "--out", "data/train-labels-idx1-ubyte/x"], cwd, 1, /cannot make the folder/);
    const wrong = await runCli(["plot", run, "--kind", "pie"], cwd);
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringMatching(/Allowed choices are curves, observations, raster, recall, augmented, all/),
    ]);
    const help = await runCli(["plot", "--help"], cwd);
    expect(help.stdout.match(/^ {2}\$ bispike plot /gm)?.length).toBeGreaterThanOrEqual(2);
  });
});

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CHECKPOINT_FILES } from "../../src/node/open.ts";
import { jsonLines, runCli } from "../support/cli.ts";
import { greyPng } from "../support/data-files.ts";
import { expectRefusal } from "../support/refusal.ts";
import { trainedRun } from "../support/trained-run.ts";

const trained = trainedRun();

/** A picture of class `bar`, each of its 8x8 pixels `scale` wide and high; `negative` swaps black and white. */
function barPicture(bar: number, scale = 1, negative = false): Uint8Array {
  const side = 8 * scale;
  const pixels = Uint8Array.from({ length: side * side }, (_, i) => {
    const value = Math.floor((i % side) / scale) === bar ? 200 : 50;
    return negative ? 255 - value : value;
  });
  return greyPng(side, side, pixels);
}

describe("bispike predict", () => {
  it("names the class of pictures of any size, a JSON line each", async () => {
    const { cwd, run } = trained();
    const files = [0, 1, 2, 3].map((bar) => `bar${bar}.png`);
    for (const [bar, file] of files.entries()) writeFileSync(join(cwd, file), barPicture(bar, bar + 1));
    const { code, stdout, stderr } = await runCli(["predict", run, ...files, "--json"], cwd);
    expect([code, stderr]).toEqual([0, ""]);
    const lines = jsonLines(stdout);
    expect(lines.map(({ file, index, class: name }) => [file, index, name])).toEqual(
      files.map((file, bar) => [file, bar, `bar ${bar}`]),
    );
    for (const line of lines) {
      expect(line).toMatchObject({ classes: ["bar 0", "bar 1", "bar 2", "bar 3"], warning: null });
      const cosines = line.cosines as number[];
      expect(line.cosine).toBe(Math.max(...cosines));
      expect(line.drives).toHaveLength(4);
    }
    expect(lines.map(({ change }) => change)).toEqual([
      null,
      "16 x 16 pixels, scaled to 8 x 8",
      "24 x 24 pixels, scaled to 8 x 8",
      "32 x 32 pixels, scaled to 8 x 8",
    ]);
  });

  it("keeps the proportions of a picture, and says so", async () => {
    const { cwd, run } = trained();
    writeFileSync(join(cwd, "wide.png"), greyPng(4, 16, new Uint8Array(64).fill(90)));
    const { stdout, stderr } = await runCli(["predict", run, "wide.png"], cwd);
    expect(stderr).toBe(
      "bispike: note: wide.png: 16 x 4 pixels, scaled to 8 x 2 and centred on black of 8 x 8 to keep its proportions\n",
    );
    expect(stdout).toMatch(/^wide\.png: bar \d/);
    expect(stdout.match(/^[> ] {2}\d bar \d.* -?\d\.\d{3} +-?\d+\.\d\d$/gm)).toHaveLength(4);
  });

  it("warns of a negative, and --invert puts it right", async () => {
    const { cwd, run } = trained();
    writeFileSync(join(cwd, "negative.png"), barPicture(2, 1, true));
    const asIs = await runCli(["predict", run, "negative.png"], cwd);
    expect(asIs.stderr).toMatch(
      /^bispike: warning: negative\.png: looks like a negative of the training images .*try it with --invert\n$/,
    );
    const [told] = jsonLines((await runCli(["predict", run, "negative.png", "--json"], cwd)).stdout);
    expect(told!.warning).toMatch(/^negative\.png: looks like a negative/);
    // A dark bar, an eighth of the picture, on a light ground.
    expect(told!.brightness).toBeCloseTo((55 / 8 + (205 * 7) / 8) / 255, 6);
    const inverted = await runCli(["predict", run, "negative.png", "--invert", "--json"], cwd);
    expect(inverted.stderr).toBe("");
    expect(jsonLines(inverted.stdout)[0]).toMatchObject({ index: 2, warning: null });
  });

  it("refuses files that are no pictures, and damaged models", async () => {
    const { cwd, run } = trained();
    const whole = barPicture(1);
    writeFileSync(join(cwd, "text.png"), "no picture");
    writeFileSync(join(cwd, "cut.png"), whole.subarray(0, 50));
    await expectRefusal(["predict", run, "text.png"], cwd, 1, /text\.png: expected a PNG or JPEG picture/);
    await expectRefusal(["predict", run, "cut.png"], cwd, 1, /cut\.png: /);
    await expectRefusal(["predict", run, "nowhere.png"], cwd, 1, /nowhere\.png: there is no such file/);
    const bytes = readFileSync(join(cwd, run, CHECKPOINT_FILES.best));
    bytes[0] = 255;
    writeFileSync(join(cwd, "broken.safetensors"), bytes);
    await expectRefusal(["predict", "broken.safetensors", "text.png"], cwd, 1, /broken\.safetensors: /);
  });

  it("wants a picture, and shows examples in its help", async () => {
    const { cwd, run } = trained();
    const { code, stderr } = await runCli(["predict", run], cwd);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/missing required argument 'image'/)]);
    const help = await runCli(["predict", "--help"], cwd);
    expect(help.stdout.match(/^ {2}\$ bispike predict /gm)?.length).toBeGreaterThanOrEqual(2);
  });
});

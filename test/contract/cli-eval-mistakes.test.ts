/** `bispike eval` and `train` of a net that is often wrong: of one that never errs, most figures could stand for each other. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { Evaluation } from "../../src/measure/evaluate.ts";
import { jsonLines } from "../support/cli.ts";
import { runHere } from "../support/cli-here.ts";
import { sharedWorkspace } from "../support/small-run.ts";

const workspace = sharedWorkspace();
/** Of two epochs that teach nothing. */
const SLOW = [
  ...["--train.epochs=2", "--train.learningRate=0.00001", "--network.target=random", "--network.steps=6"],
  ...["perception", "recall", "concept"].map((network) => `--network.threshold.${network}=0.3`),
  "--quiet",
];
const percent = (share: number) => `${(100 * share).toFixed(2)} %`;

/** What `bispike eval --json` says, as far as it is looked at. */
interface Line extends Evaluation {
  readonly perClass: readonly number[];
  readonly cost: {
    readonly training: { readonly total: object };
    readonly footprint: Readonly<Record<"inference" | "training", { readonly bytes: number }>>;
    readonly energy: {
      readonly presets: { readonly fp32: { readonly perception: number; readonly training: number } };
    };
  };
  readonly recallMeasures: {
    readonly ownIsNearest: number;
    readonly classes: readonly { readonly correlation: number }[];
  };
}

let measured: Line;
let text: string;

const measure = async (...args: string[]) => {
  const [line] = jsonLines((await runHere(["eval", "poor", "--json", ...args], workspace())).stdout);
  return line as unknown as Line;
};
const summaryOf = (run: string) => JSON.parse(readFileSync(join(workspace(), run, "summary.json"), "utf8"));

beforeAll(async () => {
  expect((await runHere(["train", "bars.yaml", ...SLOW, "--out", "poor"], workspace())).code).toBe(0);
  measured = await measure("--cost", "--recall-measures");
  text = (await runHere(["eval", "poor"], workspace())).stdout;
  expect(measured.accuracy, "this net is to be wrong").toBeLessThan(0.9);
});

describe("eval", () => {
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

  it("gives each class's accuracy by its images, not by what is decided", () => {
    const { confusion, perClass } = measured;
    const decided = confusion.map((_, c) => sum(confusion.map((row) => row[c]!)));
    expect(decided, "more are decided for one class than for another").not.toEqual([10, 10, 10, 10]);
    expect(perClass).toEqual(confusion.map((row, c) => row[c]! / 10));
    for (const [c, row] of confusion.entries())
      expect(text).toMatch(new RegExp(`^${c} +10 +${percent(row[c]! / 10).replace(".", "\\.")}$`, "m"));
  });

  it("tells a person spikes from drives, and recall from another class's", () => {
    const { accuracy, driveAccuracy, rates, hamming, hammingShuffled } = measured;
    expect(driveAccuracy).not.toBe(accuracy);
    expect(text).toContain(`accuracy  ${percent(accuracy)}  by the concept's spikes\n`);
    expect(text).toContain(`${percent(driveAccuracy)}  by the concept's mean drive\n`);
    for (const [k, rate] of rates.entries()) {
      const cells = [rate, hamming[k]!, hammingShuffled[k]!].map((value) => value.toFixed(4));
      expect(cells[1], "a stage's similarities differ").not.toBe(cells[2]);
      expect(text).toMatch(new RegExp(`^ +${k + 2} +${cells.join(" +")}$`, "m"));
    }
  });
});

describe("a run's summary", () => {
  it("says what eval says of its test part", () => {
    const { accuracy, driveAccuracy, rates, hamming, hammingShuffled, cost, recallMeasures } = measured;
    const { footprint, training, energy } = cost;
    const summary = summaryOf("poor");
    expect(summary).toMatchObject({ testAccuracy: accuracy, testDriveAccuracy: driveAccuracy });
    expect(summary).toMatchObject({ rates, hamming, hammingShuffled });
    const bytes = { footprintBytes: footprint.inference.bytes, trainingFootprintBytes: footprint.training.bytes };
    expect(summary.cost).toMatchObject({ training: training.total, ...bytes });
    const { perception, training: learning } = energy.presets.fp32;
    expect(summary.energy).toMatchObject({ inferencePicojoules: perception, trainingPicojoules: learning });
    const { classes, ownIsNearest } = recallMeasures;
    expect(summary.recall).toEqual({
      ...{ classes: 4, ownIsNearest: 4 * ownIsNearest },
      ownCorrelations: classes.map(({ correlation }) => correlation),
    });
  });

  it("counts an image once an epoch", () => {
    const { imagesPerSecond, seconds } = summaryOf("poor");
    // Of 120 images 12 are held out.
    expect(imagesPerSecond * seconds).toBeCloseTo(2 * 108, 6);
  });

  it("is of the held-out images where these judge", async () => {
    const judged = ["train", "bars.yaml", ...SLOW, "--judge", "held-out", "--out", "judged"];
    expect((await runHere(judged, workspace())).code).toBe(0);
    const { rates, hamming } = await measure("--part", "heldout");
    expect(rates, "they fire otherwise than for the test part").not.toEqual(measured.rates);
    expect(summaryOf("judged")).toMatchObject({ rates, hamming, testAccuracy: null, testDriveAccuracy: null });
  });
});

/** Variants of images: drawn evenly, the same for every rule, and seen by training alone. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inspectCheckpoint } from "../../src/cli/commands/inspect-checkpoint.ts";
import { type AugmentOptions, augmentDefaults, VariantDraws } from "../../src/data/augment.ts";
import { Team } from "../../src/engine/team.ts";
import { evaluate } from "../../src/measure/evaluate.ts";
import { AnnModel, Model } from "../../src/nets/model.ts";

import { type ImageRuleName, imageRules, resolveConfig } from "../../src/training/config.ts";
import { createExperiment, type Experiment } from "../../src/training/experiment.ts";
import { decodeCheckpoint } from "../../src/training/read-checkpoint.ts";
import { exportState, importState } from "../../src/training/state.ts";
import { temporaryFolders } from "../support/folder.ts";
import { smallDigits } from "../support/small-digits.ts";
import { smallTraining } from "../support/small-training.ts";

const newFolder = temporaryFolders();
const all: AugmentOptions = { shift: 3, flip: true, rotate: 30, erase: 4 };
const shape = { height: 9, width: 11, channels: 1 };
const DRAWS = 20_000;

/** Of an image of its own at each of many steps. */
function drawn(options: AugmentOptions = all, seed = 1) {
  const draws = new VariantDraws(options, shape, seed);
  return Array.from({ length: DRAWS }, (_, k) => ({ ...draws.draw(k % 50, Math.floor(k / 50)) }));
}

/** Whether values are spread over `cells` cells evenly: each count within five standard errors of a binomial's mean. */
function expectEven(cells: readonly number[], of: number): void {
  const counts = new Array<number>(of).fill(0);
  for (const cell of cells) counts[cell]!++;
  const share = 1 / of;
  const error = Math.sqrt(cells.length * share * (1 - share));
  for (const count of counts) expect(Math.abs(count - cells.length * share)).toBeLessThan(5 * error);
}

describe("what is drawn", () => {
  it("is as likely as anything else", () => {
    const variants = drawn();
    expectEven(
      variants.map(({ right, down }) => (right + 3) * 7 + down + 3),
      49,
    );
    expectEven(
      variants.map(({ mirrored }) => Number(mirrored)),
      2,
    );
    expectEven(
      variants.map(({ turn }) => Math.floor((turn * 180 + 30) / 6)),
      10,
    );
    expectEven(
      variants.map(({ centreX, centreY }) => centreY * 11 + centreX),
      99,
    );
  });

  it("differs from step to step, image to image and seed to seed, and is the same again", () => {
    const [first, again, other] = [drawn(), drawn(), drawn(all, 2)];
    expect(again).toEqual(first);
    const same = (a: typeof first, b: typeof first) => a.filter(({ turn }, k) => turn === b[k]!.turn).length;
    expect(same(first, other)).toBe(0);
    expect(new Set(first.map(({ turn }) => turn)).size).toBeGreaterThan(DRAWS - 10);
    // Above 2^32 steps are steps too.
    const draws = new VariantDraws(all, shape, 1);
    expect(draws.draw(0, 2 ** 32).turn).not.toBe(first[0]!.turn);
  });

  it("of one option does not depend on the others", () => {
    const whole = drawn();
    const alone = { shift: 3, flip: true, rotate: 30, erase: 4 };
    for (const key of Object.keys(alone) as (keyof AugmentOptions)[]) {
      const single = drawn({ ...augmentDefaults, [key]: alone[key] });
      const own = {
        shift: ({ right, down }: (typeof whole)[number]) => [right, down],
        flip: ({ mirrored }: (typeof whole)[number]) => [Number(mirrored)],
        rotate: ({ turn }: (typeof whole)[number]) => [turn],
        erase: ({ centreX, centreY }: (typeof whole)[number]) => [centreX, centreY],
      }[key];
      expect(single.map(own)).toEqual(whole.map(own));
    }
    const none = drawn(augmentDefaults)[7]!;
    expect(none).toMatchObject({ right: 0, down: 0, mirrored: false });
    expect(Math.abs(none.turn)).toBe(0);
  });
});

describe("a training with variants", () => {
  let team: Team;
  beforeAll(async () => {
    team = await Team.create({ maximumPages: 4096 });
  });
  afterAll(async () => {
    await team.close();
  });

  const augment = { shift: 1, flip: true, rotate: 10, erase: 2 };
  const experimentOf = (data: object, rule: object = {}, network: object = {}): Experiment =>
    createExperiment(
      team,
      resolveConfig({
        data: { path: "bars", ...data },
        network: { hidden: [18, 9], ...network },
        rule,
        train: { batch: 16, learningRate: 0.02, epochs: 1 },
      }),
      smallDigits(),
    );
  const rowsOf = ({ model }: Experiment): Float32Array => {
    if (model instanceof Model) return model.pair.stimulus.view.slice();
    if (model instanceof AnnModel) return model.rows.stimulus.view.slice();
    throw new Error("neither a spiking net nor one of real numbers");
  };
  const step = ({ task, trainIndices }: Experiment, counter: number) =>
    task.step(trainIndices, 0, 16, counter, { perception: 0.01, recall: 0.01 });

  it("shows every rule the same rows, others at each step, and not the images themselves", () => {
    const seen = imageRules.map((name: ImageRuleName) => {
      const experiment = experimentOf({ augment }, { name });
      step(experiment, 4);
      const first = rowsOf(experiment);
      step(experiment, 5);
      const second = rowsOf(experiment);
      experiment.model.load(experiment.dataset.train, experiment.trainIndices, 0, 16);
      return [first, second, rowsOf(experiment)] as const;
    });
    for (const [first, second, plain] of seen) {
      expect([first, second, plain]).toEqual([...seen[0]!]);
      expect(first).not.toEqual(second);
      expect(first).not.toEqual(plain);
    }
  });

  it("shows an image's variant wherever it stands in a batch", () => {
    const { model, dataset, augmenter } = experimentOf({ augment });
    const order = Int32Array.from({ length: 16 }, (_, k) => 3 * k);
    const rows = (indices: Int32Array) => {
      model.load(dataset.train, indices, 0, 16, augmenter && { augmenter, counter: 2 });
      const { stimulus, stimulusWidth } = (model as Model).pair;
      return Array.from(indices, (_, k) => stimulus.view.slice(k * stimulusWidth, (k + 1) * stimulusWidth));
    };
    expect(rows(order.toReversed()).reverse()).toEqual(rows(order));
  });

  it.each(["direct", "poisson", "latency"])("%s: what is shown of a pixel stays within its range", (stimulus) => {
    const experiment = experimentOf({ augment: { ...augment, erase: 8 } }, {}, { stimulus });
    step(experiment, 0);
    const { stimulusMean, stimulusScale, data } = experiment.model;
    const shown = rowsOf(experiment)
      .subarray(0, 16 * 64)
      .map((value) => value * stimulusScale[0]! + stimulusMean[0]!);
    for (const value of shown) {
      expect(value).toBeGreaterThan(-1e-6);
      expect(value).toBeLessThan(1 + 1e-6);
    }
    const mean = shown.filter((value) => Math.abs(value - data.statistics.mean[0]!) < 1e-6).length;
    expect(mean, "erased pixels show the training images' mean").toBeGreaterThan(16 * 16);
  });

  it("leaves validation images, statistics and class means as they are", async () => {
    const [plain, varied] = [experimentOf({}), experimentOf({ augment })];
    for (let k = 0; k < 5; k++) step(varied, k);
    importState(plain.model, exportState(varied.model, { optimiser: false }), { optimiser: false });
    const measured = (experiment: Experiment) =>
      evaluate(experiment.model, experiment.dataset.train, experiment.validationIndices);
    expect(await measured(varied)).toEqual(await measured(plain));
    expect(varied.model.data).toEqual(plain.model.data);
    const means = ({ task }: Experiment) =>
      decodeCheckpoint(task.encode({ step: 0, epoch: 0, batch: 0, best: null }, "last"), "test").classMeans;
    expect(means(varied)).toEqual(means(plain));
  });

  it("is refused where images would be moved out of sight, or are smaller than the square", () => {
    expect(() => experimentOf({ augment: { shift: 8 } })).toThrow(
      "data.augment.shift: expected whole pixels from 0 to 7 for images of 8x8x1, got 8",
    );
    expect(() => experimentOf({ augment: { erase: 9 } })).toThrow(
      "data.augment.erase: expected whole pixels from 0 to 8 for images of 8x8x1, got 9",
    );
  });
});

it("with everything off, or nothing said, a checkpoint has the same bytes; with something on it says so", async () => {
  const raw = { network: { hidden: [9] }, train: { epochs: 1, batch: 16 } };
  const last = async (data: object) => (await smallTraining({ ...raw, data: { path: "bars", ...data } })).last;
  const none = await last({});
  expect(await last({ augment: augmentDefaults })).toEqual(none);
  expect(decodeCheckpoint(none, "none").config.data.augment).toEqual(augmentDefaults);
  const one = await last({ augment: { shift: 2 } });
  expect(decodeCheckpoint(one, "one").config.data).toMatchObject({ labelNoise: 0, augment: { shift: 2, flip: false } });
  const varied = await last({ labelNoise: 0.2, augment: all });
  expect(decodeCheckpoint(varied, "varied").config.data).toMatchObject({ labelNoise: 0.2, augment: all });
  const shown = (bytes: Uint8Array) => {
    const file = join(newFolder(), "last.safetensors");
    writeFileSync(file, bytes);
    return inspectCheckpoint(file, { file, checkpoint: decodeCheckpoint(bytes, file) }).text;
  };
  expect(shown(none)).not.toContain("augmented");
  expect(shown(varied)).toMatch(
    /^augmented +images trained on were turned by up to 30 degrees, mirrored half the time, moved by up to 3 pixels, a square of 4 pixels a side erased$/m,
  );
});

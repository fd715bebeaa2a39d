/** Wrong labels in training: how many, which, and that nothing else changes. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inspectCheckpoint } from "../../src/cli/commands/inspect-checkpoint.ts";
import { noisyLabels } from "../../src/data/dataset.ts";
import { Team } from "../../src/engine/team.ts";
import { BispikeError } from "../../src/errors.ts";
import { resolveConfig } from "../../src/training/config.ts";
import { createExperiment } from "../../src/training/experiment.ts";
import { decodeCheckpoint } from "../../src/training/read-checkpoint.ts";
import { temporaryFolders } from "../support/folder.ts";
import { smallDigits } from "../support/small-digits.ts";
import { smallTraining } from "../support/small-training.ts";

const newFolder = temporaryFolders();
const CLASSES = 5;
const labels = Uint16Array.from({ length: 9000 }, (_, i) => (7 * i) % CLASSES);
/** Every image but each third. */
const trained = Int32Array.from({ length: 6000 }, (_, k) => Math.floor(1.5 * k));
const wrong = (taught: Uint16Array) => [...taught.keys()].filter((i) => taught[i] !== labels[i]);

describe("noisyLabels", () => {
  it("makes the share asked for wrong, of the images trained on and no others", () => {
    for (const share of [0.1, 0.25, 0.4, 1]) {
      const taught = noisyLabels(labels, trained, share, CLASSES, 3);
      expect(wrong(taught)).toHaveLength(Math.round(6000 * share));
      const own = new Set(trained);
      expect(wrong(taught).every((i) => own.has(i))).toBe(true);
      expect(taught.every((label) => label < CLASSES)).toBe(true);
    }
  });

  it("rounds to whole images", () => {
    const ten = trained.subarray(0, 10);
    const counts = [0.14, 0.15, 0.26].map((share) => wrong(noisyLabels(labels, ten, share, CLASSES, 3)).length);
    expect(counts).toEqual([1, 2, 3]);
  });

  it("by each other class alike, from each class alike", () => {
    const taught = noisyLabels(labels, trained, 0.5, CLASSES, 3);
    const counts = new Map<number, number>();
    for (const i of wrong(taught)) {
      const step = (taught[i]! - labels[i]! + CLASSES) % CLASSES;
      counts.set(step, (counts.get(step) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual([1, 2, 3, 4]);
    // Five standard errors of a binomial of 3000 draws at a quarter.
    for (const count of counts.values()) expect(Math.abs(count - 750)).toBeLessThan(5 * Math.sqrt(3000 * 0.25 * 0.75));
    for (let c = 0; c < CLASSES; c++) {
      const share = wrong(taught).filter((i) => labels[i] === c).length / 1200;
      expect(Math.abs(share - 0.5)).toBeLessThan((5 * 0.5) / Math.sqrt(1200));
    }
  });

  it("a smaller share's wrong labels are among a larger one's; another seed has others", () => {
    const [few, many, other] = [0.1, 0.4]
      .map((share) => noisyLabels(labels, trained, share, CLASSES, 3))
      .concat(noisyLabels(labels, trained, 0.1, CLASSES, 4)) as [Uint16Array, Uint16Array, Uint16Array];
    for (const i of wrong(few)) expect(many[i]).toBe(few[i]);
    expect(wrong(other)).not.toEqual(wrong(few));
    expect(noisyLabels(labels, trained, 0.1, CLASSES, 3)).toEqual(few);
  });

  it("turns two classes round, and changes nothing at 0", () => {
    const two = Uint16Array.of(0, 1, 1, 0);
    expect([...noisyLabels(two, Int32Array.of(0, 1, 2, 3), 1, 2, 1)]).toEqual([1, 0, 0, 1]);
    expect(noisyLabels(labels, trained, 0, CLASSES, 3)).toBe(labels);
  });

  it.each([-0.1, 1.1, Number.NaN])("refuses a share of %d", (share) => {
    expect(() => noisyLabels(labels, trained, share, CLASSES, 3)).toThrow(BispikeError);
    expect(() => noisyLabels(labels, trained, share, CLASSES, 3)).toThrow(/label noise: expected a share from 0 to 1/);
  });
});

it("an experiment teaches the wrong labels and keeps the data's own for what is held out", async () => {
  const dataset = smallDigits();
  const before = dataset.train.labels.slice();
  const config = resolveConfig({
    data: { path: "bars", validation: 20, labelNoise: 0.3 },
    network: { hidden: [8] },
    train: { seed: 6 },
  });
  const team = await Team.create({ maximumPages: 1024 });
  try {
    const { taughtLabels, trainIndices, validationIndices } = createExperiment(team, config, dataset);
    expect(dataset.train.labels).toEqual(before);
    expect(taughtLabels).toEqual(noisyLabels(before, trainIndices, 0.3, dataset.classes, 6));
    expect(trainIndices.filter((i) => taughtLabels[i] !== before[i])).toHaveLength(30);
    expect(validationIndices.filter((i) => taughtLabels[i] !== before[i])).toHaveLength(0);
  } finally {
    await team.close();
  }
});

it("no label noise is the default, byte for byte; with all labels wrong the net learns wrong ones", async () => {
  const raw = { network: { hidden: [32, 16] }, train: { epochs: 12, batch: 18, learningRate: 0.02 } };
  const validation = async (data: object) => {
    const { last, best, metrics } = await smallTraining({ ...raw, data: { path: "bars", ...data } });
    const epoch = metrics.findLast(({ kind }) => kind === "epoch") as { validationAccuracy: number };
    return { last, best, accuracy: epoch.validationAccuracy };
  };
  const [none, zero, all] = [
    await validation({}),
    await validation({ labelNoise: 0 }),
    await validation({ labelNoise: 1 }),
  ];
  expect(zero.last).toEqual(none.last);
  expect(decodeCheckpoint(none.last, "none").config.data.labelNoise).toBe(0);
  expect(decodeCheckpoint(all.last, "all").config.data.labelNoise).toBe(1);
  const shown = ({ last }: { last: Uint8Array }) => {
    const file = join(newFolder(), "last.safetensors");
    writeFileSync(file, last);
    return inspectCheckpoint(file, { file, checkpoint: decodeCheckpoint(last, file) }).text;
  };
  expect(shown(all)).toMatch(/^label noise +100\.00 % of the images trained on were taught as another class$/m);
  expect(shown(none)).not.toContain("label noise");
  expect(none.accuracy).toBeGreaterThan(0.8);
  // Each is taught as one of the three other classes, never as its own.
  expect(all.accuracy).toBeLessThan(0.25);
});

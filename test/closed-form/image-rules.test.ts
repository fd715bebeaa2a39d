/** Rules on non-spiking nets of images where what they must do is known without a net of reference: label match by hand, first steps of inference, what each stage may depend on. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { Alignment } from "../../src/losses/align.ts";
import { labelMatch } from "../../src/losses/infonce.ts";
import { annClassifierSpec } from "../../src/nets/specs.ts";
import { annImageNet } from "../../src/rules/ann-images.ts";
import { feedbackNet } from "../../src/rules/mirrored-nets.ts";
import { relativeGap } from "../reference/close.ts";
import { CASES, loadImages, PLAIN_OPTIMISER, smallOptions, smallRule } from "../support/image-rules.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 4096 });
});
afterAll(() => team.close());

const NO_RATES = { perception: 0, recall: 0 };

/** Loss and gradients of rows v of classes 0, 1 against two classes' rows, 2 features a row. */
function match(affinity: "dots" | "cosines", v: readonly number[][], w: readonly number[][]) {
  const loss = labelMatch({ affinity, features: 2, weight: 8 });
  const stage = { width: 16, features: 2, loss: () => loss, rivals: "prototypes", centred: false } as const;
  const alignment = new Alignment(team, { rows: 2, columns: 2, stages: [stage] });
  const [left, right] = [v, w].map((rows) => {
    const region = team.arena.f32(32);
    for (const [k, row] of rows.entries()) region.view.set(row, 16 * k);
    return region.at;
  }) as [number, number];
  const sides = { v: left, rows: 2, w: right, columns: 2, labels: [0, 1] };
  const aligned = alignment.align(stage, sides, { rows: true, columns: true });
  const rows = (view: Float32Array) => [0, 1].map((k) => [...view.subarray(16 * k, 16 * k + 2)]);
  return { loss: aligned.loss, v: rows(alignment.rowGradient.view), w: rows(alignment.columnGradient.view) };
}

describe("label match", () => {
  test("dots by hand", () => {
    // D = [[1, 0], [0, 2]] against the identity: one gap of 1, weight / (K J n) = 1.
    const found = match(
      "dots",
      [
        [1, 0],
        [0, 2],
      ],
      [
        [1, 0],
        [0, 1],
      ],
    );
    expect(found).toEqual({
      loss: 1,
      v: [
        [0, 0],
        [0, 2],
      ],
      w: [
        [0, 0],
        [0, 4],
      ],
    });
  });

  test("cosines do not see lengths; a silent row has no gradient and costs what its label asks", () => {
    expect(
      match(
        "cosines",
        [
          [3, 0],
          [0, 2],
        ],
        [
          [1, 0],
          [0, 7],
        ],
      ).loss,
    ).toBeCloseTo(0, 12);
    const silent = match(
      "cosines",
      [
        [0, 0],
        [0, 2],
      ],
      [
        [1, 0],
        [0, 1],
      ],
    );
    // weight / (K J) = 2, one gap of 1.
    expect(silent.loss).toBeCloseTo(2, 12);
    expect(silent.v).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  test.each(["v", "w"] as const)(
    "a row %s that rounding alone could leave is silent too, as in the kernels",
    (side) => {
      const faint = [
        [6e-7, 6e-7],
        [0, 2],
      ];
      const plain = [
        [1, 0],
        [0, 1],
      ];
      const found = match("cosines", side === "v" ? faint : plain, side === "v" ? plain : faint);
      // A gradient of it would have a length of 1e6.
      expect(found[side][0]).toEqual([0, 0]);
      expect(found.loss).toBeCloseTo(2, 12);
    },
  );

  test("a cosine's gradient is across its row: by hand at 45 degrees", () => {
    const { loss, v } = match(
      "cosines",
      [
        [1, 1],
        [0, 1],
      ],
      [
        [1, 0],
        [0, 1],
      ],
    );
    const c = Math.SQRT1_2;
    expect(loss).toBeCloseTo(2 * ((c - 1) ** 2 + c ** 2), 6);
    // dC/dv of v = (1, 1) is (1, -1) / (2 sqrt 2) for the first class, the opposite for the second.
    const across = (4 * (c - 1) - 4 * c) / (2 * Math.SQRT2);
    expect(v[0]![0]).toBeCloseTo(across, 6);
    expect(v[0]![1]).toBeCloseTo(-across, 6);
  });
});

describe.each(CASES)("$name", (small) => {
  test("predictive coding: no inference leaves hidden stages without an error; one step, one hidden stage is rate times backprop", () => {
    const still = smallRule(team, "predictive-coding", small, PLAIN_OPTIMISER, 0);
    still.step({ labels: loadImages(still, 8), counter: 0 }, NO_RATES);
    for (const { group } of still.net.hidden) expect(group.gradients.view.every((value) => value === 0)).toBe(true);
    expect(still.net.readout.group.gradients.view.some((value) => value !== 0)).toBe(true);

    const one = { ...small, hidden: [17], activation: "tanh" } as const;
    const [coding, backprop] = (["predictive-coding", "backprop-ann"] as const).map((rule) => {
      const learner = smallRule(team, rule, one, PLAIN_OPTIMISER, 1);
      learner.step({ labels: loadImages(learner, 8), counter: 0 }, NO_RATES);
      return learner.net.hidden[0]!.group.gradients.view;
    }) as [Float32Array, Float32Array];
    // The error after a step is a tenth of what is asked of the value, rounded as the value is: to 1e-7 of it.
    expect(
      relativeGap(
        coding.map((value) => 10 * value),
        backprop,
      ),
    ).toBeLessThan(1e-4);
  });

  test("predictive coding: running statistics know the first prediction alone, as backprop's", () => {
    const [coding, backprop] = (["predictive-coding", "backprop-ann"] as const).map((rule) => {
      const learner = smallRule(team, rule, { ...small, activation: "tanh" });
      learner.step({ labels: loadImages(learner, 8), counter: 0 }, NO_RATES);
      const running = [...learner.slots(false)].filter(({ name }) => /mean|variance/.test(name));
      return running.map((slot) => [slot.name, slot.read()]);
    });
    expect(coding).toEqual(backprop);
    expect(coding!.length).toBe(small.norm ? 4 : 0);
  });

  test("predictive coding: an error goes down a stage a step", () => {
    const learner = smallRule(team, "predictive-coding", small, PLAIN_OPTIMISER, 1);
    learner.step({ labels: loadImages(learner, 8), counter: 0 }, NO_RATES);
    const [lower, upper] = learner.net.hidden.map(({ group }) => group.gradients.view);
    expect(lower!.every((value) => value === 0)).toBe(true);
    expect(upper!.some((value) => value !== 0)).toBe(true);
  });

  test("counter-current: a stage's update does not know the weights past it, above in one net and below in the other", () => {
    const gradients = [false, true].map((others) => {
      const learner = smallRule(team, "ccl", small);
      // Into stage 2 of the net: W of stages 3 and 4, and Theta into stage 1, are of no account.
      for (const slot of learner.slots(true)) {
        if (others && /^(perception\.stage[34]|feedback\.stage1\b)/.test(slot.name) && !/norm/.test(slot.name))
          slot.write(slot.read().map((value) => 1.5 - value));
      }
      learner.step({ labels: loadImages(learner, 8), counter: 0 }, NO_RATES);
      return learner.net.layers.map(({ group }) => group.gradients.view);
    });
    expect(gradients[1]![0]).toEqual(gradients[0]![0]);
    expect(gradients[1]![2]).not.toEqual(gradients[0]![2]);
  });
});

test("feedback's shapes mirror the net's; planes that cannot be doubled to the image's are refused", () => {
  const cnn = { ...smallOptions({ kind: "cnn" }), hidden: [5, 17] };
  const down = (options: typeof cnn) =>
    annClassifierSpec({ ...options, activation: "relu" }).recall.map(({ shape, synapses }) => ({
      shape,
      ...synapses,
    }));
  expect(down(cnn)).toEqual([
    { kind: "conv", shape: cnn.image, upsample: true },
    { kind: "conv", shape: { height: 4, width: 2, channels: 5 }, upsample: true },
    { kind: "linear", shape: { height: 2, width: 1, channels: 17 } },
  ]);
  expect(down({ ...cnn, hidden: [] })).toEqual([{ kind: "linear", shape: cnn.image }]);
  const odd = { ...cnn, image: { height: 8, width: 6, channels: 2 } };
  expect(() => feedbackNet(team, annImageNet(team, odd, "ccl"))).toThrow(/divisible by 4, got 8x6x2/);
});

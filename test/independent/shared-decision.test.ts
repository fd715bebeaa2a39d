/**
 * The experiment in which hidden stages share the net's decision (`experiments/shared-decision.mjs`) against BSD's own kernels, which know nothing of it: none of it shared is BSD of dots; what is
 * shared comes in linearly; and where the net decides nothing, all classes alike, it is what BSD's softmax is at a high temperature.
 */
import { afterEach, expect, it } from "vitest";
import register from "../../experiments/shared-decision.mjs";
import * as bispike from "../../src/index.ts";
import type { Batch } from "../../src/rules/rule.ts";
import { randomImages, rates, smallPair } from "../support/small-pair.ts";

afterEach(() => {
  delete process.env.SHARE;
});

const DOTS = { loss: "infonce", affinity: "dots" } as const;
let registered = 0;

type Definition = Parameters<typeof bispike.registerRule>[1];
type Settings = Parameters<Definition["create"]>[1];

/** The experiment's rule, its loss under a name of its own: each may be registered once. */
function sharing(share: number): Definition {
  process.env.SHARE = String(share);
  const name = `shared-decision-${++registered}`;
  let definition: Definition | undefined;
  class Bsd extends bispike.Bsd {
    constructor(...[pair, options, optimiser]: ConstructorParameters<typeof bispike.Bsd>) {
      super(pair, { ...options, loss: name }, optimiser);
    }
  }
  register({
    ...bispike,
    Bsd,
    registerStageLoss: (_: string, factory: bispike.StageLossFactory) => bispike.registerStageLoss(name, factory),
    registerRule: (_: string, rule: Definition) => {
      definition = rule;
    },
  } as unknown as Parameters<typeof register>[0]);
  return definition!;
}

/** Gradients of perception's hidden stages and of recall's after a step, by BSD of dots or with so much of the error the net's; `bias`: the concept's drive, whatever is seen: so much for class 0, nothing for others. */
async function gradients(
  share?: number,
  { temperature = 0.05, bias }: { temperature?: number; bias?: number } = {},
): Promise<number[][]> {
  const network = { kind: "cnn", pool: 2, recall: "broadcast" } as const;
  const { team, pair, rule, step } = await smallPair({ network, rule: { ...DOTS, temperature } });
  try {
    const images = randomImages(pair, 6);
    if (bias !== undefined) {
      for (const name of ["weight", "bias"]) pair.conceptDrive.group.view(name).fill(0);
      pair.conceptDrive.group.view("bias")[0] = bias;
    }
    if (share === undefined) step(images);
    else {
      const optimiser = { weightDecay: 0.01, clip: 0.01, clipScope: "stage" } as const;
      const settings = {
        optimiser,
        rule: {
          ...{ features: "rate", centred: true, rivals: "prototypes", lambda: 0.6, weight: 1, stimulusWeight: 1 },
          ...{ top: "cross-entropy", homeostasis: { weight: 0, rate: 0 }, ...DOTS, temperature },
        },
      } as unknown as Settings;
      const own = sharing(share).create(pair, settings);
      for (const [b, value] of images.values.entries()) pair.stimulus.view.set(value, b * pair.stimulusWidth);
      pair.imageIds.view.set(images.ids);
      own.step({ labels: Uint16Array.from(images.labels), counter: 0 } as Batch, rates);
    }
    expect(rule.pair).toBe(pair);
    return [...pair.hiddenStages()].flatMap(({ perception, recall }) =>
      [perception, recall].map(({ group }) => [...group.gradients.view]),
    );
  } finally {
    await team.close();
  }
}

/** Each row of `found` is `expected`'s but for rounding, of the row's largest. */
function expectRows(found: number[][], expected: number[][], allowed = 1e-5): void {
  expect(found.length).toBe(expected.length);
  for (const [k, row] of expected.entries()) {
    const scale = Math.max(...row.map(Math.abs));
    expect(scale).toBeGreaterThan(1e-6);
    expect(Math.max(...row.map((value, i) => Math.abs(value - found[k]![i]!))) / scale).toBeLessThan(allowed);
  }
}

it("shares nothing: BSD of dots", async () => {
  expectRows(await gradients(0), await gradients());
});

it("shares a part: as much of the one as of the other", async () => {
  const [none, all, some] = [await gradients(0), await gradients(1), await gradients(0.25)];
  const blend = none.map((row, k) => row.map((value, i) => 0.75 * value + 0.25 * all[k]![i]!));
  expectRows(some, blend);
  expect(Math.max(...all[0]!.map((value, i) => Math.abs(value - none[0]![i]!)))).toBeGreaterThan(1e-3);
});

it("shares all where the net decides nothing: BSD whose softmax is flat", async () => {
  const flat = await gradients(undefined, { temperature: 1e6, bias: 0 });
  const shared = await gradients(1, { temperature: 1, bias: 0 });
  expectRows(
    shared,
    flat.map((row) => row.map((value) => 1e6 * value)),
    1e-4,
  );
});

it("takes the softmax of the concept's drive for what the net decides", async () => {
  // Of three classes, ln 4 for one: shares of 4/6, 1/6 and 1/6, half of the way from a third each to all for one.
  const [none, half, all] = [
    await gradients(1, { bias: 0 }),
    await gradients(1, { bias: Math.log(4) }),
    await gradients(1, { bias: 100 }),
  ];
  expectRows(
    half,
    none.map((row, k) => row.map((value, i) => (value + all[k]![i]!) / 2)),
  );
});

it("expects a share from 0 to 1, prototypes and one-hot targets", async () => {
  expect(() => sharing(1.5)).toThrow("shared-decision: expected SHARE from 0 to 1, got 1.5");
  const { team, pair } = await smallPair({ network: { kind: "mlp" } });
  const settings = { rule: { rivals: "masked" }, optimiser: {} } as unknown as Settings;
  expect(() => sharing(0.5).create(pair, settings)).toThrow("expected rivals prototypes and a one-hot target");
  await team.close();
});

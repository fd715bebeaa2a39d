/** BSD with a part taken away or changed: what is frozen stays, what is said in two ways is the same, and a stopped run goes on with the same bytes. */
import { describe, expect, it } from "vitest";
import type { Tensor } from "../../src/formats/safetensors.ts";
import { assertRecall, decodeCheckpoint } from "../../src/training/read-checkpoint.ts";
import { smallTraining } from "../support/small-training.ts";

const data = { classes: 3, train: 60, test: 6 };
const variant = (rule: object, train: object = {}, network: object = {}) => ({
  network: { hidden: [18, 9], ...network },
  rule,
  train: { epochs: 2, batch: 16, ...train },
});
const tensorsOf = (bytes: Uint8Array): ReadonlyMap<string, Tensor> => decodeCheckpoint(bytes, "test").tensors;
const valuesOf = (bytes: Uint8Array) =>
  new Map([...tensorsOf(bytes)].map(([name, { data: values }]) => [name, values]));

/** What a net is drawn as: a run stopped after a step at rates too small to move anything. */
async function drawn(rule: object, network: object): Promise<ReadonlyMap<string, unknown>> {
  const raw = variant(rule, { learningRate: 1e-30, weightDecay: 0 }, network);
  return valuesOf((await smallTraining(raw, { data, stopBefore: 1 })).last);
}

/** Names of the layers whose parameters moved in a run. */
async function moved(rule: object, network: object = {}): Promise<string[]> {
  const before = await drawn(rule, network);
  const after = valuesOf((await smallTraining(variant(rule, {}, network), { data })).last);
  const parameters = [...after.keys()].filter(
    (name) => /^(perception|recall)/.test(name) && !/mean|variance/.test(name),
  );
  const changed = parameters.filter((name) => String(after.get(name)) !== String(before.get(name)));
  return [...new Set(changed.map((name) => name.split(".").slice(0, 2).join(".")))];
}

const top = ["perception.stage4"];
const hidden = ["perception.stage2", "perception.stage3"];
const recall = ["recall.stage1", "recall.stage2", "recall.stage3"];

describe.each([
  [true, 0, "chain"],
  [false, 0, "chain"],
  [true, 0, "broadcast"],
  [true, 1, "chain"],
])("detached %s, reach %d, recall %s", (detached, errorDepth, paths) => {
  it.each([
    ["none", [...hidden, ...top, ...recall]],
    ["perception", [...top, ...recall]],
    ["recall", [...hidden, ...top]],
    ["both", top],
  ])("freeze %s: the others learn", async (freeze, free) => {
    expect(await moved({ freeze, detached, errorDepth }, { recall: paths })).toEqual(free);
  });
});

it.each(["rate", "drive", "membrane"])(
  "recall is compared by %s where perception is, unless it is said",
  async (features) => {
    const trained = async (rule: object) =>
      valuesOf((await smallTraining(variant({ features, ...rule }), { data })).last);
    const same = await trained({});
    expect(await trained({ recallFeatures: "same" })).toEqual(same);
    expect(await trained({ recallFeatures: features })).toEqual(same);
    expect(await trained({ recallFeatures: features === "drive" ? "rate" : "drive" })).not.toEqual(same);
  },
);

it("a frozen recall is one whose rate is 0", async () => {
  const one = valuesOf((await smallTraining(variant({ freeze: "recall" }), { data })).last);
  const other = valuesOf((await smallTraining(variant({}, { recallLearningRate: 0 }), { data })).last);
  expect(one).toEqual(other);
});

it("random codes: there is perception alone, all of it learns, and the rate of ones matters", async () => {
  expect(await moved({ codes: "random" })).toEqual([...hidden, ...top]);
  const [one, other] = await Promise.all(
    [0.15, 0.4].map((codeRate) => smallTraining(variant({ codes: "random", codeRate }), { data })),
  );
  expect([...tensorsOf(one!.last).keys()].filter((name) => name.includes("recall"))).toEqual([]);
  expect(valuesOf(other!.last)).not.toEqual(valuesOf(one!.last));
  expect(() => assertRecall(decodeCheckpoint(one!.last, "test"), "run", "bispike recall")).toThrow(
    "bispike recall needs a recall network, but rule bsd with rule.codes random of run trains perception alone",
  );
  const [learned] = one!.metrics.filter(({ kind }) => kind === "step");
  expect(learned).toMatchObject({ recallRates: [], stageLosses: [0, expect.any(Number), expect.any(Number)] });
});

it.each([
  ["random codes", { codes: "random" }, {}, 1],
  ["stages that are not detached", { detached: false }, {}, 2],
  ["errors that reach one stage", { errorDepth: 1 }, {}, 2],
  ["errors that reach all stages", { errorDepth: 64 }, {}, 1],
  [
    "errors that reach one stage of a cnn by transposes",
    { errorDepth: 1, errorWeights: "transposes" },
    { kind: "cnn", hidden: [3, 5] },
    2,
  ],
  ["errors by learned error weights", { errorDepth: 64, errorWeights: "learned" }, { recall: "broadcast" }, 2],
  [
    "errors that reach one stage of a cnn by learned error weights",
    { errorDepth: 1, errorWeights: "learned" },
    { kind: "cnn", hidden: [3, 5] },
    1,
  ],
  ["random codes, not detached", { codes: "random", detached: false }, {}, 1],
  ["frozen perception", { freeze: "perception" }, {}, 1],
  ["recall by the concept alone", {}, { recall: "broadcast" }, 2],
  ["the same, compared by membranes", { recallFeatures: "membrane" }, { recall: "broadcast" }, 1],
  ["the same, frozen", { freeze: "recall" }, { recall: "broadcast" }, 1],
  ["the same of a cnn", {}, { kind: "cnn", hidden: [3, 5], recall: "broadcast" }, 2],
])("%s: stopped, and resumed: the same bytes and metrics", async (_, rule, network, threads) => {
  const raw = variant(rule, {}, network);
  const whole = await smallTraining(raw, { data });
  const first = await smallTraining(raw, { data, stopBefore: 6, threads });
  const second = await smallTraining(raw, { data, resume: first.last });
  expect(second.last).toEqual(whole.last);
  expect(second.best ?? first.best).toEqual(whole.best);
  expect([...first.metrics, ...second.metrics]).toEqual(whole.metrics);
});

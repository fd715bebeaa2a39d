/** What a comparison varies and which runs that makes: axes from the file and the command line, folders that never change, one sentence for every mistake. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ComparisonRequest, readComparison } from "../../src/comparison/axes.ts";
import { nameValue } from "../../src/comparison/measures.ts";
import { cellsOf, jobsOf } from "../../src/comparison/plan.ts";
import { BispikeError } from "../../src/errors.ts";
import { resolveAnyConfig } from "../../src/training/any-config.ts";
import type { ExperimentConfig, SequenceConfig } from "../../src/training/config.ts";

const TEXT = { name: "words", task: "next-character", data: { text: "words.txt" }, network: { hidden: [20, 10] } };
const read = (raw: object, request: ComparisonRequest = {}) => readComparison(raw, "dir/words.yaml", request);
const axesOf = (raw: object, ...overrides: string[]) => read(raw, { overrides }).axes;
const RULES = { key: "rule.name", values: ["bsd", "dll"] };

describe("axes", () => {
  it("come from lists on the command line, in the file's sections, and in its section compare", () => {
    expect(axesOf(TEXT, "--rule.name=[bsd, dll]")).toEqual([RULES]);
    expect(axesOf({ ...TEXT, rule: { name: ["bsd", "dll"] } })).toEqual([RULES]);
    expect(axesOf({ ...TEXT, compare: { axes: { "rule.name": ["bsd", "dll"] } } })).toEqual([RULES]);
    expect(axesOf(TEXT)).toEqual([]);
  });

  it("the command line wins: another list, or one value", () => {
    const raw = { ...TEXT, compare: { axes: { "rule.name": ["bsd", "backprop"] }, baseline: { "rule.name": "bsd" } } };
    expect(axesOf(raw, "--rule.name=[bsd, dll]")).toEqual([RULES]);
    const fixed = read(raw, { overrides: ["--rule.name=dll"] });
    expect(fixed).toMatchObject({ axes: [], baseline: [] });
    expect((jobsOf(fixed, "x")[0]!.config as SequenceConfig).rule.name).toBe("dll");
  });

  it("keys whose value is a list take a list of lists", () => {
    expect(axesOf(TEXT, "--network.hidden=[30, 20]")).toEqual([]);
    expect(axesOf(TEXT, "--network.hidden=[[30], [30, 20]]")).toEqual([
      { key: "network.hidden", values: [[30], [30, 20]] },
    ]);
    const series = { task: "forecast", data: { series: "a.csv", targets: ["a", "b"], columns: [["a"], ["a", "b"]] } };
    expect(axesOf(series)).toEqual([{ key: "data.columns", values: [["a"], ["a", "b"]] }]);
  });

  it("sections within sections have axes too", () => {
    const raw = { name: "bars", data: { path: "bars", augment: { shift: [0, 2] } } };
    expect(axesOf(raw)).toEqual([{ key: "data.augment.shift", values: [0, 2] }]);
    const asked = read({ data: { path: "bars" } }, { overrides: ["--data.augment.flip=[false, true]"], seeds: 1 });
    expect(jobsOf(asked, "x").map(({ config }) => (config as ExperimentConfig).data.augment.flip)).toEqual([
      false,
      true,
    ]);
  });

  it("lists in variants and in the file's axes reach the runs, each in a folder of its own", () => {
    const hidden = [[30], [30, 20]];
    const variant = hidden.map((value) => ({ "network.hidden": value }));
    const ofVariants = jobsOf(read({ ...TEXT, compare: { axes: { variant }, seeds: 1 } }), "x");
    const ofFile = jobsOf(read({ ...TEXT, compare: { axes: { "network.hidden": hidden }, seeds: 1 } }), "x");
    for (const jobs of [ofVariants, ofFile]) {
      expect(jobs.map(({ config }) => (config as SequenceConfig).network.hidden)).toEqual(hidden);
      expect(new Set(jobs.map(({ folder }) => folder)).size).toBe(2);
    }
    const whole = { ...TEXT, network: { hidden } };
    expect(
      jobsOf(read(whole), "x")
        .slice(0, 2)
        .map(({ label }) => label),
    ).toEqual(["network.hidden=[30] seed 1", "network.hidden=[30, 20] seed 1"]);
    const held = read(TEXT, {
      overrides: ["--network.hidden=[[30], [30, 20]]"],
      baseline: ["network.hidden=[30, 20]"],
    });
    expect(cellsOf(held).map(({ baseline }) => baseline)).toEqual([1, null]);
  });

  it("a variant's name is what people read: no setting, and no part of its folder", () => {
    const settings = { "rule.name": "dll", "train.learningRate": 0.003 };
    const of = (variant: object) => jobsOf(read({ ...TEXT, compare: { axes: { variant: [variant] }, seeds: 1 } }), "x");
    const [plain] = of(settings);
    const [named] = of({ name: "slow", ...settings });
    expect(named!.folder).toBe(plain!.folder);
    expect(named!.config).toEqual(plain!.config);
    expect(named!.label).toMatch(/^slow/);
    expect(() => of({ name: 3, ...settings })).toThrow(/name: expected text, got 3/);
  });

  it("a named variant is held against by its name, or by what it sets", () => {
    const slow = { "rule.name": "dll", "train.learningRate": 0.003 };
    const axes = {
      variant: [
        { name: "fast", ...slow, "train.learningRate": 0.1 },
        { name: "slow", ...slow },
      ],
    };
    const raw = (baseline: object) => ({ ...TEXT, compare: { axes: { ...axes, "network.steps": [2, 4] }, baseline } });
    for (const meant of ["slow", slow, { name: "other", ...slow }]) {
      const comparison = read(raw({ variant: meant }));
      expect(cellsOf(comparison).map(({ baseline }) => baseline)).toEqual([2, 3, null, null]);
    }
    expect(() => read(raw({ variant: "slower" }))).toThrow(
      /baseline: variant has no value slower \(values: fast, slow\)/,
    );
    const byHand = read(raw({}), { baseline: ["variant=slow"] });
    expect(cellsOf(byHand)[0]!.baseline).toBe(2);
  });

  it("variants change keys together, but for what the command line fixes", () => {
    const variant = [
      { "rule.name": "bsd", "train.learningRate": 0.006 },
      { "rule.name": "dll", "train.learningRate": 0.003 },
    ];
    const raw = { ...TEXT, compare: { axes: { variant }, seeds: 1 } };
    const [bsd, dll] = jobsOf(read(raw), "x");
    expect([bsd!.label, dll!.label]).toEqual([
      "rule.name=bsd train.learningRate=0.006 seed 1",
      "rule.name=dll train.learningRate=0.003 seed 1",
    ]);
    expect(dll!.folder).toBe("variant=rule.name-dll-train.learningRate-0.003-3703b84a/seed1");
    const turned = { ...TEXT, compare: { axes: { variant: [{ "train.learningRate": 0.003, "rule.name": "dll" }] } } };
    expect(jobsOf(read(turned), "x")[0]!.folder, "in any order").toBe(dll!.folder);
    const { rule, train } = dll!.config as SequenceConfig;
    expect([rule.name, train.learningRate]).toEqual(["dll", 0.003]);
    const fixed = read(raw, { overrides: ["--train.learningRate=0.1"] });
    expect(jobsOf(fixed, "x").map(({ config }) => config.train.learningRate)).toEqual([0.1, 0.1]);
    expect(cellsOf(fixed).map(({ label }) => label)).toEqual(["rule.name=bsd", "rule.name=dll"]);
  });

  it("a list of seeds is no axis; three seeds unless told otherwise", () => {
    expect(read(TEXT).seeds).toEqual([1, 2, 3]);
    expect(read({ ...TEXT, compare: { seeds: 2 } }).seeds).toEqual([1, 2]);
    expect(read({ ...TEXT, compare: { seeds: 2 } }, { seeds: [9, 4] }).seeds).toEqual([9, 4]);
    const { seeds, axes } = read(TEXT, { overrides: ["--train.seed=[5, 6]"] });
    expect({ seeds, axes }).toEqual({ seeds: [5, 6], axes: [] });
  });
});

describe("the command line may change the section compare", () => {
  const overridden = (section: object, ...overrides: string[]) => read({ ...TEXT, compare: section }, { overrides });
  it("seeds, and axes and baseline in dotted keys or whole", () => {
    expect(overridden({ seeds: 3 }, "--compare.seeds=1").seeds).toEqual([1]);
    expect(overridden({}, "--compare.seeds=[4, 9]").seeds).toEqual([4, 9]);
    expect(read(TEXT, { overrides: ["--compare.seeds=2"] }).seeds).toEqual([1, 2]);
    const axes = { axes: { "rule.name": ["bsd", "backprop"] } };
    for (const override of ["--compare.axes.rule.name=[bsd, dll]", "--compare.axes={rule.name: [bsd, dll]}"])
      for (const section of [{}, axes]) expect(overridden(section, override).axes).toEqual([RULES]);
    const turned = overridden(axes, "--compare.axes.rule.name=[bsd, dll]", "--compare.baseline.rule.name=dll");
    expect(turned.baseline).toEqual([{ key: "rule.name", value: "dll" }]);
    const variant = [{ "rule.name": "bsd" }, { "rule.name": "dll", "train.batch": 4 }];
    const whole = overridden({}, `--compare.axes.variant=${JSON.stringify(variant)}`);
    expect(whole.axes).toEqual([{ key: "variant", values: variant }]);
  });

  it("what is left is an experiment like any", () => {
    const [job] = jobsOf(overridden({}, "--compare.seeds=1", "--train.batch=4"), "words.yaml");
    expect([job!.config.train.batch, "compare" in job!.config]).toEqual([4, false]);
  });

  it("the part by which runs are judged", () => {
    expect(read(TEXT).judge).toBe("test");
    expect(overridden({ judge: "held-out" }).judge).toBe("held-out");
    expect(overridden({ judge: "held-out" }, "--compare.judge=test").judge).toBe("test");
  });
});

describe("plan", () => {
  const request = { overrides: ["--rule.name=[bsd, dll]", "--network.threshold.recall=[0.4, 1]"], seeds: [3, 8] };
  it("a run for every combination and seed, with its own checked configuration and one thread", () => {
    const jobs = jobsOf(read(TEXT, request), "words.yaml");
    expect(jobs.map(({ folder }) => folder).slice(0, 5)).toEqual([
      "network.threshold.recall=0.4,rule.name=bsd/seed3",
      "network.threshold.recall=1,rule.name=bsd/seed3",
      "network.threshold.recall=0.4,rule.name=dll/seed3",
      "network.threshold.recall=1,rule.name=dll/seed3",
      "network.threshold.recall=0.4,rule.name=bsd/seed8",
    ]);
    const { rule, network, train } = jobs[7]!.config as SequenceConfig;
    expect([rule.name, network.threshold.recall, network.hidden, train.seed, train.threads]).toEqual([
      ...["dll", 1, [20, 10], 8, 1],
    ]);
    expect(jobsOf(read(TEXT), "words.yaml").map(({ folder }) => folder)).toEqual(["seed1", "seed2", "seed3"]);
    const threaded = read(TEXT, { overrides: ["--train.threads=2"] });
    expect(jobsOf(threaded, "words.yaml")[0]!.config.train.threads).toBe(2);
  });

  it("holds a cell against that with the baseline's values and its own others", () => {
    const held = (more: ComparisonRequest) =>
      cellsOf(read(TEXT, { ...request, ...more })).map(({ baseline }) => baseline);
    expect(held({}), "bsd where rules are compared").toEqual([null, null, 0, 1]);
    expect(held({ baseline: ["network.threshold.recall=1"] })).toEqual([1, null, 3, null]);
    expect(held({ baseline: ["rule.name=dll", "network.threshold.recall=1"] })).toEqual([3, 3, 3, null]);
    expect(
      held({ overrides: ["--train.batch=[8, 16]", "--network.steps=[2, 4]"] }),
      "else the first value of each axis",
    ).toEqual([null, 0, 0, 0]);
  });

  it("finds runs again wherever the axes are written", () => {
    const folders = (raw: object, more: ComparisonRequest) => jobsOf(read(raw, more), "x").map(({ folder }) => folder);
    const inFile = {
      ...TEXT,
      compare: { axes: { "network.threshold.recall": [0.4, 1], "rule.name": ["bsd", "dll"] } },
    };
    expect(folders(inFile, { seeds: [8, 3] }).sort()).toEqual(folders(TEXT, request).sort());
  });

  it("names different values differently, with nothing a file system minds, and the same for ever", () => {
    const cases = [0.4, -1, true, null, "bsd", [512, 256], "data/a b.txt", "data/a:b.txt", "x".repeat(90), "..", ""];
    // Checksums by zlib.
    expect(cases.map((value) => nameValue(value))).toEqual([
      ...["0.4", "-1", "true", "null", "bsd", "512-256", "data-a-b.txt-652703e8", "data-a-b.txt-a689c068"],
      ...[`${"x".repeat(40)}-4860f251`, "c7cb9b8b", "330b153b"],
    ]);
    const value = fc.oneof(fc.string(), fc.double({ noNaN: true }), fc.array(fc.string()), fc.boolean());
    fc.assert(
      fc.property(value, value, (a, b) => {
        for (const each of [a, b]) expect(nameValue(each as string)).toMatch(/^[\w.+-]{1,50}$/);
        // A text that looks like a number is no value that a key takes beside the number itself.
        if (typeof a === typeof b && JSON.stringify(a) !== JSON.stringify(b))
          expect(nameValue(a as string)).not.toBe(nameValue(b as string));
      }),
    );
  });
});

it("one run has no use of the section compare, and says so", () => {
  const raw = { ...TEXT, compare: { seeds: 2 } };
  expect(() => resolveAnyConfig(raw, [], "words.yaml")).toThrow(
    /^words\.yaml: compare: this section is for bispike compare/,
  );
});

describe("refuses in one sentence", () => {
  const compare = (section: unknown) => ({ ...TEXT, compare: section });
  it.each([
    [
      compare(3),
      {},
      /words\.yaml: compare: expected a section with the keys axes, seeds, baseline, judge, got the number 3/,
    ],
    [compare({ axis: {} }), {}, /unknown key compare\.axis \(did you mean compare\.axes\?\)/],
    [
      compare({ axes: { "rule.name": "bsd" } }),
      {},
      /compare\.axes\.rule\.name: expected a list of values, got the text "bsd"/,
    ],
    [compare({}), { overrides: ["--compare.seed=1"] }, /unknown key compare\.seed \(did you mean compare\.seeds\?\)/],
    [compare({ judge: "heldout" }), {}, /compare\.judge: expected one of test, held-out, got the text "heldout"/],
    [compare({ axes: { "rule.name": [] } }), {}, /axis rule\.name: expected one or more values, got none/],
    [compare({ axes: { "rule.name": ["bsd", "bsd"] } }), {}, /axis rule\.name: has bsd twice/],
    [compare({ axes: { "a b": [1] } }), {}, /axis a b: expected a dotted key/],
    [compare({ axes: { "network.hidden": [20, 10] } }), {}, /axis network\.hidden: expected a list of lists/],
    [compare({ axes: { variant: [{}] } }), {}, /axis variant: expected sections of dotted keys, .*, got \{\}/],
    [compare({ axes: { variant: ["bsd"] } }), {}, /axis variant: expected sections of dotted keys, .*, got "bsd"/],
    [
      compare({ axes: { variant: [{ "a b": 1 }] } }),
      {},
      /axis variant: expected dotted keys such as rule\.name, got "a b"/,
    ],
    [compare({ axes: { variant: [{ "train.seed": 1 }] } }), {}, /axis variant: train\.seed varies by itself already/],
    [compare({ seeds: 0 }), {}, /compare\.seeds: expected a number of seeds from 1 to 1000, or a list of seeds/],
    [compare({ seeds: [1, 1] }), {}, /seeds: has 1 twice/],
    [compare({ seeds: 2 }), { overrides: ["--train.seed=[1, 2]"] }, /train\.seed: expected the seeds once/],
    [compare({ baseline: { "rule.name": "bsd" } }), {}, /baseline: rule\.name is not an axis \(there is none\)/],
    [
      TEXT,
      { overrides: ["--rule.name=[bsd, dll]"], baseline: ["rule.name=backprop"] },
      /baseline: rule\.name has no value backprop/,
    ],
    [TEXT, { baseline: ["rule.name"] }, /--baseline: expected key=value/],
    [
      TEXT,
      { overrides: ["--rule.nam=[bsd, dll]"] },
      /^command line: unknown key rule\.nam \(did you mean rule\.name\?\)/,
    ],
    [TEXT, { overrides: ["--rule.name=[bsd, dl]"] }, /^--rule\.name: expected one of bsd, .*, got the text "dl"/],
    [compare({ axes: { "rule.name": ["bsd", "dl"] } }), {}, /^words\.yaml \(rule\.name=dl\): rule\.name: expected/],
    [TEXT, { overrides: ["--rule.name=[bsd, bsd]"] }, /^--rule\.name: has bsd twice/],
    [TEXT, { overrides: ["--train.batch=-1"] }, /^--train\.batch: expected an integer from 1/],
    [TEXT, { overrides: ["--compare.seeds=0"] }, /^--compare\.seeds: expected a number of seeds from 1 to 1000/],
    [TEXT, { seeds: [1, 1] }, /^--seeds: has 1 twice/],
    [compare({ axes: { "rule.__proto__.x": [1] } }), {}, /the name __proto__ is refused/],
    [
      TEXT,
      { overrides: ["--rule.lambda=[1,2,3,4,5,6,7,8,9,10,11]"], seeds: 1000 },
      /expected at most 10000 runs, got 11000/,
    ],
  ] as const)("%j %j", (raw, request, message) => {
    let error: unknown;
    try {
      jobsOf(read(raw, request as ComparisonRequest), "words.yaml");
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(BispikeError);
    expect((error as BispikeError).message).toMatch(message);
    expect((error as BispikeError).message).not.toContain("\n");
  });
});

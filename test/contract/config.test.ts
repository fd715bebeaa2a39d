import { describe, expect, it } from "vitest";
import { BispikeError } from "../../src/errors.ts";
import { counterCurrentDefaults } from "../../src/rules/ccl.ts";
import { imageDllDefaults } from "../../src/rules/dll.ts";
import { imagePredictiveCodingDefaults } from "../../src/rules/predictive-coding.ts";
import { resolveAnyConfig } from "../../src/training/any-config.ts";
import { annRules, defaultChannels, defaults, resolveConfig } from "../../src/training/config.ts";
import { keysOf } from "../../src/training/options.ts";
import { fromVersion1, SETTINGS } from "../../src/training/settings/settings.ts";

const mnist = { data: { name: "mnist" } };
const plainImages = { shift: 0, flip: false, rotate: 0, erase: 0 };

/** The error of a call, checked to be ours. */
function fault(call: () => unknown): BispikeError {
  try {
    call();
  } catch (error) {
    if (error instanceof BispikeError) return error;
    throw error;
  }
  throw new Error("expected an error, got none");
}
const overriding = (...overrides: string[]) => fault(() => resolveConfig(mnist, overrides, "x.yaml")).message;

describe("defaults", () => {
  it("fill in everything but the data set", () => {
    expect(resolveConfig(mnist)).toEqual({
      ...defaults,
      name: "mnist-mlp",
      data: { name: "mnist", validation: 0.1, limit: 0, labelNoise: 0, augment: plainImages },
    });
  });

  it("are the rules' own", () => {
    const { dll, predictiveCoding, ccl } = defaults.rule;
    expect(dll).toEqual(imageDllDefaults);
    expect(predictiveCoding).toEqual(imagePredictiveCodingDefaults);
    expect(ccl).toEqual(counterCurrentDefaults);
  });

  it("name the experiment after the data and the kind", () => {
    expect(resolveConfig({ data: { path: "../my digits/" }, network: { kind: "cnn" } }).name).toBe("my-digits-cnn");
    expect(resolveConfig({ data: { path: "C:\\data\\é" } }).name).toBe("mlp");
    expect(resolveConfig({ ...mnist, name: "mine" }).name).toBe("mine");
  });

  it("give a cnn channels, unless it says its own", () => {
    expect(resolveConfig({ ...mnist, network: { kind: "cnn" } }).network.hidden).toEqual(defaultChannels);
    expect(resolveConfig(mnist, ["--network.kind=cnn"]).network.hidden).toEqual(defaultChannels);
    expect(resolveConfig({ ...mnist, network: { kind: "cnn", hidden: [8] } }).network.hidden).toEqual([8]);
  });

  it("do not leak between results or into the caller's object", () => {
    const raw = { data: { name: "mnist" }, network: { hidden: [5] } };
    const config = resolveConfig(raw, ["--network.hidden=[6]", "--train.seed=9"]);
    expect(config.network.hidden).toEqual([6]);
    expect(raw).toEqual({ data: { name: "mnist" }, network: { hidden: [5] } });
    (resolveConfig(mnist).network.hidden as number[])[0] = 1;
    expect(resolveConfig(mnist).network.hidden).toEqual([1024, 512, 256]);
  });

  it("cover every key of the table", () => {
    const has = (dotted: string) =>
      dotted
        .split(".")
        .reduce<unknown>(
          (at, key) => (at as Record<string, unknown> | undefined)?.[key],
          resolveConfig({ data: { name: "mnist", path: "." } }),
        );
    for (const key of keysOf(SETTINGS, "classify")) expect(has(key), key).toBeDefined();
  });
});

describe("overrides", () => {
  it("take YAML scalars, lists and maps, and the last one wins", () => {
    const config = resolveConfig(mnist, [
      "--network.hidden=[64,32]",
      "--rule.centred=false",
      "--train.epochs=3",
      "--train.epochs=7",
      "--data.path=./dir",
      '--name="1"',
    ]);
    expect(config.network.hidden).toEqual([64, 32]);
    expect(config.rule.centred).toBe(false);
    expect(config.train.epochs).toBe(7);
    expect(config.data).toEqual({
      name: "mnist",
      path: "./dir",
      validation: 0.1,
      limit: 0,
      labelNoise: 0,
      augment: plainImages,
    });
    expect(config.name).toBe("1");
  });

  it("merge a section given whole into the one there", () => {
    const raw = { ...mnist, rule: { homeostasis: { rate: 0.1 } } };
    expect(resolveConfig(raw, ["--rule.homeostasis={weight: 10}"]).rule.homeostasis).toEqual({ weight: 10, rate: 0.1 });
  });

  it.each(["train.epochs=1", "--train.epochs", "--=1", "--train..epochs=1", "--.=1", ""])(
    "refuse %j as misuse",
    (override) => {
      const error = fault(() => resolveConfig(mnist, [override]));
      expect(error.code).toBe("usage");
      expect(error.message).toContain("--train.epochs=3");
    },
  );

  it.each(["@x", "*x", "[1, 2", "'x", "[[[[[[[[[[[[[[[[[[[[", "? ? ?"])("refuse the value %s", (value) => {
    expect(overriding(`--data.path=${value}`)).toMatch(/^--data\.path: cannot read .* as a YAML value \(.*quote text/);
  });

  it("say when a value stands where a section is needed", () => {
    expect(overriding("--data.name.x=1")).toBe(
      'cannot set data.name.x: data.name in x.yaml is the text "mnist", not a section',
    );
  });
});

describe("unknown keys", () => {
  it.each([
    ["--train.epoch=3", "command line: unknown key train.epoch (did you mean train.epochs?)"],
    ["--epochs=3", "command line: unknown key epochs (did you mean train.epochs?)"],
    ["--network.learning_rate=1", "command line: unknown key network.learning_rate (did you mean train.learningRate?)"],
    [
      "--rule.homeostasis.wieght=1",
      "command line: unknown key rule.homeostasis.wieght (did you mean rule.homeostasis.weight?)",
    ],
    ["--qqqqqq=3", "command line: unknown key qqqqqq (known here: name, data, network, rule, train, observe)"],
    [
      "--data.qqqqqq=3",
      "command line: unknown key data.qqqqqq (known here: data.name, data.path, data.validation, data.limit, data.labelNoise, data.augment)",
    ],
  ])("%s", (override, message) => {
    expect(overriding(override)).toBe(message);
  });

  it.each(["__proto__", "constructor", "prototype"])("%s is refused everywhere and pollutes nothing", (key) => {
    const evil = JSON.parse(`{"data":{"name":"mnist","${key}":{"polluted":true}}}`);
    expect(fault(() => resolveConfig(evil)).message).toBe(`unknown key data.${key} (this name is refused)`);
    expect(overriding(`--${key}.polluted=true`)).toContain(`unknown key ${key}.polluted`);
    expect(overriding(`--data={${key}: 1}`)).toContain(`data.${key}`);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("inherited fields do not count", () => {
    expect(fault(() => resolveConfig(Object.create(mnist))).message).toContain("got neither");
  });
});

describe("wrong values name the key, what was expected and what came", () => {
  it.each([
    ['--network.steps="4"', 'network.steps: expected an integer from 1 to 65536, got the text "4"'],
    ["--network.steps=2.5", "network.steps: expected an integer from 1 to 65536, got the number 2.5"],
    ["--network.steps=0", "network.steps: expected an integer from 1 to 65536, got the number 0"],
    ["--network.norm=1", "network.norm: expected true or false, got the number 1"],
    ["--network.tau=0.5", "network.tau: expected a number of at least 1, got the number 0.5"],
    [
      "--network.threshold=0.5",
      "network.threshold: expected a section with the keys perception, recall, concept, got the number 0.5",
    ],
    ["--network.threshold.recall=0", "network.threshold.recall: expected a number above 0, got the number 0"],
    ["--network.kind=rnn", 'network.kind: expected one of mlp, cnn, got the text "rnn"'],
    ["--network.hidden=[4, '5']", 'network.hidden[1]: expected an integer from 1 to 65535, got the text "5"'],
    ["--network.hidden=[65536]", "network.hidden[0]: expected an integer from 1 to 65535, got the number 65536"],
    [
      "--rule.name=bp",
      'rule.name: expected one of bsd, backprop, feedback-alignment, direct-feedback-alignment, local-losses, r-stdp, backprop-ann, dll, predictive-coding, ccl, bsd-ann, or a rule of your own (load what registers it first: --plugin FILE.mjs on the command line, an import in a program), got the text "bp"',
    ],
    ["--network.recall=ring", 'network.recall: expected one of chain, broadcast, got the text "ring"'],
    [
      "--rule.recallFeatures=spikes",
      'rule.recallFeatures: expected one of same, rate, drive, membrane, got the text "spikes"',
    ],
    ["--network.activation=gelu", 'network.activation: expected one of own, relu, tanh, elu, got the text "gelu"'],
    [
      "--rule.predictiveCoding.inferenceSteps=0",
      "rule.predictiveCoding.inferenceSteps: expected an integer from 1 to 1000000, got the number 0",
    ],
    ["--rule.dll.errorLimit=0", "rule.dll.errorLimit: expected a number above 0, got the number 0"],
    ["--rule.ccl.affinity=mse", 'rule.ccl.affinity: expected one of dots, cosines, got the text "mse"'],
    ["--rule.homeostasis.rate=1.5", "rule.homeostasis.rate: expected a number from 0 to 1, got the number 1.5"],
    [
      "--rule=",
      "rule: expected a section with the keys name, features, recallFeatures, centred, rivals, loss, lambda, temperature, margin, affinity, weight, stimulusWeight, pool, pooling, top, homeostasis, freeze, codes, codeRate, detached, errorDepth, errorWeights, stdp, dll, predictiveCoding, ccl, got nothing",
    ],
    ["--train.seed=-1", "train.seed: expected an integer from 0 to 9007199254740991, got the number -1"],
    ["--train.learningRate=.inf", "train.learningRate: expected a number above 0, got the number Infinity"],
    ["--train.clip=.nan", "train.clip: expected a number of at least 0, got the number NaN"],
    [
      "--data.validation=1.5",
      "data.validation: expected a fraction from 0 to below 1, or a whole number of images, got the number 1.5",
    ],
    [
      "--data.validation=-0.1",
      "data.validation: expected a fraction from 0 to below 1, or a whole number of images, got the number -0.1",
    ],
    [
      "--data.name=mnits",
      'data.name: expected one of mnist, fashion-mnist, cifar10, cifar100, svhn, got the text "mnits"',
    ],
  ])("%s", (override, message) => {
    expect(overriding(override)).toBe(`--${message}`);
  });

  it("blames the file for its own values and the option for the command line's, a line each", () => {
    const raw = { ...mnist, train: { epochs: -1, batch: 0 }, rule: { homeostasis: { rate: 2 } } };
    const told = ["--train.batch=-8", "--rule.homeostasis={weight: -1}", "--network.hidden=[4, 0]", "--train.sed=1"];
    const { message } = fault(() => resolveConfig(raw, told, "x.yaml"));
    expect(message.split("\n").map((line) => line.replace(/( expected|,| \(did).*$/, ""))).toEqual(
      expect.arrayContaining([
        "x.yaml: train.epochs:",
        "--train.batch:",
        "--rule.homeostasis.weight:",
        "x.yaml: rule.homeostasis.rate:",
        "--network.hidden[1]:",
        "command line: unknown key train.sed",
      ]),
    );
  });

  it("a task, in one sentence", () => {
    expect(fault(() => resolveConfig({ task: "regression", data: { series: "a.csv" } }, [], "x.yaml")).message).toBe(
      'x.yaml: task: expected none, as of an experiment on images and their classes, got the text "regression"; see resolveAnyConfig of bispike/sequence',
    );
  });

  it.each([
    [{ data: { text: "alice" } }, "data.text", "next-character"],
    [{ data: { series: "a.csv" } }, "data.series", "regression or forecast"],
    [{ network: { latent: 8 } }, "network.latent", "autoencode"],
  ])("a task that was forgotten: %j", (raw, key, task) => {
    expect(fault(() => resolveConfig(raw)).message).toBe(
      `${key}: expected a task beside it, got none, which makes this an experiment on images; add task: ${task}, for resolveAnyConfig of bispike/sequence`,
    );
  });

  it("an empty list, and text given as a number", () => {
    expect(overriding("--network.hidden=[]")).toMatch(
      /hidden: expected a list of 1 to 64 integers.*got an empty list$/,
    );
    expect(overriding("--name=2024")).toMatch(
      /name: expected a folder name.*got the number 2024; put quotes around text$/,
    );
  });

  it.each(["../up", "a/b", ".", "", "a".repeat(101), "a\nb", "-a"])(
    "the name %j, which would not be a plain folder",
    (name) => {
      expect(fault(() => resolveConfig({ ...mnist, name })).message).toContain("name: expected a folder name");
    },
  );

  it("lists every fault once, a line each", () => {
    expect(overriding("--train.epochs=-1.5", "--train.sede=1", "--network.steps=no").split("\n")).toHaveLength(3);
  });

  it.each([[null], [[]], ["text"], [4], [undefined]])("a whole configuration that is %j", (raw) => {
    expect(fault(() => resolveConfig(raw)).message).toContain(
      "expected a configuration with sections such as data and train",
    );
  });

  it("cycles, functions and huge lists", () => {
    const cycle: Record<string, unknown> = {};
    cycle.data = cycle;
    expect(fault(() => resolveConfig(cycle)).message).toContain("nested more than 8 deep");
    expect(fault(() => resolveConfig({ data: () => 1 })).message).toBe(
      "data: expected text, a number, true or false, a list or a section, got a function",
    );
    expect(fault(() => resolveConfig({ network: { hidden: new Array(5000).fill(1) } })).message).toContain(
      "at most 4096, got 5000",
    );
  });
});

describe("combinations", () => {
  it("needs a data set", () => {
    expect(fault(() => resolveConfig({})).message).toBe(
      "data: expected a name (a known data set), a path (a folder of files) or both, got neither",
    );
  });

  it("pools only a cnn", () => {
    expect(overriding("--rule.pool=4")).toContain("rule.pool: expected 0 with network.kind mlp");
    expect(resolveConfig(mnist, ["--network.kind=cnn", "--rule.pool=4"]).rule.pool).toBe(4);
  });

  it("widens only a random target", () => {
    expect(overriding("--network.targetSize=40")).toContain(
      "network.targetSize: expected 0 with network.target one-hot",
    );
    expect(resolveConfig(mnist, ["--network.target=random", "--network.targetSize=40"]).network.targetSize).toBe(40);
    expect(resolveConfig(mnist, ["--network.target=random"]).network.targetSize).toBe(0);
  });

  it("bounds batch x steps at 65536", () => {
    expect(resolveConfig(mnist, ["--train.batch=16384"]).train.batch).toBe(16384);
    expect(overriding("--train.batch=16385")).toContain("got 16385 x 4 = 65540");
  });

  it("wants two samples where samples are compared", () => {
    expect(overriding("--train.batch=1")).toContain("train.batch: expected at least 2, got 1");
    expect(overriding("--train.batch=1", "--rule.centred=false", "--rule.rivals=masked")).toContain("train.batch");
    expect(resolveConfig(mnist, ["--train.batch=1", "--rule.centred=false"]).train.batch).toBe(1);
    const alone = ["--rule.centred=false", "--rule.rivals=literal", "--rule.loss=mse"];
    expect(resolveConfig(mnist, ["--train.batch=1", ...alone]).train.batch).toBe(1);
  });

  it.each(annRules)("%s: refuses what only spiking nets have, and passes over their neurons' constants", (name) => {
    const rule = `--rule.name=${name}`;
    const net = `with rule.name ${name} (its net does not spike)`;
    expect(overriding(rule, "--network.stimulus=poisson")).toBe(
      `--network.stimulus: expected direct ${net}, got poisson`,
    );
    expect(overriding(rule, "--network.target=random")).toContain(`network.target: expected one-hot ${net}`);
    expect(overriding(rule, "--rule.top=mse")).toContain(`rule.top: expected cross-entropy ${net}, got mse`);
    expect(overriding(rule, "--train.batch=1")).toContain("train.batch: expected at least 2, got 1: with network.norm");
    const passed = ["--network.steps=7", "--network.tau=3", "--network.threshold.perception=1", "--network.norm=false"];
    const alone = ["--train.batch=1", "--rule.centred=false"];
    const config = resolveConfig(mnist, [rule, ...alone, ...passed]);
    expect(config).toMatchObject({ name: `mnist-mlp-${name}`, network: { steps: 7, activation: "own" } });
  });

  it("freezes recall once: by rule.freeze, or by its rate", () => {
    for (const rate of [0, 1]) {
      const config = resolveConfig(mnist, ["--rule.freeze=both", `--train.recallLearningRate=${rate}`]);
      expect(config.rule.freeze).toBe("both");
    }
    expect(overriding("--rule.freeze=recall", "--train.recallLearningRate=0.5")).toBe(
      "--train.recallLearningRate: expected 0, or 1 as by default, with rule.freeze recall (recall does not learn at any rate), got 0.5",
    );
    expect(
      resolveConfig(mnist, ["--rule.freeze=perception", "--train.recallLearningRate=0.5"]).train.recallLearningRate,
    ).toBe(0.5);
    // Rules that have no recall pass over it.
    expect(
      resolveConfig(mnist, ["--rule.name=dll", "--rule.freeze=recall", "--train.recallLearningRate=0.5"]),
    ).toBeDefined();
  });

  it("has one random code a class, and then no recall to freeze", () => {
    const random = "--rule.codes=random";
    expect(resolveConfig(mnist, [random]).rule).toMatchObject({ codes: "random", codeRate: 0.15 });
    expect(overriding(random, "--rule.rivals=masked")).toContain(
      "rule.rivals: expected prototypes with rule.codes random (there is one code a class), got masked",
    );
    expect(overriding(random, "--rule.freeze=both")).toContain(
      "rule.freeze: expected none or perception with rule.codes random (there is no recall to freeze), got both",
    );
    expect(overriding(random, "--rule.codeRate=0")).toContain("rule.codeRate: expected a number above 0 and at most 1");
    expect(overriding(random, "--rule.codeRate=1.5")).toContain("got the number 1.5");
  });

  it("says what to type where a recipe's setting does not fit the rule that was chosen", () => {
    const recipe = { ...mnist, rule: { recallFeatures: "drive" }, network: { target: "random", targetSize: 40 } };
    const said = (rule: string) => fault(() => resolveConfig(recipe, [`--rule.name=${rule}`], "x.yaml")).message;
    expect(said("bsd-ann").split("\n")).toContain(
      "x.yaml: rule.recallFeatures: expected same with rule.name bsd-ann, got drive; add --rule.recallFeatures=same",
    );
    expect(said("dll")).toMatch(/^x\.yaml: network\.target: expected one-hot .*; add --network\.target=one-hot$/m);
    expect(said("r-stdp")).toMatch(/^x\.yaml: network\.target: expected one-hot .*; add --network\.target=one-hot$/m);
    // Without a command line there is nothing to type.
    const raw = { ...recipe, rule: { ...recipe.rule, name: "bsd-ann" } };
    expect(fault(() => resolveConfig(raw)).message).not.toContain("add --");
  });

  it.each([
    ["rule.rivals", "masked", "prototypes"],
    ["rule.features", "drive", "rate"],
    ["rule.recallFeatures", "rate", "same"],
    ["rule.codes", "random", "recall"],
    ["rule.detached", "false", "true"],
    ["rule.errorDepth", "1", "0"],
    ["rule.homeostasis.weight", "10", "0"],
    ["network.recall", "broadcast", "chain"],
  ])("bsd-ann: refuses %s %s, which only bsd has", (key, value, expected) => {
    expect(overriding("--rule.name=bsd-ann", `--${key}=${value}`)).toBe(
      `--${key}: expected ${expected} with rule.name bsd-ann, got ${value}`,
    );
  });

  it("bsd-ann: refuses pooled features, which only bsd has", () => {
    const cnn = ["--network.kind=cnn", "--network.hidden=[8, 8]"];
    expect(overriding("--rule.name=bsd-ann", ...cnn, "--rule.pool=2")).toBe(
      "--rule.pool: expected 0 with rule.name bsd-ann, got 2",
    );
  });

  it("energies are of cells, and of firing rates", () => {
    const energy = "--rule.pooling=energy";
    const cnn = ["--network.kind=cnn", "--network.hidden=[8, 8]"];
    expect(resolveConfig(mnist, [...cnn, energy, "--rule.pool=4"]).rule).toMatchObject({ pool: 4, pooling: "energy" });
    expect(overriding(...cnn, energy)).toMatch(/^--rule\.pooling: expected mean with rule\.pool 0 .*, got energy/);
    expect(overriding(...cnn, energy, "--rule.pool=4", "--rule.features=drive")).toMatch(
      /^--rule\.features: expected rate with rule\.pooling energy .*, got drive$/,
    );
    expect(overriding("--rule.pooling=max")).toBe('--rule.pooling: expected one of mean, energy, got the text "max"');
  });

  it("stages are told apart by cosines or dots, and losses that know neither pass over it", () => {
    expect(resolveConfig(mnist).rule.affinity).toBe("cosines");
    for (const loss of ["infonce", "reco", "mse"])
      expect(resolveConfig(mnist, ["--rule.affinity=dots", `--rule.loss=${loss}`]).rule).toMatchObject({
        ...{ loss, affinity: "dots" },
      });
    expect(overriding("--rule.affinity=angles")).toBe(
      '--rule.affinity: expected one of cosines, dots, got the text "angles"',
    );
  });

  it("stages that are not detached need a chain of recall", () => {
    const broadcast = "--network.recall=broadcast";
    expect(resolveConfig(mnist, [broadcast, "--rule.recallFeatures=drive"])).toMatchObject({
      network: { recall: "broadcast" },
      rule: { features: "rate", recallFeatures: "drive" },
    });
    expect(overriding(broadcast, "--rule.detached=false")).toMatch(
      /^--network\.recall: expected chain with rule\.detached false \(.*\), got broadcast$/,
    );
    // Rules that have no recall, and bsd without it, pass over it.
    for (const alone of ["--rule.name=backprop", "--rule.codes=random"])
      expect(resolveConfig(mnist, [broadcast, "--rule.detached=false", alone]).network.recall).toBe("broadcast");
  });

  it("errors reach other stages where something carries them, and nothing carries them anyway", () => {
    expect(resolveConfig(mnist).rule).toMatchObject({ errorDepth: 0, errorWeights: "recall" });
    expect(resolveConfig(mnist, ["--rule.errorDepth=2"]).rule).toMatchObject({ errorDepth: 2, errorWeights: "recall" });
    const broadcast = "--network.recall=broadcast";
    const codes = "--rule.codes=random";
    for (const [option, named] of [
      [broadcast, "network.recall broadcast"],
      [codes, "rule.codes random"],
    ] as const) {
      expect(overriding("--rule.errorDepth=1", option)).toBe(
        `x.yaml: rule.errorWeights: expected learned or transposes with rule.errorDepth 1 and ${named} (recall's synapses carry errors where they run from stage to stage, down a chain), got recall`,
      );
      expect(
        resolveConfig(mnist, ["--rule.errorDepth=1", "--rule.errorWeights=transposes", option]).rule.errorDepth,
      ).toBe(1);
    }
    expect(overriding("--rule.errorDepth=1", "--rule.detached=false")).toBe(
      "--rule.errorDepth: expected 0 with rule.detached false (errors then reach all stages before theirs), got 1",
    );
    expect(overriding("--rule.errorDepth=-1")).toBe(
      "--rule.errorDepth: expected an integer from 0 to 64, got the number -1",
    );
    expect(overriding("--rule.errorWeights=wires")).toMatch(
      /rule\.errorWeights: expected one of recall, learned, transposes, got the text "wires"/,
    );
    // Other rules pass over it.
    expect(resolveConfig(mnist, ["--rule.errorDepth=1", broadcast, "--rule.name=backprop"]).rule.errorDepth).toBe(1);
  });

  it("bsd-ann compares images, unless they are not centred", () => {
    const alone = ["--rule.name=bsd-ann", "--train.batch=1", "--network.norm=false"];
    expect(overriding(...alone)).toContain("rule.centred");
    expect(resolveConfig(mnist, [...alone, "--rule.centred=false"]).train.batch).toBe(1);
  });

  it("fills in what a section of augmentation leaves out", () => {
    const data = { name: "mnist", augment: { shift: 2 } };
    expect(resolveConfig({ data }, ["--data.augment.flip=true"]).data.augment).toEqual({
      ...plainImages,
      shift: 2,
      flip: true,
    });
  });

  it.each([
    ["shift=65", "--data.augment.shift: expected an integer from 0 to 64, got the number 65"],
    ["shift=1.5", "--data.augment.shift: expected an integer from 0 to 64, got the number 1.5"],
    ["flip=1", "--data.augment.flip: expected true or false, got the number 1"],
    ["rotate=-5", "--data.augment.rotate: expected a number from 0 to 180, got the number -5"],
    ["erase=true", "--data.augment.erase: expected an integer from 0 to 65535, got true"],
    ["shfit=1", "command line: unknown key data.augment.shfit (did you mean data.augment.shift?)"],
  ])("refuses data.augment.%s", (setting, message) => {
    expect(overriding(`--data.augment.${setting}`)).toBe(message);
  });

  it("of autoencoders there is no augmentation, and a list of values is an axis of a comparison alone", () => {
    expect(() => resolveAnyConfig({ task: "autoencode", ...mnist }, ["--data.augment.shift=1"])).toThrow(
      /data\.augment has no meaning in an autoencoder experiment: the drawn image is compared/,
    );
    expect(overriding("--data.augment.shift=[0, 2]")).toContain("data.augment.shift: expected an integer");
  });

  it.each([0, 0.5, 0.999, 1, 5000])("keeps %d for validation", (validation) => {
    expect(resolveConfig({ data: { name: "mnist", validation } }).data.validation).toBe(validation);
  });
});

describe("settings of version 1", () => {
  it.each([
    ["--data.heldOut=0.2", "command line: unknown key data.heldOut: it is called data.validation now"],
    ["--rule.negatives=masked", "command line: unknown key rule.negatives: it is called rule.rivals now"],
    ["--rule.reach=1", "command line: unknown key rule.reach: it is called rule.errorDepth now"],
    ["--rule.carriers=learned", "command line: unknown key rule.carriers: it is called rule.errorWeights now"],
    ["--train.recallRate=0", "command line: unknown key train.recallRate: it is called train.recallLearningRate now"],
    [
      "--rule.dll.feedbackRate=1",
      "command line: unknown key rule.dll.feedbackRate: it is called rule.dll.feedbackLearningRate now",
    ],
    [
      "--rule.name=real-backprop",
      '--rule.name: expected backprop-ann, as real-backprop is called now, got the text "real-backprop"',
    ],
  ])("%s is an error that says what it is called now", (override, message) => {
    expect(overriding(override)).toBe(message);
  });

  it("of files it wrote are read by their new names", () => {
    const rule = {
      name: "real-bsd",
      negatives: "masked",
      errorDepth: 1,
      errorWeights: "learned",
      dll: { feedbackRate: 0.3 },
    };
    const old = { data: { name: "mnist", heldOut: 0.2 }, rule, train: { recallRate: 0.5 } };
    const now = {
      data: { name: "mnist", validation: 0.2 },
      rule: {
        name: "bsd-ann",
        rivals: "masked",
        errorDepth: 1,
        errorWeights: "learned",
        dll: { feedbackLearningRate: 0.3 },
      },
      train: { recallLearningRate: 0.5 },
    };
    expect(fromVersion1(old)).toEqual(now);
    expect(fromVersion1(now)).toEqual(now);
    expect(old.rule.errorDepth).toBe(1);
    for (const odd of [null, "text", [], { rule: 3, data: null }]) expect(fromVersion1(odd)).toEqual(odd);
  });

  it("of sequences get the sections that images have", () => {
    const rule = { name: "backprop-real", inferenceSteps: 7, inferenceRate: 0.3, carry: "inferred", feedbackRate: 0.7 };
    const given = {
      task: "next-character",
      data: { text: "alice" },
      rule: { ...rule, errorLimit: 9, temporalFeedback: true },
    };
    const config = resolveAnyConfig(fromVersion1(given));
    expect(config.rule).toMatchObject({
      name: "backprop-ann",
      dll: { feedbackLearningRate: 0.7, errorLimit: 9, temporalFeedback: true },
      predictiveCoding: { inferenceSteps: 7, inferenceLearningRate: 0.3, carry: "inferred" },
    });
    const reconstruct = { task: "autoencode", ...mnist, rule: { reconstruct: 2 } };
    expect(resolveAnyConfig(fromVersion1(reconstruct)).rule).toMatchObject({ reconstruct: 2 });
  });
});

/** Configurations of sequence experiments: defaults by task, and one sentence for every mistake. */
import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { BispikeError } from "../../src/errors.ts";
import { isSequenceConfig, resolveAnyConfig } from "../../src/training/any-config.ts";
import { resolveSequenceConfig, sequenceConfigDefaults } from "../../src/training/config.ts";
import { readAnyExperiment } from "../../src/training/config-file.ts";
import { parseAnyConfig, renderConfig } from "../../src/training/config-text.ts";

const alice = { task: "next-character", data: { text: "alice" } };
const series = { task: "regression", data: { series: "x/ETTh1.csv.gz" } };

function fault(raw: object, ...overrides: string[]): string {
  try {
    resolveSequenceConfig(raw, overrides, "x.yaml");
  } catch (error) {
    if (error instanceof BispikeError && error.code === "config") return error.message;
    throw error;
  }
  throw new Error("expected an error, got none");
}

describe("defaults", () => {
  const { network, rule, train } = sequenceConfigDefaults;

  it("of a text", () => {
    expect(resolveSequenceConfig(alice)).toEqual({
      name: "alice-bsd",
      task: "next-character",
      data: { text: "alice", window: 32, stride: 32, trainPart: 0.8, validation: 0.1, limit: 0, newline: "keep" },
      network,
      rule: { ...rule, rivals: "masked" },
      train,
    });
    expect(resolveSequenceConfig(alice, ["--data.window=10"]).data.stride).toBe(10);
  });

  it("of a series", () => {
    const config = resolveSequenceConfig(series, ["--rule.name=dll"]);
    expect(config).toMatchObject({ name: "ETTh1-dll", rule: { rivals: "literal" } });
    expect(config.data).toEqual({
      ...{ series: "x/ETTh1.csv.gz", window: 32, stride: 1, trainPart: 0.8, validation: 0.1, limit: 0 },
      ...{ standardise: "train", fill: "error" },
    });
    expect(resolveSequenceConfig(series, ["--task=forecast"]).data.horizon).toBe(1);
  });
});

it.each([
  [{ data: { text: "a.txt" } }, [], "x.yaml: data.text: expected a task beside it, got none, ", "task: next-character"],
  [{ data: { series: "a.csv" } }, [], "x.yaml: data.series: expected a task", "task: regression or forecast"],
  [{ data: { name: "mnist" }, network: { latent: 9 } }, [], "x.yaml: network.latent: ", "task: autoencode"],
  [{}, ["--data.text=a.txt"], "--data.text: expected a task beside it, ", "--task next-character"],
])("of %j with %j the task is what was forgotten", (raw, overrides, beginning, remedy) => {
  expect(() => resolveAnyConfig(raw, overrides, "x.yaml")).toThrow(
    expect.objectContaining({
      code: "config",
      message: expect.stringMatching(new RegExp(`^${beginning}.*experiment on images; add ${remedy}$`)),
    }),
  );
});

it("is told from images by its task", () => {
  expect(isSequenceConfig(resolveAnyConfig(alice))).toBe(true);
  expect(isSequenceConfig(resolveAnyConfig({ data: { name: "mnist" } }))).toBe(false);
  expect(isSequenceConfig(resolveAnyConfig({ data: { text: "a" } }, ["--task=next-character"]))).toBe(true);
});

it("reads back what it writes", () => {
  for (const raw of [
    alice,
    series,
    { task: "forecast", data: { series: "a", timeColumn: false, targets: [0, "OT"] } },
  ]) {
    const config = resolveSequenceConfig(raw);
    expect(parseAnyConfig(renderConfig(config))).toEqual(config);
  }
});

it.each([
  [alice, ["--train.epoch=3"], "unknown key train.epoch (did you mean train.epochs?)"],
  [alice, ["--network.kind=cnn"], "network.kind has no meaning in a sequence experiment: its net is always recurrent"],
  [alice, ["--task=text"], "task: expected one of next-character, regression, forecast, got the text"],
  [alice, ["--rule.name=bptt"], "rule.name: expected one of bsd, backprop, backprop-ann, predictive-coding, dll, got"],
  [alice, ["--data.validation=1"], "data.validation: expected a fraction from 0 to below 1, got the number 1"],
  [alice, ["--data.text=3"], "data.text: expected a known text (alice, hamlet, emma) or a text's path"],
  [alice, ["--data.series=a.csv"], "data.series: expected nothing with task next-character"],
  [alice, ["--data.fill=previous"], "data.fill: expected nothing with task next-character"],
  [alice, ["--data.trainPart=0"], "data.trainPart: expected more than 0"],
  [{ task: "next-character" }, [], "data.text: expected a known text"],
  [{ task: "forecast", data: {} }, [], "data.series: expected a series' path with task forecast, got nothing"],
  [series, ["--data.horizon=3"], "data.horizon: expected nothing with task regression"],
  [series, ["--data.newline=lf"], "data.newline: expected nothing with task regression"],
  [series, ["--data.targets=[]"], "data.targets: expected a list of columns' names or places, such as [OT]"],
  [series, ["--data.targets=[-1]"], "data.targets[0]: expected a column's name or its place from 0"],
  [series, ["--data.timeColumn=true"], "data.timeColumn: expected a column's name or place, or false, got true"],
  [alice, ["--rule.affinity=angles"], "rule.affinity: expected one of cosines, dots, got"],
  [alice, ["--rule.recallFeatures=same"], "rule.recallFeatures: expected one of rate, drive, membrane, got"],
  [series, ["--rule.rivals=prototypes"], "rule.rivals: expected one of literal, masked, got"],
  [series, ["--train.batch=2048"], "data.window x train.batch x network.steps: expected at most 65536 rows"],
  [series, ["--train.batch=1", "--data.window=1"], "data.window x train.batch: expected at least 2 positions"],
])("%j with %j", (raw, overrides, message) => {
  // What several keys come to together is no one option's fault.
  const origin =
    overrides.length === 0 || /^[\w.]+ x /.test(message)
      ? "x.yaml: "
      : /^unknown|no meaning/.test(message)
        ? "command line: "
        : "--";
  expect(fault(raw, ...overrides)).toContain(origin + message);
});

it.each([
  [["--train.batch=1"], "one window of many positions"],
  [["--data.window=1"], "many windows of one"],
  [["--train.batch=512", "--network.steps=4"], "as many rows as there may be"],
])("%j: %s", (overrides) => {
  expect(() => resolveSequenceConfig(series, overrides)).not.toThrow();
});

it("the experiments that come along are good, given their files", () => {
  const folder = new URL("../../experiments/", import.meta.url);
  const tasks: string[] = [];
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".yaml"))) {
    const path = new URL(file, folder).pathname;
    const given = { "shakespeare.yaml": ["--data.text=t"] } as Readonly<Record<string, string[]>>;
    const needsSeries = ["etth1.yaml", "exchange-rate.yaml", "los-speed.yaml"].includes(file);
    const config = readAnyExperiment(path, given[file] ?? (needsSeries ? ["--data.series=s.csv"] : []));
    if (isSequenceConfig(config)) tasks.push(config.name);
  }
  expect(tasks.sort()).toEqual(["alice", "etth1", "exchange-rate", "los-speed", "shakespeare"]);
});

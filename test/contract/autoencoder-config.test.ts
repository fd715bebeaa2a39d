/** Configurations of autoencoder experiments: defaults by kind of net, and one sentence for every mistake. */
import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { BispikeError } from "../../src/errors.ts";
import {
  experimentKind,
  isAutoencoderConfig,
  isSequenceConfig,
  resolveAnyConfig,
} from "../../src/training/any-config.ts";
import { autoencoderDefaults, resolveAutoencoderConfig } from "../../src/training/config.ts";
import { readAnyExperiment } from "../../src/training/config-file.ts";
import { parseAnyConfig, renderConfig } from "../../src/training/config-text.ts";
import { keysOf } from "../../src/training/options.ts";
import { SETTINGS } from "../../src/training/settings/settings.ts";

const mnist = { task: "autoencode", data: { name: "mnist" } };

function fault(resolve: (overrides: string[]) => unknown, ...overrides: string[]): string {
  try {
    resolve(overrides);
  } catch (error) {
    if (error instanceof BispikeError && error.code === "config") return error.message;
    throw error;
  }
  throw new Error("expected an error, got none");
}

describe("defaults", () => {
  it("fill in everything but the task and the data set", () => {
    expect(resolveAutoencoderConfig(mnist)).toEqual({
      ...autoencoderDefaults,
      name: "mnist-autoencoder-bsd",
      task: "autoencode",
      data: { name: "mnist", validation: 0.1, limit: 0 },
    });
  });

  it("give an mlp neurons, unless it says its own, and name the experiment after data and rule", () => {
    expect(resolveAutoencoderConfig(mnist, ["--network.kind=mlp"]).network.hidden).toEqual([256]);
    expect(resolveAutoencoderConfig(mnist, ["--network={kind: mlp, hidden: [9, 8]}"]).network.hidden).toEqual([9, 8]);
    const folder = { task: "autoencode", data: { path: "../my digits/" } };
    expect(resolveAutoencoderConfig(folder, ["--rule.name=backprop"]).name).toBe("my-digits-autoencoder-backprop");
  });

  it("cover every key of the table", () => {
    const config: unknown = resolveAutoencoderConfig({ task: "autoencode", data: { name: "mnist", path: "." } });
    const has = (dotted: string) =>
      dotted.split(".").reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], config);
    for (const key of keysOf(SETTINGS, "autoencode")) expect(has(key), key).toBeDefined();
  });
});

it("every option of the split by frequency can be overridden", () => {
  const { frequency } = resolveAutoencoderConfig(mnist, [
    "--rule.frequency.on=false",
    "--rule.frequency.split=0.2",
    "--rule.frequency.bands=smooth",
    "--rule.frequency.lowLambda=0.1",
    "--rule.frequency={highLambda: 0.5, softness: 0.1}",
    "--rule.frequency.lowWeight=2",
    "--rule.frequency.highWeight=3",
    "--rule.frequency.rings=4",
  ]).rule;
  expect(frequency).toEqual({
    ...{ on: false, split: 0.2, bands: "smooth", lowLambda: 0.1, highLambda: 0.5, lowWeight: 2, highWeight: 3 },
    softness: 0.1,
    rings: 4,
  });
});

describe("is told from other experiments by its task", () => {
  it.each([
    [mnist, "autoencoder"],
    [{ data: { name: "mnist" } }, "images"],
    [{ task: "next-character", data: { text: "alice" } }, "sequences"],
  ])("%j: %s", (raw, kind) => {
    const config = resolveAnyConfig(raw);
    expect(experimentKind(config)).toBe(kind);
    expect(isSequenceConfig(config)).toBe(kind === "sequences");
    expect(isAutoencoderConfig(config)).toBe(kind === "autoencoder");
  });

  it("also when an override sets it", () => {
    expect(experimentKind(resolveAnyConfig({ data: { name: "mnist" } }, ["--task=autoencode"]))).toBe("autoencoder");
  });

  it.each([["autoencoder"], ["classify"], [3], [["autoencode"]]])("%j is none", (task) => {
    expect(fault(() => resolveAnyConfig({ ...mnist, task }, [], "x.yaml"))).toMatch(
      /^x\.yaml: task: expected one of next-character, regression, forecast, autoencode, or no task for an image experiment, got /,
    );
  });
});

it("reads back what it writes", () => {
  for (const overrides of [[], ["--rule.frequency.on=false", "--network.kind=mlp"]]) {
    const config = resolveAutoencoderConfig(mnist, overrides);
    expect(parseAnyConfig(renderConfig(config))).toEqual(config);
  }
});

it.each([
  ["--train.epoch=3", "unknown key train.epoch (did you mean train.epochs?)"],
  ["--rule.frequency.cut=0.2", "unknown key rule.frequency.cut (known here: rule.frequency.on, "],
  [
    "--network.target=one-hot",
    "network.target has no meaning in an autoencoder experiment: only images of classes have a target code",
  ],
  ["--rule.name=dll", "rule.name: expected one of bsd, backprop, backprop-ann, got the text"],
  ["--rule.frequency.on=yes", 'rule.frequency.on: expected true or false, got the text "yes"'],
  [
    "--rule.frequency.split=0.8",
    "rule.frequency.split: expected a radius from 0 to 0.7071 cycles a pixel, got the number 0.8",
  ],
  ["--rule.frequency.softness=0", "rule.frequency.softness: expected a number above 0"],
  ["--rule.frequency=true", "rule.frequency: expected a section with the keys on, bands, split, "],
  ["--network.latent=0", "network.latent: expected an integer from 1 to 65535, got the number 0"],
  ["--data={name: mnist, validation: -1}", "data.validation: expected a fraction from 0 to below 1"],
  ["--train.batch=65536", "train.batch x network.steps: expected at most 65536 rows, got 65536 x 8 = 524288"],
  ["--train.batch=1", "train.batch: expected at least 2, got 1: rule bsd compares"],
])("%s", (override, message) => {
  const told = fault((overrides) => resolveAutoencoderConfig(mnist, overrides, "x.yaml"), override);
  // What several keys come to together is no one option's fault.
  const origin = /^[\w.]+ x /.test(message)
    ? "x.yaml: "
    : /^unknown|no meaning/.test(message)
      ? "command line: "
      : "--";
  expect(told).toContain(origin + message);
});

it("wants two images where they are compared, and takes as many rows as there may be", () => {
  const batchOf = (...overrides: string[]) => resolveAutoencoderConfig(mnist, overrides).train.batch;
  expect(() => batchOf("--train.batch=1", "--rule.loss=mse")).toThrow("train.batch: expected at least 2, got 1");
  expect(batchOf("--train.batch=1", "--rule.loss=mse", "--rule.centred=false")).toBe(1);
  expect(batchOf("--train.batch=1", "--rule.name=backprop")).toBe(1);
  expect(batchOf("--train.batch=8192")).toBe(8192);
});

it("needs data, and no more halvings than an image has sides for", () => {
  expect(fault(() => resolveAutoencoderConfig({ task: "autoencode" }))).toMatch(/^data: expected a name/);
  const hidden = Array.from({ length: 17 }, () => 8);
  expect(fault(() => resolveAutoencoderConfig({ ...mnist, network: { hidden } }))).toMatch(/at most 16 stages/);
});

it("the experiments that come along are good", () => {
  const folder = new URL("../../experiments/", import.meta.url);
  const names = readdirSync(folder)
    .filter((name) => name.endsWith("-autoencoder.yaml"))
    .map((name) => readAnyExperiment(new URL(name, folder).pathname))
    .filter(isAutoencoderConfig)
    .map(({ name }) => name);
  expect(names.sort()).toEqual(["cifar10-autoencoder", "fashion-mnist-autoencoder", "mnist-autoencoder"]);
});

/** Stage losses and rules from outside: names that clash or are not there, what a checkpoint keeps of them, and that they train. */
import { beforeAll, describe, expect, it } from "vitest";
import { BispikeError, type ErrorCode } from "../../src/errors.ts";
import { cosineRows } from "../../src/losses/affinity.ts";
import { registerStageLoss, stageLoss, stageLosses } from "../../src/losses/stage-loss.ts";
import { registerAs } from "../../src/registry.ts";
import { resolveAutoencoderConfig, resolveConfig } from "../../src/training/config.ts";
import { trainsRecall } from "../../src/training/nets-and-rules.ts";
import { assertRegistered, pluginsUsed } from "../../src/training/plugins.ts";
import { decodeCheckpoint } from "../../src/training/read-checkpoint.ts";
import { registeredRules, registerRule } from "../../src/training/registered-rules.ts";
import { registerExamples } from "../support/plugins.ts";
import { accuracyOf } from "../support/small-accuracy.ts";
import { smallTraining } from "../support/small-training.ts";

const data = { path: "bars" };
const nothing = cosineRows(1, () => 0);

function refused(code: ErrorCode, message: RegExp, run: () => unknown): void {
  let error: unknown;
  try {
    run();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(BispikeError);
  expect((error as BispikeError).code).toBe(code);
  expect((error as BispikeError).message).toMatch(message);
}

beforeAll(registerExamples);

describe("names", () => {
  it.each(["infonce", "margin"])("that are taken are refused: %s", (name) => {
    const owner = name === "infonce" ? "bispike itself" : "this program";
    refused("usage", new RegExp(`stage loss ${name}: this name is taken by ${owner}`), () =>
      registerStageLoss(name, () => nothing),
    );
  });

  it.each(["bsd", "dll", "taking-turns"])("of rules too: %s", (name) => {
    const definition = registeredRules.get("taking-turns")!;
    refused("usage", new RegExp(`rule ${name}: this name is taken`), () => registerRule(name, definition));
  });

  it.each(["", "Margin", "a b", "-x", "x".repeat(61), "__proto__"])("that are none are refused: %j", (name) => {
    refused("usage", /stage loss: expected a name of 1 to 60 small letters/, () =>
      registerStageLoss(name, () => nothing),
    );
  });

  it("nobody registered are told with what there is and how to load more", () => {
    const how =
      /one of reco, infonce, mse, margin, or a stage loss of your own \(load .*--plugin FILE\.mjs.*\), got the text "nope"/;
    refused("config", how, () => resolveConfig({ data, rule: { loss: "nope" } }));
    const task = "autoencode";
    refused("config", how, () => resolveAutoencoderConfig({ task, data, rule: { loss: "nope" } }));
    refused("config", /rule\.name: expected one of bsd, .*taking-turns, or a rule of your own .*"nope"/, () =>
      resolveConfig({ data, rule: { name: "nope" } }),
    );
    refused("config", /stage loss: expected one of .* got nope; load/, () =>
      stageLoss({ loss: "nope", lambda: 1, temperature: 1 }, 1, 1),
    );
  });

  it("that are registered are good, in every experiment that has stage losses of two networks", () => {
    expect(resolveConfig({ data, rule: { loss: "margin" } }).rule.loss).toBe("margin");
    expect(resolveAutoencoderConfig({ task: "autoencode", data, rule: { loss: "margin" } }).rule.loss).toBe("margin");
    const { rule, name } = resolveConfig({ data, rule: { name: "taking-turns" } });
    expect([rule.name, name, trainsRecall(rule)]).toEqual(["taking-turns", "bars-mlp-taking-turns", true]);
  });
});

describe("what is registered", () => {
  const incomplete = (value: unknown) => value as never;

  it("is refused where it is no function, or lacks something", () => {
    refused("usage", /stage loss five: expected a function that makes the loss/, () =>
      registerStageLoss("five", incomplete(5)),
    );
    const message = /rule half: expected networks \(both or perception\), keepDrives and create/;
    const definition = { networks: "both", keepDrives: false, create: () => incomplete({}) };
    for (const key of Object.keys(definition))
      refused("usage", message, () => registerRule("half", incomplete({ ...definition, [key]: undefined })));
    expect([stageLosses.has("five"), registeredRules.has("half")]).toEqual([false, false]);
  });

  it("is told from this library's own faults where it makes no loss and no rule", async () => {
    registerStageLoss("no-loss", () => incomplete(undefined));
    registerRule("no-rule", { networks: "both", keepDrives: false, create: () => incomplete({ step: () => 1 }) });
    const train = { epochs: 1, batch: 40 };
    await expect(smallTraining({ network: { hidden: [8] }, train, rule: { loss: "no-loss" } })).rejects.toThrow(
      "stage loss no-loss: expected a function from its factory",
    );
    await expect(smallTraining({ network: { hidden: [8] }, train, rule: { name: "no-rule" } })).rejects.toThrow(
      "rule no-rule: expected step, slots and optimiser from its create",
    );
  });
});

describe("checkpoints", () => {
  const small = { network: { hidden: [8] }, train: { epochs: 1, batch: 40 } };

  it("keep which plugin registered what they use", async () => {
    const count = await registerAs("still.mjs", async () => registerStageLoss("still", () => nothing));
    expect([count, stageLosses.pluginOf("still")]).toEqual([1, "still.mjs"]);
    const { last } = await smallTraining({ ...small, rule: { loss: "still" } });
    const text = new TextDecoder("latin1").decode(last);
    expect(text).toContain(JSON.stringify(`[{"key":"rule.loss","name":"still","plugin":"still.mjs"}]`));
    expect(decodeCheckpoint(last, "last").config.rule.loss).toBe("still");
    // Another name of the same length: as a process would see it that has not loaded the plugin. The seal tells what it is about before the name is looked up.
    const foreign = Uint8Array.from(text.replaceAll('\\"name\\":\\"still\\"', '\\"name\\":\\"stall\\"'), (c) =>
      c.charCodeAt(0),
    );
    refused("checkpoint", /last: is damaged/, () => decodeCheckpoint(foreign, "last"));
  });

  it("say nothing of plugins where there are none", async () => {
    const { last } = await smallTraining(small);
    expect(new TextDecoder("latin1").decode(last)).not.toContain("plugins");
    expect(pluginsUsed(resolveConfig({ data }))).toEqual([]);
  });

  it("of what is not loaded are refused, and the plugin is named", () => {
    const use = { key: "rule.loss", name: "nope" };
    refused(
      "checkpoint",
      /needs the stage loss nope, which plugin ring\.mjs registers and which is not loaded; give it: --plugin ring\.mjs/,
      () => assertRegistered([{ ...use, plugin: "ring.mjs" }]),
    );
    refused("checkpoint", /needs the rule nope, which a program registered .*an import in a program/, () =>
      assertRegistered([{ key: "rule.name", name: "nope" }]),
    );
    const odd = [null, "x", {}, { ...use, key: "rule" }, { ...use, name: 3 }, { ...use, plugin: "a\nb" }];
    for (const one of odd) refused("checkpoint", /metadata plugins: expected a list/, () => assertRegistered([one]));
    refused("checkpoint", /metadata plugins: expected a list/, () => assertRegistered({}));
  });
});

describe("training", () => {
  const train = { epochs: 20, batch: 24, learningRate: 0.02 };

  it.each([{ loss: "margin" }, { name: "taking-turns" }, { name: "bsd-ann", loss: "margin" }])(
    "with rule %j learns",
    async (rule) => {
      expect(
        await accuracyOf((await smallTraining({ network: { hidden: [24, 16] }, rule, train })).last),
      ).toBeGreaterThan(0.9);
    },
  );
});

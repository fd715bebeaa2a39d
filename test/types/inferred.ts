/**
 * What TypeScript infers of the library without a type written by its user; compiled by package.test.ts as a consumer's file, against the packed declarations, and never run.
 * Each `Same` is an error where the inferred type is another, each `@ts-expect-error` where a mistake would go unnoticed.
 */
import {
  autoencoder as autoencoderNet,
  type BispikeError,
  createExperiment,
  type Dataset,
  evaluate,
  feedbackAlignment,
  type ImageModel,
  load,
  mlp,
  type NetworkConfig,
  type RuleConfig,
  recurrent,
  registerRule,
  registerStageLoss,
  resolveConfig,
  type StepReport,
  Team,
  type TrainConfig,
  train,
  trainExperiment,
} from "bispike";
import { type AutoencoderRuleConfig, resolveAutoencoderConfig } from "bispike/autoencoder";
import { images, series, text } from "bispike/data";
import { resolveAnyConfig, resolveSequenceConfig, type SequenceRuleConfig } from "bispike/sequence";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never;
const same = <A, B>(_: Same<A, B>): void => {};

export async function inferred(dataset: Dataset, error: BispikeError): Promise<void> {
  const config = resolveConfig({ data: { name: "mnist" } });
  same<typeof config.network.kind, "mlp" | "cnn">(true);
  // Sections have names, for functions that take one.
  same<[typeof config.network, typeof config.rule, typeof config.train], [NetworkConfig, RuleConfig, TrainConfig]>(
    true,
  );
  same<typeof config.network.hidden, readonly number[]>(true);
  same<typeof config.rule.rivals, "literal" | "masked" | "prototypes">(true);
  same<typeof config.train.schedule, "cosine" | "constant">(true);
  same<typeof error.code, "data" | "config" | "checkpoint" | "shape" | "usage" | "training" | "platform">(true);

  const team = await Team.create();
  const place = { x: 0, out: 8 };
  team.run("sumSquares", 1, { length: 4, ...place });
  // @ts-expect-error a kernel's argument is missing
  team.run("sumSquares", 1, place);
  // @ts-expect-error the kernel has no such argument
  team.run("sumSquares", 1, { length: 4, x: 0, out: 8, scale: 1 });
  const experiment = createExperiment(team, config, dataset);
  same<typeof experiment.model, ImageModel>(true);
  const result = await trainExperiment(experiment, {
    sink: {
      onStep: (report, line) => {
        same<typeof report, StepReport>(true);
        same<typeof line.step, number>(true);
      },
      onMetrics: (line) => {
        // A line of a step or of an epoch, told apart by its kind.
        if (line.kind === "epoch") same<typeof line.validationAccuracy, number | null>(true);
      },
    },
  });
  same<typeof result.finished, boolean>(true);
  same<typeof result.best, { readonly score: number; readonly epoch: number } | null>(true);
  const { accuracy } = await evaluate(experiment.model, dataset.test, new Int32Array(1));
  same<typeof accuracy, number>(true);

  same<(typeof sequence)["task"], "next-character" | "regression" | "forecast">(true);
  same<(typeof autoencoder)["task"], "autoencode">(true);
  same<[typeof sequence.rule, typeof autoencoder.rule], [SequenceRuleConfig, AutoencoderRuleConfig]>(true);
  // Told apart by its task.
  const any = resolveAnyConfig({});
  if ("task" in any && any.task === "autoencode") same<typeof any.network.latent, number>(true);
}

const sequence = resolveSequenceConfig({});
const autoencoder = resolveAutoencoderConfig({});

// Built-in names are suggested, registered ones allowed.
export const loss: typeof autoencoder.rule.loss = "margin";
registerStageLoss("margin", ({ weight, features }) => {
  same<typeof weight, number>(true);
  return () => weight * features;
});

// @ts-expect-error: a loss is made for each stage, not once
registerStageLoss("wrong", () => 3);
// @ts-expect-error: a rule says which networks it trains
registerRule("wrong", { keepDrives: false, create: () => null });
// @ts-expect-error: a checked configuration is read only
resolveConfig({}).train.batch = 3;
// @ts-expect-error: training needs an experiment, not a configuration
trainExperiment(resolveConfig({}));
// @ts-expect-error: overrides are strings
resolveConfig({}, [3]);

/** What `predict` gives is known from data and net. */
export async function predicted(bytes: Uint8Array): Promise<void> {
  const named = await train({
    data: await images("mnist"),
    net: mlp([8]),
    onEpoch: ({ validation }) => same<typeof validation.accuracy, number | null>(true),
  });
  const { label, scores, familiarity } = await named.predict(bytes);
  same<[typeof label, typeof scores, typeof familiarity], [string, Readonly<Record<string, number>>, number | null]>(
    true,
  );
  const byDefault = await train({ data: await images("mnist") });
  same<typeof byDefault.problem, "classify">(true);
  const drawn = await train({ data: await images("mnist"), net: autoencoderNet([8]) });
  const { latent } = await drawn.predict(bytes);
  same<typeof latent, Uint8Array | null>(true);
  const spoken = await train({ data: await text("alice"), net: recurrent([8]) });
  same<Awaited<ReturnType<typeof spoken.generate>>, string>(true);
  const { next } = await spoken.predict("a");
  same<typeof next, string>(true);
  const foretold = await train({ data: await series("a.csv") });
  const { values } = await foretold.predict([[1, 2]]);
  same<typeof values, Readonly<Record<string, number>>>(true);
  const loaded = await load(bytes, { problem: "classify" });
  same<typeof loaded, typeof named>(true);
  const any = await load(bytes);
  same<typeof any.problem, "classify" | "sequence" | "autoencode">(true);
  // @ts-expect-error: a text is learned by a recurrent net
  await train({ data: await text("alice"), net: mlp([8]) });
  // @ts-expect-error: a rule of images
  await train({ data: await text("alice"), rule: feedbackAlignment() });
  // @ts-expect-error: a text has nothing to recall
  spoken.recall("a");
}

/** What is said of neurons that fire too little or too much names settings that the experiment's rule has. */
import { expect, it } from "vitest";
import { resolveAnyConfig } from "../../src/training/any-config.ts";
import { healthWarnings, remediesOf } from "../../src/training/metrics.ts";
import { smallAutoencoderTraining } from "../support/small-autoencoder-run.ts";
import { smallSequenceTraining } from "../support/small-sequence-run.ts";
import { smallTraining } from "../support/small-training.ts";

const images = (...overrides: string[]) => remediesOf(resolveAnyConfig({ data: { name: "mnist" } }, overrides));
/** Dead, saturated, and silent in a batch. */
const warn = (remedies: ReturnType<typeof images>) =>
  healthWarnings("perception", [0.001, 0.9, 0.1, 0.1], remedies, [0, 0, 0.75, 0]);

it("thresholds for every rule; the norm where it is off", () => {
  expect(warn(images("--rule.name=backprop"))).toEqual([
    "perception stage 2 is dead: neurons fire in 0.1 % of the steps; lower network.threshold.perception",
    "perception stage 3 is saturated: neurons fire in 90.0 % of the steps; raise network.threshold.perception",
    "perception stage 4: 75.0 % of the neurons did not fire once in a whole batch; lower network.threshold.perception",
  ]);
  const [dead] = warn(images("--rule.name=backprop", "--network.norm=false"));
  expect(dead).toMatch(/lower network\.threshold\.perception, or set network\.norm=true$/);
});

it("bsd's homeostasis, and lambda where its loss has one", () => {
  const [, saturated, silent] = warn(images());
  expect(saturated).toMatch(/raise network\.threshold\.perception or rule\.homeostasis\.weight$/);
  expect(silent).toMatch(/batch; lower network\.threshold\.perception$/);
  expect(warn(images("--rule.loss=reco"))[2]).toMatch(/lower rule\.lambda or network\.threshold\.perception$/);
  const rivals = ["feedback-alignment", "local-losses", "r-stdp"].map((name) => images(`--rule.name=${name}`));
  for (const remedies of rivals) expect(warn(remedies).join()).not.toMatch(/rule\./);
});

it("keys of other kinds of experiments", () => {
  const autoencoder = (...more: string[]) =>
    remediesOf(resolveAnyConfig({ task: "autoencode", data: { name: "mnist" } }, ["--rule.loss=reco", ...more]));
  expect(autoencoder().lambda).toBe("rule.frequency.highLambda");
  expect(autoencoder("--rule.frequency.on=false").lambda).toBe("rule.lambda");
  const text = { task: "next-character", data: { text: "alice" } };
  expect(remediesOf(resolveAnyConfig({ ...text, rule: { name: "backprop" } }))).toMatchObject({ lambda: null });
  expect(remediesOf(resolveAnyConfig({ ...text, rule: { loss: "reco" } })).lambda).toBe("rule.lambda");
});

it("says nothing where all is well", () => {
  expect(healthWarnings("recall", [0.1, 0.3], images(), [0.1, 0.2])).toEqual([]);
  expect(healthWarnings("perception", [], images(), [])).toEqual([]);
});

it("from 0.2 % of the steps to 80 %, and half of the neurons, all is well", () => {
  const rates = [0.0019, 0.002, 0.8, 0.801];
  const warnings = healthWarnings("recall", rates, images());
  expect(warnings.map((warning) => warning.slice(0, "recall stage 2 is saturated".length))).toEqual([
    expect.stringContaining("recall stage 2 is dead"),
    expect.stringContaining("recall stage 5 is saturated"),
  ]);
  const silent = healthWarnings("perception", [0.1, 0.1], images(), [0.5, 0.51]);
  expect(silent).toEqual([expect.stringContaining("perception stage 3: 51.0 %")]);
});

it("an epoch says it of both networks, each by its own threshold, whatever is trained", async () => {
  // Nothing ever fires.
  const threshold = { perception: 1e6, recall: 2e6 };
  const train = { epochs: 1, batch: 12 };
  const window = { window: 4 };
  const runs = await Promise.all([
    smallTraining({ network: { hidden: [6], steps: 2, threshold }, train }),
    smallAutoencoderTraining({ network: { hidden: [6], latent: 10, steps: 3, threshold } }, { stopBefore: 6 }),
    smallSequenceTraining({
      task: "next-character",
      data: window,
      network: { hidden: [6], steps: 2, threshold },
      train,
    }),
  ]);
  for (const { metrics } of runs) {
    const { warnings = [] } = metrics.find((line) => "warnings" in line) as { warnings?: readonly string[] };
    for (const network of ["perception", "recall"])
      expect(warnings).toContainEqual(
        expect.stringMatching(
          `^${network} stage 2 is dead: .* 0\\.0 % of the steps; lower network\\.threshold\\.${network}`,
        ),
      );
  }
});

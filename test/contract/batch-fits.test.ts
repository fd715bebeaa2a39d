/** What a step or a pass is given must fit the memory that is there: kernels would write over what lies behind it. Every rule says so, and learns nothing. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { resolveAutoencoderConfig } from "../../src/training/config.ts";
import { createAutoencoderExperiment } from "../../src/training/experiment.ts";
import { exportState } from "../../src/training/state.ts";
import { RULES, smallRule } from "../support/image-rules.ts";
import { smallDigits } from "../support/small-digits.ts";
import { smallPair } from "../support/small-pair.ts";
import { smallRival } from "../support/small-rival.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 4096 });
});
afterAll(() => team.close());

const rates = { perception: 0.01, recall: 0.01 };
const refusal = (message: string) => expect.objectContaining({ code: "usage", message });

/** Batches that a net of `most` rows and `classes` classes cannot learn from, and why. */
function unfit(most: number, classes: number): readonly (readonly [labels: Uint16Array, message: string])[] {
  return [
    [new Uint16Array(0), `images: expected 1 to ${most}, got 0`],
    [new Uint16Array(most + 1), `images: expected 1 to ${most}, got ${most + 1}`],
    [Uint16Array.of(0, classes), `class: expected 0 to ${classes - 1}, got ${classes}`],
  ];
}

describe("a batch that does not fit", () => {
  it("is refused by bsd", async () => {
    const { team: own, pair, rule } = await smallPair({ network: { kind: "mlp" } });
    try {
      const before = exportState(rule, { optimiser: true });
      for (const [labels, message] of unfit(pair.options.maxImages, pair.target.classes))
        expect(() => rule.step({ labels, counter: 0 }, rates)).toThrow(refusal(message));
      expect(exportState(rule, { optimiser: true })).toEqual(before);
      expect(rule.optimiser.steps).toBe(0);
    } finally {
      await own.close();
    }
  });

  it.each(["backprop", "feedback-alignment", "direct-feedback-alignment", "local-losses", "r-stdp"] as const)(
    "is refused by %s",
    async (name) => {
      const { team: own, pair, rule } = await smallRival({ name, kind: "mlp" });
      try {
        for (const [labels, message] of unfit(pair.options.maxImages, pair.target.classes))
          expect(() => rule.step({ labels, counter: 0 }, rates)).toThrow(refusal(message));
        expect(rule.optimiser.steps).toBe(0);
      } finally {
        await own.close();
      }
    },
  );

  it.each(RULES)("is refused by %s", (name) => {
    const rule = smallRule(team, name, { kind: "mlp" });
    for (const [labels, message] of unfit(rule.maxImages, rule.options.classes))
      expect(() => rule.step({ labels, counter: 0 }, rates)).toThrow(refusal(message));
    expect(() => rule.scores(rule.maxImages + 1)).toThrow(refusal("images: expected 0 to 12, got 13"));
    expect(rule.optimiser.steps).toBe(0);
  });

  it.each(["bsd", "backprop", "backprop-ann"] as const)("is refused by an autoencoder's %s", (name) => {
    const config = resolveAutoencoderConfig({
      task: "autoencode",
      data: { path: "bars" },
      network: { kind: "mlp", hidden: [8], latent: 4 },
      rule: { name },
      train: { batch: 6 },
    });
    const { learner } = createAutoencoderExperiment(team, config, smallDigits()).model;
    for (const images of [0, 7])
      expect(() => learner.step(images, rates)).toThrow(refusal(`images: expected 1 to 6, got ${images}`));
    const tooMany = refusal("images: expected 0 to 6, got 7");
    for (const by of learner.reconstructors) expect(() => learner.reconstruct(7, by)).toThrow(tooMany);
    const { latent } = learner;
    if (!latent) return;
    expect(() => latent.encode(7, "perception")).toThrow(tooMany);
    expect(() => latent.decode(new Uint8Array(7 * latent.steps * latent.neurons), 7, "perception")).toThrow(tooMany);
    expect(() => latent.decode(new Uint8Array(3), 1, "perception")).toThrow(
      expect.objectContaining({
        code: "shape",
        message: `latent spikes: expected 1 images x ${latent.steps} steps x 4 neurons, got 3`,
      }),
    );
  });
});

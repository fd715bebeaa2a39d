/** Runs of a net outside training: what it is asked for and does not have is refused in words, and the first images of a batch are decided as in the whole batch. */
import { describe, expect, it } from "vitest";
import { decideImages } from "../../src/measure/decide.ts";
import { recallConcepts } from "../../src/nets/inference.ts";
import { smallModel } from "../support/small-model.ts";

const refusal = (message: RegExp) =>
  expect.objectContaining({ code: "usage", message: expect.stringMatching(message), name: "BispikeError" });
const indices = Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7);

describe.each(["direct", "poisson"] as const)("a pair shown stimuli as %s", (stimulus) => {
  it.each([9, 5000, -1, 1.5, Number.NaN])("perceives no %d images of 8 rows", async (images) => {
    const { team, model } = await smallModel({ network: { stimulus } });
    expect(() => model.perceive(images)).toThrow(refusal(/^images: expected 0 to 8, got /));
    await team.close();
  });
});

it.each([[[3]], [[-1]], [[Number.NaN]], [[0.5]]])("recalls no %j of 3 classes", async (labels) => {
  const { team, model } = await smallModel();
  const message = /^recall: expected a class from 0 to 2, got /;
  expect(() => recallConcepts(model.pair, labels)).toThrow(refusal(message));
  await team.close();
});

it("recalls no more at once than there are rows", async () => {
  const { team, model } = await smallModel();
  expect(() => recallConcepts(model.pair, new Uint8Array(5000))).toThrow(
    refusal(/^recalls: expected 0 to 8, got 5000/),
  );
  await team.close();
});

it("decides the first of the images perceived as in the whole batch, beyond one tile of classes too", async () => {
  const { team, model, split } = await smallModel({
    classes: 20,
    network: { threshold: { perception: 0.6, recall: 0.5, concept: 0.1 } },
  });
  model.load(split, indices, 0, 8);
  model.perceive(8);
  const [all, rates] = [decideImages(model, 8), model.rates()];
  expect(all.some(({ cosines }) => cosines.slice(16).some((cosine) => cosine > 0))).toBe(true);
  expect(decideImages(model, 3)).toEqual(all.slice(0, 3));
  expect(() => decideImages(model, 9)).toThrow(refusal(/^images perceived: expected 0 to 8, got 9/));
  // Half of the batch again: rates are of the newest pass.
  model.perceive(4);
  expect(model.rates()).not.toEqual(rates);
  expect(() => decideImages(model, 8)).toThrow(refusal(/^images perceived: expected 0 to 4, got 8/));
  await team.close();
});

/** Sequences that a program has in memory: made ready by a configuration's own request, and refused where they were made for another. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { assembleSequence, type Sequence } from "../../src/data/sequence/assemble.ts";
import { Team } from "../../src/engine/team.ts";
import { encodeNpy } from "../../src/formats/npz.ts";
import { SequenceBsd } from "../../src/problems/sequence.ts";
import { SequenceStream } from "../../src/problems/sequence-stream.ts";
import { resolveSequenceConfig } from "../../src/training/config.ts";
import { sequenceRequest } from "../../src/training/data-sources.ts";
import { createSequenceExperiment } from "../../src/training/experiment.ts";
import { trainExperiment } from "../../src/training/trainer.ts";

const small = { network: { hidden: [6], steps: 2 }, train: { epochs: 1, batch: 8 } };
const text = resolveSequenceConfig({ ...small, task: "next-character", data: { text: "own", window: 8 } });
const series = resolveSequenceConfig({ ...small, task: "forecast", data: { series: "own", window: 8 } });
const values = Float32Array.from({ length: 400 }, (_, i) => Math.sin(i / 7));

let team: Team;
let own: Sequence;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 1024 });
  own = await assembleSequence(new TextEncoder().encode("abcab ".repeat(80)), "own.txt", sequenceRequest(text));
});
afterAll(() => team.close());

const refusal = (code: string, message: RegExp) =>
  expect.objectContaining({ name: "BispikeError", code, message: expect.stringMatching(message) });

it("a text and an array of numbers train by the request of their configuration", async () => {
  const numbers = await assembleSequence(
    encodeNpy({ shape: [200, 2], data: values }),
    "own.npy",
    sequenceRequest(series),
  );
  for (const experiment of [createSequenceExperiment(team, text, own), createSequenceExperiment(team, series, numbers)])
    expect(await trainExperiment(experiment)).toMatchObject({ finished: true, step: experiment.task.totalSteps });
});

describe("a sequence is refused", () => {
  it("that was made for another task", () => {
    const message = /^own: expected a sequence for task forecast in windows of 8, got one for next in windows of 8/;
    expect(() => createSequenceExperiment(team, series, own)).toThrow(refusal("config", message));
  });

  it("whose windows are of another length, which would reach into what is held out", () => {
    const longer = { ...text, data: { ...text.data, window: 16 } };
    const message = /expected a sequence for task next in windows of 16, got one for next in windows of 8/;
    expect(() => createSequenceExperiment(team, longer, own)).toThrow(refusal("config", message));
  });

  it("with nothing to train on", () => {
    const empty = { ...own, windows: { ...own.windows, train: new Int32Array(0) } };
    const message = /^own: expected a window to train on, got none/;
    expect(() => createSequenceExperiment(team, text, empty)).toThrow(refusal("data", message));
  });
});

it.each([Number.NaN, -1, Number.POSITIVE_INFINITY])("a stream learns at no rate of %d", (recall) => {
  const { learner } = createSequenceExperiment(team, text, own);
  if (!(learner instanceof SequenceBsd)) throw new Error("expected rule bsd");
  const make = () => new SequenceStream(learner, { every: 4, learningRates: { perception: 0.01, recall } });
  expect(make).toThrow(refusal("usage", /^learningRates.recall: expected a number from 0, got /));
});

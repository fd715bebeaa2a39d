/** A loss or a gradient that is no longer a finite number ends the training where it arises: by its stage, the step, and what to do, under every kind of rule. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { assembleSequence } from "../../src/data/sequence/assemble.ts";
import { Team } from "../../src/engine/team.ts";
import { spikingModel } from "../../src/nets/model.ts";
import { ParameterGroup } from "../../src/nets/parameters.ts";
import { SequenceBsd } from "../../src/problems/sequence.ts";
import { AdamW } from "../../src/rules/optimiser.ts";
import { resolveAutoencoderConfig, resolveConfig, resolveSequenceConfig } from "../../src/training/config.ts";
import { sequenceRequest } from "../../src/training/data-sources.ts";
import {
  createAutoencoderExperiment,
  createExperiment,
  createSequenceExperiment,
} from "../../src/training/experiment.ts";
import { exportSlots, importSlots } from "../../src/training/state.ts";
import type { Trainable } from "../../src/training/trainable.ts";
import { loadImages, RULES, smallRule } from "../support/image-rules.ts";
import { bytesOf } from "../support/series-files.ts";
import { smallAutoencoder } from "../support/small-autoencoder.ts";
import { smallDigits } from "../support/small-digits.ts";
import { smallLearner } from "../support/small-learners.ts";
import { randomImages, smallPair } from "../support/small-pair.ts";
import { randomSequence, sequenceRates, smallBsd, startsOf } from "../support/small-recurrent.ts";
import { smallRival } from "../support/small-rival.ts";
import { smallText } from "../support/small-sequence-run.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 4096 });
});
afterAll(() => team.close());

/** Weights of no numbers. */
const spoil = ({ parameters }: ParameterGroup): void => void parameters.view.fill(Number.NaN);

function expectTold(stage: number, step: () => unknown): void {
  expect(step).toThrow(
    expect.objectContaining({
      code: "training",
      message: `stage ${stage}: the loss is NaN at step 1; lower train.learningRate, or set train.clip`,
    }),
  );
}

describe.each(["mlp", "cnn"] as const)("%s", (kind) => {
  it.each(["stage 1", "a hidden stage", "the top"])("bsd: %s", async (where) => {
    const features = where === "a hidden stage" ? "drive" : "rate";
    const { team: own, pair, step } = await smallPair({ network: { kind, norm: false }, rule: { features } });
    try {
      const images = randomImages(pair, 5);
      if (where === "stage 1") spoil(pair.reconstructed.group);
      else spoil(where === "the top" ? pair.conceptDrive.group : pair.perception[1]!.group);
      expectTold(where === "stage 1" ? 1 : where === "the top" ? pair.stages : 3, () => step(images));
    } finally {
      await own.close();
    }
  });

  it.each([...["backprop", "feedback-alignment", "direct-feedback-alignment", "local-losses", "r-stdp"]] as const)(
    "%s: the top",
    async (name) => {
      const { team: own, pair, step } = await smallRival({ name: name as "backprop", kind });
      try {
        spoil(pair.conceptDrive.group);
        expectTold(pair.stages, () => step(randomImages(pair, 5)));
      } finally {
        await own.close();
      }
    },
  );

  it.each(RULES)("%s: the top", (name) => {
    const rule = smallRule(team, name, { kind });
    const labels = loadImages(rule, 9);
    spoil(rule.net.readout.group);
    expectTold(rule.net.layers.length + 1, () => rule.step({ labels, counter: 0 }, { perception: 0.01, recall: 0.01 }));
  });

  it.each(["recall's drawing", "a hidden stage", "perception's drawing"])("autoencoders: %s", async (where) => {
    const features = where === "a hidden stage" ? "drive" : "rate";
    const {
      team: own,
      pair,
      show,
      step,
    } = await smallAutoencoder({
      ...{ network: { kind, norm: false }, rule: { features, centred: false, loss: "mse" } },
    });
    try {
      show(4);
      const [layer, stage] =
        where === "recall's drawing"
          ? [pair.recall[0]!, 1]
          : where === "a hidden stage"
            ? [pair.perception[1]!, 3]
            : [pair.perception.at(-1)!, pair.stages];
      spoil(layer.group);
      expectTold(stage, () => step(4));
    } finally {
      await own.close();
    }
  });
});

it.each(["stage 1", "the top"])("sequences under bsd: %s", async (where) => {
  const { team: own, pair, learner } = await smallBsd();
  try {
    learner.load(randomSequence(pair.options, 20), startsOf(4, 5), 0, 4);
    spoil(where === "the top" ? pair.conceptDrive.group : pair.reconstructed!.group);
    expectTold(where === "the top" ? pair.stages : 1, () => learner.step(sequenceRates));
  } finally {
    await own.close();
  }
});

it.each(["backprop", "backprop-ann", "predictive-coding", "dll"] as const)(
  "sequences under %s: the top",
  async (rule) => {
    const { team: own, learner, set } = await smallLearner({ rule, kind: "symbols", hidden: [9], window: 3, rows: 2 });
    try {
      learner.load(set, Int32Array.of(0, 9), 0, 2);
      for (const { name, shape, write } of learner.slots(false))
        if (name === "perception.stage3.weight") write(new Float32Array(shape[0]! * shape[1]!).fill(Number.NaN));
      expect(() => learner.step(sequenceRates)).toThrow(
        /^stage 3: the loss is NaN at step 1; lower train\.learningRate/,
      );
    } finally {
      await own.close();
    }
  },
);

describe("checkpoints", () => {
  const place = { step: 3, epoch: 0, batch: 3, best: null };
  const refused = (task: Trainable, groups: readonly ParameterGroup[]) => {
    expect(() => task.encode(place, "last")).not.toThrow();
    spoil(groups[0]!);
    for (const which of ["last", "best"] as const)
      expect(() => task.encode(place, which)).toThrow(
        /holds values that are not finite at step 3, so that step was not saved; lower train\.learningRate/,
      );
  };

  it("of images, of autoencoders and of sequences are not made of them", async () => {
    const data = { path: "bars" };
    const images = smallDigits({ train: 60, test: 4 });
    const plain = createExperiment(team, resolveConfig({ data, network: { hidden: [8] } }), images);
    refused(plain.task, [spikingModel(plain.model, "this test").pair.conceptDrive.group]);

    const config = resolveAutoencoderConfig({ task: "autoencode", data, rule: { name: "backprop" } });
    const autoencoder = createAutoencoderExperiment(team, config, images);
    const [drawn] = [...autoencoder.model.learner.slots(false)];
    expect(() => autoencoder.task.encode(place, "last")).not.toThrow();
    drawn!.write(drawn!.read().fill(Number.NaN));
    expect(() => autoencoder.task.encode(place, "last")).toThrow(/not finite at step 3/);

    const words = resolveSequenceConfig({
      ...{ task: "next-character", data: { text: "small.txt", window: 6 }, network: { hidden: [6] } },
    });
    const sequence = await assembleSequence(bytesOf(smallText()), "small.txt", sequenceRequest(words));
    const text = createSequenceExperiment(team, words, sequence);
    if (!(text.learner instanceof SequenceBsd)) throw new Error("expected rule bsd");
    refused(text.task, [text.learner.pair.conceptDrive.group]);
  });

  it("change nothing where one of their tensors does not fit", async () => {
    const { team: own, pair } = await smallPair({ network: { kind: "mlp" } });
    try {
      const tensors = exportSlots(pair.slots(false));
      for (const { data } of tensors.values()) (data as Float32Array).fill(0.5);
      const [last] = [...tensors.keys()].slice(-1);
      const before = String(pair.perception[0]!.group.parameters.view);
      tensors.get(last!)!.data[0] = Number.NaN;
      expect(() => importSlots(pair.slots(false), tensors)).toThrow(
        `tensor ${last}: value 0 is NaN, not a finite number`,
      );
      tensors.delete(last!);
      expect(() => importSlots(pair.slots(false), tensors)).toThrow(`tensor ${last} is missing`);
      expect(String(pair.perception[0]!.group.parameters.view)).toBe(before);
    } finally {
      await own.close();
    }
  });
});

describe.each(["stage", "global"] as const)("a gradient, clipped by %s", (clipScope) => {
  it.each([0, 1])("at %d", (clip) => {
    const group = new ParameterGroup(team, "perception.stage2", { weight: 16 });
    const optimiser = new AdamW(team, { weightDecay: 0.01, clip, clipScope }, [group]);
    group.gradients.view[3] = Number.NaN;
    optimiser.begin();
    expect(() => optimiser.update(group, 0.01)).toThrow(
      expect.objectContaining({
        code: "training",
        message: "perception.stage2: the gradient is no longer a finite number at step 1; lower train.learningRate",
      }),
    );
    optimiser.finish();
    expect(group.parameters.view).toEqual(new Float32Array(16));
  });
});

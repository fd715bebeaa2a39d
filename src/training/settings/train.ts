/** Section `train`: the training loop. */
import { choice, each, real, section, whole } from "../options.ts";

/** Default learning rate of rule r-stdp, whose sums of spikes are no gradient of a loss. */
export const stdpLearningRate = 0.01;

export const train = section(
  {
    seed: whole({ says: "Seed of every random stream.", min: 0, default: 1 }),
    epochs: whole({
      says: "Passes over the training data.",
      min: 1,
      max: 1_000_000,
      default: ({ problem }) => ({ classify: 5, sequence: 15, autoencode: 10 })[problem],
      unit: "epochs",
    }),
    batch: whole({
      says: "Images, or windows, of a batch.",
      min: 1,
      max: 65536,
      default: each({ classify: 128, sequence: 64, autoencode: 128 }),
    }),
    threads: whole({
      says: "Worker threads; 0 = all cores. The result does not depend on it.",
      min: 0,
      max: 256,
      default: 0,
    }),
    learningRate: real({
      says: "AdamW's learning rate for perception; 0.01 under rule r-stdp.",
      above: 0,
      default: ({ at }) => (at("rule.name") === "r-stdp" ? stdpLearningRate : 0.003),
    }),
    recallLearningRate: real({
      says: "Learning rate of recall (rules ccl and bsd-ann: of the feedback net) as a multiple of perception's; 0 freezes it.",
      min: 0,
      default: 1,
      was: ["train.recallRate"],
      rules: ["bsd", "ccl", "bsd-ann"],
    }),
    schedule: choice(["cosine", "constant"], {
      says: "Course of the learning rate after the warm-up.",
      default: "cosine",
    }),
    warmup: whole({ says: "Linear warm-up of the learning rate.", min: 0, default: 0, unit: "optimiser steps" }),
    weightDecay: real({ says: "AdamW's decoupled weight decay.", min: 0, default: 0.01 }),
    clip: real({ says: "Largest L2 norm of a gradient; 0 = no clipping.", min: 0, default: 1 }),
    clipScope: choice(["stage", "global"], {
      says: "Clip each stage by its own norm, or all by one.",
      default: "stage",
    }),
    checkpointSeconds: real({
      says: "Save the `last` checkpoint at least this often; 0 = after every step.",
      min: 0,
      default: 60,
      unit: "seconds",
    }),
  },
  { says: "The training loop." },
);

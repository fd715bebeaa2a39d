/** Section `observe`: what is measured of training on the way; nothing that is learned depends on it. */
import { section, whole } from "../options.ts";

const notYet = "only image experiments are observed yet";

export const observe = section(
  {
    every: whole({
      says: "Optimiser steps from one observation to the next, beginning with the first; the last one is observed too. 0 = never.",
      min: 0,
      default: 0,
      unit: "optimiser steps",
    }),
    images: whole({
      says: "Validation images (training images where there are none) whose spikes are measured.",
      min: 2,
      max: 65536,
      default: 256,
      unit: "images",
    }),
  },
  {
    says: "Observation of training: each stage's gradient beside backprop's, weights up and down, spikes; written to `observations.jsonl`.",
    notIn: { sequence: notYet, autoencode: notYet },
  },
);

/**
 * What is trained to pin today's bytes: plain objects with the keys of a configuration file, and which made data each trains on.
 *
 * Three lists: every rule on every problem; options that take the code another way; and the recipes of `experiments/`, made small (`../characterisation-recipes.json`, a copy, so that a
 * later change of a recipe is no change here). When a key gets another name, the adapter translates; the cases stay.
 */
import { readFileSync } from "node:fs";
import type { PicturesName } from "./data.ts";

export type DataName = PicturesName | "text" | "series";

export interface Case {
  readonly name: string;
  readonly data: DataName;
  /** As a configuration file says it. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Also trained with two threads, which must give the recorded figures. */
  readonly twoThreads: boolean;
  /** Also stopped half-way and gone on with in new objects, which must end in the recorded bytes. */
  readonly resumed: boolean;
  /** Trained in parts: `after` is the last stage of each part but the last, `depth` how many steps recall's spikes may be late (default 0). */
  readonly parts?: { readonly after: readonly number[]; readonly depth?: number };
}

type Section = Readonly<Record<string, unknown>>;

interface Sections {
  readonly data?: Section;
  readonly network?: Section;
  readonly rule?: Section;
  readonly train?: Section;
  readonly observe?: Section;
}

interface Base {
  readonly data: DataName;
  readonly sections: Sections & { readonly task?: string };
}

/** 9 steps an epoch on grey, 27 in all; the last batch of colour is smaller. */
const TRAIN = { epochs: 3, batch: 12, learningRate: 0.01 };
const FAST = { network: { population: { size: 6, range: 2 } }, rule: { inferenceSteps: 5 } };

const bases = {
  mlp: {
    data: "grey",
    sections: { data: { path: "grey" }, network: { kind: "mlp", hidden: [20, 17] }, train: TRAIN },
  },
  cnn: {
    data: "grey",
    sections: { data: { path: "grey" }, network: { kind: "cnn", hidden: [6, 18] }, train: { ...TRAIN, epochs: 2 } },
  },
  colour: {
    data: "colour",
    sections: {
      data: { path: "colour" },
      network: { kind: "cnn", hidden: [5, 10, 18] },
      train: { ...TRAIN, epochs: 2 },
    },
  },
  symbols: {
    data: "text",
    sections: {
      task: "next-character",
      data: { text: "made.txt", window: 8 },
      network: { hidden: [20, 17] },
      rule: { inferenceSteps: 5 },
      train: { ...TRAIN, batch: 6 },
    },
  },
  regression: {
    data: "series",
    sections: {
      task: "regression",
      data: { series: "made.csv", window: 8, stride: 4 },
      network: { hidden: [20], ...FAST.network },
      rule: FAST.rule,
      train: { ...TRAIN, batch: 5 },
    },
  },
  forecast: {
    data: "series",
    sections: {
      task: "forecast",
      data: { series: "made.csv", window: 8, stride: 4, horizon: 3, targets: ["OT", "a"] },
      network: { hidden: [20], ...FAST.network },
      rule: FAST.rule,
      train: { ...TRAIN, batch: 5 },
    },
  },
  "autoencoder mlp": {
    data: "grey",
    sections: {
      task: "autoencode",
      data: { path: "grey" },
      network: { kind: "mlp", hidden: [20], latent: 10, steps: 4 },
      train: TRAIN,
    },
  },
  "autoencoder cnn": {
    data: "colour",
    sections: {
      task: "autoencode",
      data: { path: "colour" },
      network: { kind: "cnn", hidden: [5, 8], latent: 10, steps: 4 },
      train: { ...TRAIN, epochs: 2 },
    },
  },
} as const satisfies Record<string, Base>;

type BaseName = keyof typeof bases;

const SECTIONS = ["data", "network", "rule", "train", "observe"] as const;

type Also = Partial<Pick<Case, "twoThreads" | "resumed" | "parts">>;

/** A base with some keys of its sections changed. */
function caseOf(name: string, base: BaseName, changes: Sections, also: Also = {}): Case {
  const { data, sections }: Base = bases[base];
  const merged = SECTIONS.map((key) => [key, { ...sections[key], ...changes[key] }] as const);
  const config = {
    ...(sections.task === undefined ? {} : { task: sections.task }),
    ...Object.fromEntries(merged.filter(([, section]) => Object.keys(section).length > 0)),
  };
  return { name: `${base}: ${name}`, data, config, twoThreads: false, resumed: false, ...also };
}

const SPIKING = ["bsd", "backprop", "feedback-alignment", "direct-feedback-alignment", "local-losses", "r-stdp"];
const REAL = ["real-backprop", "dll", "predictive-coding", "ccl", "real-bsd"];
const RULES: Readonly<Record<BaseName, readonly string[]>> = {
  mlp: [...SPIKING, ...REAL],
  cnn: [...SPIKING, ...REAL],
  colour: [...SPIKING, ...REAL],
  symbols: ["bsd", "backprop", "backprop-real", "predictive-coding", "dll"],
  regression: ["bsd", "backprop", "backprop-real", "predictive-coding", "dll"],
  forecast: ["bsd", "backprop", "backprop-real", "predictive-coding", "dll"],
  "autoencoder mlp": ["bsd", "backprop", "real-backprop"],
  "autoencoder cnn": ["bsd", "backprop", "real-backprop"],
};

/** Convolutional rivals share the threads' work with these three and with each other. */
const CONVOLUTIONAL = ["bsd", "backprop", "real-backprop"];

const rules = Object.entries(RULES).flatMap(([base, names]) =>
  names.map((name) => {
    const twoThreads = base !== "cnn" && (base !== "colour" || CONVOLUTIONAL.includes(name));
    return caseOf(`rule ${name}`, base as BaseName, { rule: { name } }, { twoThreads, resumed: true });
  }),
);

const dots = { affinity: "dots", temperature: 0.02 };
const homeostasis = { weight: 10, rate: 0.1 };

/** Options of pairs on images, which a fully connected and a convolutional pair both have. */
const pairOptions: Readonly<Record<string, Sections>> = {
  broadcast: { network: { recall: "broadcast" } },
  "broadcast, drive, dots": { network: { recall: "broadcast" }, rule: { recallFeatures: "drive", ...dots } },
  "features drive": { rule: { features: "drive" } },
  "features membrane": { rule: { features: "membrane" } },
  "recall's drive": { rule: { recallFeatures: "drive" } },
  "recall's membrane": { rule: { recallFeatures: "membrane" } },
  "recall's rates beside membranes": { rule: { features: "membrane", recallFeatures: "rate" } },
  "not centred": { rule: { centred: false } },
  "masked negatives": { rule: { rivals: "masked" } },
  "literal negatives": { rule: { rivals: "literal" } },
  "literal negatives, dots": { rule: { rivals: "literal", ...dots } },
  reco: { rule: { loss: "reco" } },
  "reco, masked, not centred": { rule: { loss: "reco", rivals: "masked", centred: false, lambda: 0.6 } },
  "reco, literal": { rule: { loss: "reco", rivals: "literal", lambda: 0.6 } },
  mse: { rule: { loss: "mse" } },
  "mse, literal": { rule: { loss: "mse", rivals: "literal" } },
  dots: { rule: dots },
  "dots, margin": { rule: { ...dots, margin: 2.5 } },
  "cosines, margin, masked": { rule: { margin: 0.2, rivals: "masked" } },
  "weights of losses": { rule: { weight: 0.5, stimulusWeight: 2 } },
  "no stimulus loss": { rule: { stimulusWeight: 0 } },
  "top reco": { rule: { top: "reco" } },
  "top mse": { rule: { top: "mse" } },
  homeostasis: { rule: { homeostasis } },
  "recall frozen": { rule: { freeze: "recall" } },
  "perception frozen": { rule: { freeze: "perception" } },
  "both frozen": { rule: { freeze: "both" } },
  "random codes": { rule: { codes: "random" } },
  "random codes, drive, dots": { rule: { codes: "random", codeRate: 0.3, recallFeatures: "drive", ...dots } },
  "not detached": { rule: { detached: false } },
  "not detached, homeostasis": { rule: { detached: false, homeostasis } },
  "reach 1": { rule: { errorDepth: 1 } },
  "reach all": { rule: { errorDepth: 64 } },
  "reach 1 by transposes": { rule: { errorDepth: 1, errorWeights: "transposes" } },
  "reach all by transposes, broadcast": {
    rule: { errorDepth: 64, errorWeights: "transposes" },
    network: { recall: "broadcast" },
  },
  "reach 1 by learned synapses": { rule: { errorDepth: 1, errorWeights: "learned" } },
  "reach all by learned synapses, broadcast": {
    rule: { errorDepth: 64, errorWeights: "learned" },
    network: { recall: "broadcast" },
  },
  "reach with random codes": { rule: { errorDepth: 64, errorWeights: "transposes", codes: "random" } },
  "poisson stimulus": { network: { stimulus: "poisson" } },
  "latency stimulus": { network: { stimulus: "latency" } },
  "random target": { network: { target: "random" } },
  "wider random target": { network: { target: "random", targetSize: 24 } },
  "no norm": { network: { norm: false, threshold: { perception: 0.1, recall: 0.1 } } },
  "no norm, not detached": {
    network: { norm: false, threshold: { perception: 0.1, recall: 0.1 } },
    rule: { detached: false },
  },
  "one step": { network: { steps: 1 } },
  "seven steps, tau 3": { network: { steps: 7, tau: 3 } },
  "eight steps": { network: { steps: 8 } },
  "low thresholds": { network: { threshold: { perception: 0.2, recall: 0.2, concept: 0.5 } } },
  "clipped as a whole": { train: { clip: 0.05, clipScope: "global" } },
  "clipped by stage": { train: { clip: 0.05 } },
  "no clip, no decay": { train: { clip: 0, weightDecay: 0 } },
  "recall three times as fast": { train: { recallRate: 3 } },
  "recall at rate 0": { train: { recallRate: 0 } },
  "constant rate, warmup": { train: { schedule: "constant", warmup: 5 } },
  "another seed": { train: { seed: 12345 } },
  "batch 4": { train: { batch: 4, epochs: 1 } },
  "batch 1": { train: { batch: 1, epochs: 1 }, data: { limit: 30 }, rule: { centred: false } },
  augmented: { data: { augment: { shift: 1, flip: true, rotate: 10, erase: 2 } } },
  "label noise": { data: { labelNoise: 0.3 } },
  "nothing held out": { data: { validation: 0 } },
  observed: { observe: { every: 4, images: 10 } },
};

/** Those that are resumed too. */
const RESUMED = [
  "broadcast, drive, dots",
  "recall's membrane",
  "masked negatives",
  "reco",
  "homeostasis",
  "recall frozen",
  "random codes",
  "not detached",
  "reach all",
  "reach 1 by learned synapses",
  "poisson stimulus",
  "random target",
  "clipped as a whole",
  "augmented",
  "label noise",
];

const options = (base: BaseName, all: Readonly<Record<string, Sections>>, resumed: readonly string[] = []): Case[] =>
  Object.entries(all).map(([name, changes]) => caseOf(name, base, changes, { resumed: resumed.includes(name) }));

const pooled: Readonly<Record<string, Sections>> = {
  "pooled to 2x2": { rule: { pool: 2 } },
  "pooled to 2x2, energies": { rule: { pool: 2, pooling: "energy" } },
  "pooled, energies, drive, broadcast, dots": {
    rule: { pool: 4, pooling: "energy", recallFeatures: "drive", ...dots },
    network: { recall: "broadcast" },
  },
  "pooled, masked, not detached": { rule: { pool: 2, rivals: "masked", detached: false } },
  "pooled, drives": { rule: { pool: 2, features: "drive" } },
};

/** Options of the other rules on images. */
const rivals = SPIKING.slice(1)
  .concat(REAL)
  .flatMap((name): Case[] => {
    const real = REAL.includes(name);
    const all: Record<string, Sections> = {
      [`${name}, no norm`]: { network: { norm: false, threshold: { perception: 0.1, recall: 0.1 } }, rule: { name } },
      [`${name}, clipped as a whole`]: { train: { clip: 0.05, clipScope: "global" }, rule: { name } },
      [`${name}, observed`]: { observe: { every: 4, images: 10 }, rule: { name } },
      [`${name}, augmented, label noise`]: { data: { augment: { shift: 1 }, labelNoise: 0.2 }, rule: { name } },
    };
    if (!real) {
      all[`${name}, poisson`] = { network: { stimulus: "poisson" }, rule: { name } };
      if (name !== "r-stdp") all[`${name}, random target`] = { network: { target: "random" }, rule: { name } };
      if (name !== "r-stdp") all[`${name}, top mse`] = { rule: { name, top: "mse" } };
    } else {
      for (const activation of ["relu", "tanh", "elu"])
        all[`${name}, ${activation}`] = { network: { activation }, rule: { name } };
    }
    return [...options("mlp", all), ...options("cnn", all)];
  });

const rivalsOwn: Readonly<Record<string, Sections>> = {
  "r-stdp, hidden": { rule: { name: "r-stdp", stdp: { trace: 3, potentiation: 1, depression: 0.2, hidden: 0.5 } } },
  "dll, feedback 0.5": { rule: { name: "dll", dll: { feedbackRate: 0.5, errorLimit: 0.1 } } },
  "predictive coding, 3 steps": {
    rule: { name: "predictive-coding", predictiveCoding: { inferenceSteps: 3, inferenceRate: 0.2 } },
  },
  "ccl, dots": { rule: { name: "ccl", ccl: { affinity: "dots", weight: 0.5 } } },
  "real-bsd, reco": { rule: { name: "real-bsd", loss: "reco" } },
  "real-bsd, dots, margin": { rule: { name: "real-bsd", ...dots, margin: 1 } },
  "real-bsd, recall frozen": { rule: { name: "real-bsd", freeze: "recall" } },
};

const autoencoders: Readonly<Record<string, Sections>> = {
  "no split by frequency": { rule: { frequency: { on: false } } },
  "smooth bands": { rule: { frequency: { bands: "smooth" } } },
  "bands of other weights": { rule: { frequency: { split: 0.1, lowWeight: 2, highWeight: 0.5, highLambda: 0.2 } } },
  "local redraw": { rule: { reconstruct: 1, seeing: 1 } },
  "local redraw, no split": { rule: { reconstruct: 10, frequency: { on: false } } },
  infonce: { rule: { loss: "infonce", frequency: { on: false } } },
  "infonce by bands": { rule: { loss: "infonce" } },
  mse: { rule: { loss: "mse", frequency: { on: false } } },
  "features drive": { rule: { features: "drive" } },
  "features membrane": { rule: { features: "membrane" } },
  "not centred": { rule: { centred: false } },
  "seeing 0": { rule: { seeing: 0 } },
  homeostasis: { rule: { homeostasis } },
  "weights of losses": { rule: { weight: 0.5, stimulusWeight: 2, topWeight: 0.5 } },
  "no norm": { network: { norm: false, threshold: { perception: 0.1, recall: 0.1 } } },
  "clipped as a whole": { train: { clip: 0.05, clipScope: "global" } },
  "eight steps": { network: { steps: 8 } },
  "backprop, no norm": { rule: { name: "backprop" }, network: { norm: false, threshold: { perception: 0.1 } } },
  "real backprop, no norm": { rule: { name: "real-backprop" }, network: { norm: false } },
  "real backprop, clipped as a whole": { rule: { name: "real-backprop" }, train: { clip: 0.05, clipScope: "global" } },
};

const sequences: Readonly<Record<string, Sections>> = {
  reco: { rule: { loss: "reco" } },
  "literal negatives": { rule: { rivals: "literal" } },
  "masked negatives": { rule: { rivals: "masked" } },
  "not centred": { rule: { centred: false } },
  "recall's drive, dots": { rule: { recallFeatures: "drive", ...dots } },
  "recall's membrane": { rule: { recallFeatures: "membrane" } },
  "blocks of 7 rows": { rule: { block: 7 } },
  homeostasis: { rule: { homeostasis } },
  "weights of losses": { rule: { weight: 0.5, stimulusWeight: 2 } },
  "recall without recurrence": { network: { recurrentRecall: false } },
  "no norm": { network: { norm: false, threshold: { perception: 0.1, recall: 0.1 } } },
  "one step": { network: { steps: 1 } },
  "seven steps, tau 3": { network: { steps: 7, tau: 3 } },
  "three layers": { network: { hidden: [12, 9, 17] } },
  "clipped as a whole": { train: { clip: 0.05, clipScope: "global" } },
  "recall three times as fast": { train: { recallRate: 3 } },
  "backprop, no norm": {
    rule: { name: "backprop" },
    network: { norm: false, threshold: { perception: 0.1, recall: 0.1 } },
  },
  "backprop, clipped as a whole": { rule: { name: "backprop" }, train: { clip: 0.05, clipScope: "global" } },
  "backprop-real, clipped as a whole": { rule: { name: "backprop-real" }, train: { clip: 0.05, clipScope: "global" } },
  "predictive coding, inferred carry": { rule: { name: "predictive-coding", inferenceSteps: 4, carry: "inferred" } },
  "dll, errors through time": { rule: { name: "dll", temporalFeedback: true, feedbackRate: 0.5, errorLimit: 0.5 } },
};

const series: Readonly<Record<string, Sections>> = {
  "standardised by all": { data: { series: "made.csv", window: 8, stride: 4, standardise: "all" } },
  "some columns": { data: { series: "made.csv", window: 6, stride: 2, columns: ["a", "OT"], targets: ["OT"] } },
  "wider population": { network: { population: { size: 10, range: 3 } } },
};

const inParts: readonly Case[] = [
  caseOf("in two parts", "mlp", {}, { resumed: true, parts: { after: [2] } }),
  caseOf(
    "in three parts, poisson",
    "mlp",
    { network: { stimulus: "poisson" } },
    { resumed: true, parts: { after: [1, 3] } },
  ),
  caseOf("in two parts, depth 1", "mlp", {}, { resumed: true, parts: { after: [2], depth: 1 } }),
  caseOf("in three parts, depth 2", "colour", {}, { resumed: true, parts: { after: [2, 3], depth: 2 } }),
  caseOf(
    "in two parts, dots",
    "cnn",
    { rule: { recallFeatures: "drive", ...dots } },
    { resumed: true, parts: { after: [2] } },
  ),
];

const recipesFile = new URL("../characterisation-recipes.json", import.meta.url);
const recipes = JSON.parse(readFileSync(recipesFile, "utf8")) as Readonly<
  Record<string, { readonly data: DataName; readonly config: Case["config"] }>
>;

/** Every case, each of its own name. */
export const cases: readonly Case[] = [
  ...rules,
  ...options("mlp", pairOptions, RESUMED),
  ...options("cnn", { ...pairOptions, ...pooled }),
  ...options("colour", pooled),
  ...rivals,
  ...options("mlp", rivalsOwn),
  ...options("cnn", rivalsOwn),
  ...options("autoencoder mlp", autoencoders, ["no split by frequency", "local redraw"]),
  ...options("autoencoder cnn", autoencoders, ["smooth bands", "local redraw"]),
  ...options("symbols", sequences, ["reco", "recall's membrane", "backprop, no norm"]),
  ...options("regression", sequences, ["reco"]),
  ...options("regression", series),
  ...inParts,
  ...Object.entries(recipes).map(([name, recipe]) => ({ name, ...recipe, twoThreads: false, resumed: false })),
];

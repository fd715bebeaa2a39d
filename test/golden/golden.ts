/**
 * Typed access to the golden states in this folder: eight tiny nets with every intermediate value in float64, made once by
 * an independent implementation (PyTorch autograd). Arrays are row-major; images (batch, channel, y, x), weights
 * (out, in, ky, kx); traces lead with the time step.
 */
import { readFileSync } from "node:fs";

export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface GoldenCommon {
  readonly T: number;
  readonly theta: number;
  readonly tau: number;
  readonly classes: number;
  readonly batch: number;
  readonly features: "rate" | "drive" | "membrane";
  readonly centred: boolean;
  readonly negatives: "literal" | "masked" | "prototypes";
  readonly loss: "reco" | "infonce";
  readonly lambda: number;
  readonly temperature: number;
}

/** `widths`: neurons of the stimulus and of each hidden stage. */
export interface GoldenMlp extends GoldenCommon {
  readonly net: "mlp";
  readonly widths: readonly number[];
}

/** `channels`: of the stimulus and of each hidden stage; `size`: side of the square stimulus, pixels. */
export interface GoldenCnn extends GoldenCommon {
  readonly net: "cnn";
  readonly channels: readonly number[];
  readonly size: number;
}

export type GoldenCase = GoldenMlp | GoldenCnn;

export interface GoldenStage {
  readonly drive: GoldenTensor;
  /** Absent where there are no neurons: recall's last drive reconstructs the stimulus. */
  readonly membrane?: GoldenTensor;
  readonly spikes?: GoldenTensor;
}

/** Parameters and gradients are keyed by name; see `goldenNames`. Losses are keyed "stage 1", ..., "top". */
export interface GoldenState {
  readonly case: GoldenCase;
  readonly stimulus: GoldenTensor;
  readonly labels: readonly number[];
  readonly initial: Readonly<Record<string, GoldenTensor>>;
  readonly trace: {
    readonly perception: readonly GoldenStage[];
    /** From the target down to the stimulus. */
    readonly recall: readonly GoldenStage[];
    readonly "top drive": GoldenTensor;
  };
  readonly gradients: Readonly<Record<string, GoldenTensor>>;
  readonly "losses over ten steps": readonly Readonly<Record<string, number>>[];
  readonly "after ten steps": Readonly<Record<string, GoldenTensor>>;
}

export const goldenFiles = [
  "cnn-infonce-pairs",
  "cnn-reco-prototypes-centred",
  "mlp-infonce-pairs",
  "mlp-infonce-prototypes-centred",
  "mlp-reco-literal-drive",
  "mlp-reco-literal-membrane-centred",
  "mlp-reco-masked",
  "mlp-reco-prototypes-centred",
] as const;

/** @example const state = loadGolden("mlp-reco-masked"); */
export function loadGolden(name: (typeof goldenFiles)[number]): GoldenState {
  return JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), "utf8")) as GoldenState;
}

/** Names of one block's parameters in a golden file; scale and shift are null where the block has no norm. */
export interface BlockNames {
  readonly weight: string;
  readonly bias: string;
  readonly scale: string | null;
  readonly shift: string | null;
}

export interface PairNames {
  readonly perception: readonly BlockNames[];
  readonly top: BlockNames;
  /** From the target down to the stimulus. */
  readonly recall: readonly BlockNames[];
}

function blockNames(synapses: string, norm: string | null): BlockNames {
  return {
    weight: `${synapses}.weight`,
    bias: `${synapses}.bias`,
    scale: norm && `${norm}.weight`,
    shift: norm && `${norm}.bias`,
  };
}

/** The golden names of a case's parameters, block by block. */
export function goldenNames(golden: GoldenCase): PairNames {
  const cnn = golden.net === "cnn";
  const hidden = (cnn ? golden.channels : golden.widths).length - 1;
  const norm = cnn ? 2 : 1;
  const blocks = Array.from({ length: hidden }, (_, i) => i);
  return {
    perception: blocks.map((i) => blockNames(`perception.${i}.0`, `perception.${i}.${norm}`)),
    top: blockNames(cnn ? "top.1" : "top", null),
    // An upsampling block holds its convolution at index 1; the first recall block is linear, at index 0.
    recall: [
      ...blocks.map((i) => blockNames(`recall.${i}.${cnn && i > 0 ? 1 : 0}`, `recall.${i}.${norm}`)),
      blockNames(cnn ? `recall.${hidden}.1` : `recall.${hidden}`, null),
    ],
  };
}

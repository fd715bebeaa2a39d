/** What may be asked of an exported graph, and what comes back. */
import { BispikeError } from "../../errors.ts";
import type { Port } from "./graph.ts";

/** All time steps in one run, or one time step a run with the membranes going in and out. */
export type OnnxMode = "unrolled" | "step";

/** How perception is written. */
export interface OnnxExportOptions {
  /** Default unrolled. */
  readonly mode?: OnnxMode;
  /** Also give every hidden stage's spikes, and the concept's. Default false. */
  readonly spikes?: boolean;
  /** Version of this package, for the file's header. */
  readonly version?: string;
  /** More pairs of text for programs, beside those the graph has of itself; their keys begin with something else than `bispike.`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A graph as a file's bytes, with what goes in and comes out. */
export interface OnnxExport {
  /** The file. */
  readonly bytes: Uint8Array;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Of graphs of one step: each input that is state, and the output that is its next value. All start as zeros. */
  readonly states: Readonly<Record<string, string>>;
  /** What the file says of itself for programs. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Steps that are unrolled at most: each stage has some nodes a step. */
const MOST_UNROLLED = 256;

/** Steps a graph has. @throws BispikeError "usage" for more than can be unrolled */
export function graphSteps(mode: OnnxMode, steps: number): number {
  if (mode === "step") return 1;
  if (steps <= MOST_UNROLLED) return steps;
  throw new BispikeError(
    "usage",
    `ONNX: ${steps} time steps are too many to unroll (${MOST_UNROLLED} at most); export one step a run (mode step)`,
  );
}

/** What the panels that choose a setup, and count its work, ask a training worker. */
import type { DroppedFile } from "../data/dropped.ts";

/** Synaptic operations, and the energy of their arithmetic in 45 nm at 0.9 V. */
export interface Work {
  readonly macs: number;
  readonly acs: number;
  readonly picojoules: number;
}

/** Means over the first images of the newest batch, as NeuroBench counts. */
export interface WorkNow {
  /** Of an image, over all its steps. */
  readonly perception: Work;
  /** Of a concept; null where there is no recall. */
  readonly recall: Work | null;
  /** A training step's share of an image; null for variants that are not counted. */
  readonly training: Work | null;
  /** The same by backprop on the same net and activity. */
  readonly backprop: Work;
}

/** What dropped files hold. */
export interface FilesHeld {
  readonly shape: { readonly height: number; readonly width: number; readonly channels: number };
  readonly classNames: readonly string[];
  readonly train: number;
  readonly test: number;
}

export interface ChooseApi {
  /** Reads dropped files, to tell what they hold; the run goes on. Rejects with a `Failure`. */
  describeFiles(name: string, files: readonly DroppedFile[]): Promise<FilesHeld>;
  /** Null before the first step. */
  work(): Promise<WorkNow | null>;
}

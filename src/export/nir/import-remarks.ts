/** What an imported graph says of itself in its metadata, checked; and what is taken for granted where it says nothing. */
import { BispikeError } from "../../errors.ts";
import type { DataSummary } from "../../network/model.ts";
import type { NetworkOptions } from "../../network/pair.ts";
import type { NirGraph, NirMetadata } from "./node.ts";

/** Seconds a step where nobody says: snnTorch's. */
const COMMON_DT = 1e-4;
const MOST_STEPS = 1024;

export interface Remarks {
  readonly dt: number;
  readonly steps: number;
  readonly seed: number;
  /** Whether neurons fire at v >= v_threshold; NIR itself says v > v_threshold. */
  readonly inclusive: boolean;
  readonly coding: Pick<NetworkOptions, "stimulus" | "target" | "targetSize">;
  /** A time constant in steps, to six digits: float32 seconds have no more. */
  inSteps(tau: number): number;
  /** What the data were like: as the graph says, else one row of `inputs` pixels, `outputs` classes and no normalisation. */
  data(inputs: number, outputs: number): DataSummary;
}

/**
 * @throws BispikeError "usage" where a number of steps is needed and not given, or a remark contradicts the graph
 */
export function remarks({ metadata }: NirGraph, options: { readonly steps?: number; readonly dt?: number }): Remarks {
  const dt = options.dt ?? positive(metadata, "dt") ?? COMMON_DT;
  const steps = options.steps ?? positive(metadata, "steps");
  if (steps === undefined || !Number.isInteger(steps) || steps < 1 || steps > MOST_STEPS) {
    throw new BispikeError(
      "usage",
      `NIR: steps: expected 1 to ${MOST_STEPS} time steps, got ${steps ?? "none, neither as an option nor in the graph's metadata"}`,
    );
  }
  const exact = positive(metadata, "tau_steps");
  return {
    dt,
    steps,
    inclusive: oneOf(metadata, "comparison", [">=", ">"]) === ">=",
    seed: whole(metadata, "target_seed") ?? 0,
    coding: {
      stimulus: oneOf(metadata, "input_coding", ["direct", "poisson", "latency"]) ?? "direct",
      target: oneOf(metadata, "target_coding", ["one-hot", "random"]) ?? "one-hot",
      targetSize: whole(metadata, "target_size") ?? 0,
    },
    inSteps: (tau) => {
      const found = Number((tau / dt).toPrecision(6));
      return exact !== undefined && Math.abs(exact - found) <= 1e-5 * exact ? exact : found;
    },
    data: (inputs, outputs) => dataOf(metadata, inputs, outputs),
  };
}

function dataOf(metadata: NirMetadata, inputs: number, outputs: number): DataSummary {
  const name = text(metadata, "data_name") ?? "NIR graph";
  const [height = 1, width = 1, channels = inputs, ...more] = list(metadata, "image_shape") ?? [];
  const sizes = [height, width, channels];
  if (
    more.length > 0 ||
    !sizes.every((size) => Number.isInteger(size) && size > 0) ||
    height * width * channels !== inputs
  ) {
    throw new BispikeError(
      "usage",
      `NIR: metadata image_shape: expected [height, width, channels] of ${inputs} inputs, got [${sizes.join(", ")}]`,
    );
  }
  const mean = statistics(metadata, "input_mean", channels, 0);
  const std = statistics(metadata, "input_std", channels, 1);
  if (std.some((value) => value <= 0))
    throw new BispikeError("usage", "NIR: metadata input_std: expected values above 0");
  return {
    name,
    shape: { height, width, channels },
    classNames: classNames(metadata, outputs),
    statistics: { mean, std },
  };
}

function statistics(metadata: NirMetadata, key: string, channels: number, otherwise: number): number[] {
  const values = list(metadata, key);
  // One number for all: a row of inputs without a picture has as many "channels" as inputs.
  if (values?.length === channels && values.every(Number.isFinite)) return [...values];
  if (values)
    throw new BispikeError("usage", `NIR: metadata ${key}: expected ${channels} numbers, got ${values.length}`);
  return new Array<number>(channels).fill(otherwise);
}

function classNames(metadata: NirMetadata, outputs: number): string[] {
  const stated = text(metadata, "class_names");
  if (stated === undefined) return Array.from({ length: outputs }, (_, c) => String(c));
  try {
    const names: unknown = JSON.parse(stated);
    if (Array.isArray(names) && names.length > 1 && names.every((name) => typeof name === "string")) return names;
  } catch {
    // Said below.
  }
  throw new BispikeError("usage", "NIR: metadata class_names: expected a JSON array of names");
}

function own(metadata: NirMetadata, key: string): NirMetadata[string] | undefined {
  return Object.hasOwn(metadata, key) ? metadata[key] : undefined;
}

function text(metadata: NirMetadata, key: string): string | undefined {
  const value = own(metadata, key);
  return typeof value === "string" ? value : undefined;
}

function list(metadata: NirMetadata, key: string): readonly number[] | undefined {
  const value = own(metadata, key);
  return typeof value === "object" ? value : undefined;
}

function positive(metadata: NirMetadata, key: string): number | undefined {
  const value = own(metadata, key);
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : undefined;
}

function whole(metadata: NirMetadata, key: string): number | undefined {
  const value = own(metadata, key);
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function oneOf<const T extends string>(metadata: NirMetadata, key: string, choices: readonly T[]): T | undefined {
  const value = own(metadata, key);
  if (value === undefined) return undefined;
  const found = choices.find((choice) => choice === value);
  if (found === undefined)
    throw new BispikeError(
      "usage",
      `NIR: metadata ${key}: expected ${choices.join(", ")}, got ${JSON.stringify(value)}`,
    );
  return found;
}

/** What an ONNX feature net takes and gives: checked when it is opened and at every run. */
import type { InferenceSession, Tensor } from "onnxruntime-web";
import { BispikeError } from "../errors.ts";

/** Where a net expects an image's channels: before its rows and columns, or after them. */
export type Layout = "NCHW" | "NHWC";

/** A net's input; sizes that it leaves open (symbolic ones) are undefined. */
export interface OnnxInput {
  readonly name: string;
  readonly layout: Layout;
  readonly batch: number | undefined;
  /** 1 or 3; 3 where it is left open. */
  readonly channels: 1 | 3;
  readonly height: number | undefined;
  readonly width: number | undefined;
}

/**
 * The one input of a net of images.
 *
 * @param layout where its axes do not tell: by default NHWC if only the last axis has 1 or 3 entries, else NCHW
 * @throws BispikeError "data" unless the model has one float32 input of four axes and 1 or 3 channels
 * @internal types of an optional package stay out of this one's
 */
export function inputOf(session: InferenceSession, file: string, layout?: Layout): OnnxInput {
  const { inputNames, inputMetadata } = session;
  const [name = ""] = inputNames;
  if (inputNames.length !== 1) {
    throw new BispikeError(
      "data",
      `${file}: expected a model of one input, got ${inputNames.length}: ${inputNames.join(", ")}`,
    );
  }
  const [metadata] = inputMetadata;
  if (!metadata?.isTensor || metadata.type !== "float32" || metadata.shape.length !== 4) {
    const came = metadata?.isTensor ? `${metadata.type} [${metadata.shape.join(", ")}]` : "no tensor";
    throw new BispikeError(
      "data",
      `${file}: input ${name}: expected float32 [N, C, H, W] or [N, H, W, C], got ${came}`,
    );
  }
  const axes = metadata.shape.map((axis) => (typeof axis === "number" && axis > 0 ? axis : undefined));
  const few = (axis: number | undefined) => axis === 1 || axis === 3;
  const order = layout ?? (few(axes[3]) && !few(axes[1]) ? "NHWC" : "NCHW");
  const [channels = 3, height, width] = order === "NCHW" ? [axes[1], axes[2], axes[3]] : [axes[3], axes[1], axes[2]];
  if (channels !== 1 && channels !== 3) {
    throw new BispikeError(
      "data",
      `${file}: input ${name}: expected 1 or 3 channels, got ${channels} (of ${order} [${metadata.shape.join(", ")}])`,
    );
  }
  return { name, layout: order, batch: axes[0], channels, height, width };
}

/**
 * Features of the first `count` images of a run of `rows`, planes averaged: [count][features].
 *
 * @throws BispikeError "data" for another output than float32 [rows, F] or four axes in the order of the input
 * @internal
 */
export function featuresOf(
  output: Tensor | undefined,
  { layout, rows, count, where }: { layout: Layout; rows: number; count: number; where: string },
): Float32Array {
  const dims = output?.dims ?? [];
  if (output?.type !== "float32" || (dims.length !== 2 && dims.length !== 4) || dims[0] !== rows) {
    throw new BispikeError(
      "data",
      `${where}: expected float32 [${rows}, features] or [${rows}, ${layout === "NCHW" ? "features, height, width" : "height, width, features"}], ` +
        `got ${output?.type ?? "nothing"} [${dims.join(", ")}]`,
    );
  }
  const data = output.data as Float32Array;
  if (dims.length === 2) return data.slice(0, count * dims[1]!);
  const [features, cells] = layout === "NCHW" ? [dims[1]!, dims[2]! * dims[3]!] : [dims[3]!, dims[1]! * dims[2]!];
  const [ofFeature, ofCell] = layout === "NCHW" ? [cells, 1] : [1, features];
  return Float32Array.from({ length: count * features }, (_, k) => {
    let sum = 0;
    const from = Math.floor(k / features) * features * cells + (k % features) * ofFeature;
    for (let cell = 0; cell < cells; cell++) sum += data[from + cell * ofCell]!;
    return sum / cells;
  });
}

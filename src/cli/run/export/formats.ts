/** The formats of `bispike export`. */
import { cardFormat } from "./card.ts";
import type { ExportFormat } from "./format.ts";
import { nirFormat } from "./nir.ts";
import { npzFormat } from "./npz.ts";
import { onnxFormat } from "./onnx.ts";
import { safetensorsFormat } from "./safetensors.ts";
import { spikesFormat } from "./spikes.ts";
import { tensorboardFormat } from "./tensorboard.ts";

export const FORMATS: readonly ExportFormat[] = [
  onnxFormat,
  nirFormat,
  spikesFormat,
  safetensorsFormat,
  npzFormat,
  tensorboardFormat,
  cardFormat,
];

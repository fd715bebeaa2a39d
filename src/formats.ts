/**
 * Files for other tools, without their libraries: weights in PyTorch's layout (safetensors), NumPy's arrays, TensorBoard's events, model cards. Runs anywhere.
 *
 * @example
 * import { encodeWeights } from "bispike/formats";
 * import { openModel } from "bispike/node";
 *
 * const { model, team } = await openModel("runs/mnist-mlp-seed1");
 * const bytes = encodeWeights(model.slots(false));
 * await team.close();
 *
 * @module bispike/formats
 */

export { type CardFacts, type CardFigure, modelCard } from "./export/model-card.ts";
export { encodeNpy, encodeNpz, type NpyArray } from "./export/npz.ts";
export { decodeSafetensors, encodeSafetensors, type SafetensorsFile, type Tensor } from "./export/safetensors.ts";
export { type AnyLine, scalarsOf } from "./export/scalars.ts";
export { crc32c, encodeEvents, type ScalarEvent } from "./export/tensorboard.ts";
export { decodeWeights, encodeWeights, loadWeights, plainWeights } from "./export/weights.ts";

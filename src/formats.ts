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

export { type CardFacts, type CardFigure, modelCard } from "./formats/card.ts";
export { encodeNpy, encodeNpz, type NpyArray } from "./formats/npz.ts";
export { decodeSafetensors, encodeSafetensors, type SafetensorsFile, type Tensor } from "./formats/safetensors.ts";
export { type AnyLine, crc32c, encodeEvents, type ScalarEvent, scalarsOf } from "./formats/tensorboard.ts";
export { decodeWeights, encodeWeights, loadWeights, plainWeights } from "./formats/weights.ts";

/**
 * NIR, the exchange format of spiking networks: trained pairs as graphs that Norse, snnTorch, SpikingJelly, Lava and others read, graphs of theirs as
 * models, and recorded spike trains. Runs anywhere WebAssembly does; it loads the HDF5 library, which the rest of the package does without.
 *
 * @example
 * import { encodeNir, perceptionToNir } from "bispike/nir";
 * import { openModel } from "bispike/node";
 *
 * const { model, team } = await openModel("runs/mnist-mlp-seed1");
 * const bytes = await encodeNir(perceptionToNir(model));
 * await team.close();
 *
 * @module bispike/nir
 */

export { autoencoderToNir, type NirOptions, type NirReadout, perceptionToNir, recallToNir } from "./formats/nir.ts";
export { decodeNir, encodeNir } from "./formats/nir-file.ts";
export type { NirArray, NirGraph, NirMetadata, NirNode, NirType } from "./formats/nir-graph.ts";
export { chainOf, checkGraph, endsOf } from "./formats/nir-graph.ts";
export { modelFromNir, type NirImportOptions } from "./formats/nir-import.ts";
export {
  decodeSpikeTrains,
  encodeSpikeTrains,
  type Recording,
  recordSpikes,
  type SpikeTrain,
  type SpikeTrains,
} from "./formats/spike-trains.ts";

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

export { chainOf, checkGraph, endsOf } from "./export/nir/graph.ts";
export { modelFromNir, type NirImportOptions } from "./export/nir/import.ts";
export {
  autoencoderToNir,
  type NirOptions,
  type NirReadout,
  perceptionToNir,
  recallToNir,
} from "./export/nir/networks.ts";
export type { NirArray, NirGraph, NirMetadata, NirNode, NirType } from "./export/nir/node.ts";
export { decodeNir } from "./export/nir/read.ts";
export { type Recording, recordSpikes } from "./export/nir/record.ts";
export { decodeSpikeTrains, encodeSpikeTrains, type SpikeTrain, type SpikeTrains } from "./export/nir/spike-trains.ts";
export { encodeNir } from "./export/nir/write.ts";

/** Synapses from outside, which specs may name as `own:<name>`. */
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import { HOW_TO_LOAD, Registry } from "../registry.ts";
import type { LayerSpec } from "./spec.ts";
import type { Source, Synapses } from "./synapses.ts";

/** A kind of layer: the synapses between what it reads and its drive. Norm, neurons and learning are the library's. */
export interface LayerKind {
  /** Synapses from `source` to a drive of `spec.shape`; spikes of a plane come listed as full connections read them. */
  build(team: Team, source: Source, spec: LayerSpec, maxImages: number): Synapses;
}

const kinds = new Registry<LayerKind>("layer kind", ["linear", "conv"]);

/**
 * Gives a kind of layer a name, which layers of a `PairOptions.spec` may have as `{ kind: "own:<name>" }`.
 *
 * @param name 1 to 60 small letters, digits and '-', beginning with a letter
 * @throws BispikeError "usage" for a name that is taken or is none
 * @example
 * registerLayerKind("sparse", { build: (team, source, { shape, bias }) => new SparseSynapses(team, source, shape, bias) });
 */
export function registerLayerKind(name: string, kind: LayerKind): void {
  kinds.add(name, kind);
}

/** The kind behind `own:<name>`. Throws a `usage` error where nobody registered it. */
export function layerKind(own: `own:${string}`): LayerKind {
  const name = own.slice(4);
  const found = kinds.get(name);
  if (!found) throw new BispikeError("usage", `layer kind ${name}: nobody registered it; ${HOW_TO_LOAD}`);
  return found;
}

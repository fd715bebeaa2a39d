/**
 * Builds the layers of a pair from its spec, and plans their memory:
 *
 *   drives z, their gradients g and winners   perception's layers share one room, as a stage's live only until its own update; each has its own where `needs.drives`.
 *                                             Recall's layers have their own: they run first and wait for perception to come by. Those of a window share g with perception.
 *   features                                  perception's hidden layers of images share rows along with drives; all others have their own
 *   gradients of parameters                   all layers share one room, unless `needs.gradients`
 *
 * The concept's layer comes last in perception, so its drive is in the room until the next pass.
 */
import { padded } from "../engine/kernels.ts";
import type { Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import { HOW_TO_LOAD, Registry } from "../registry.ts";
import { ConvSynapses } from "./conv.ts";
import { DrawingSynapses, MOST_DRAWN_CHANNELS } from "./drawing.ts";
import { Layer } from "./layer.ts";
import { LinearSynapses, PlaneLinear } from "./linear.ts";
import { neuronDefaults } from "./neuron.ts";
import { ParameterGroup } from "./parameters.ts";
import { pixelsOf } from "./shape.ts";
import { type LayerSpec, layerName, type Needs, type PairSpec, readerOf, type Side } from "./spec.ts";
import { isReal, type Source, type Synapses, stepsOf, type Workspace } from "./synapses.ts";

// Synapses from outside, which specs may name as `own:<name>`.

/** Where a layer's synapses stand. */
export interface LayerPlace {
  /** The layer's name, such as perception.stage2, which keys its draws. */
  readonly name: string;
  /** Draws the weights. */
  readonly seed: number;
  /** What is read. Where a layer of a net without spikes upsamples, the upsampled plane. */
  readonly source: Source;
  readonly spec: LayerSpec;
  readonly maxImages: number;
  /** Whether the gradient of the input will be asked for step by step. */
  readonly stepwise: boolean;
}

/** A kind of layer: the synapses between what it reads and its drive. Norm, neurons and learning are the library's. */
export interface LayerKind {
  /** Synapses from `source` to a drive of `spec.shape`; spikes of a plane come listed as full connections read them. `options`: the spec's own, checked here. */
  build(team: Team, place: LayerPlace, options: Readonly<Record<string, unknown>>): Synapses;
}

const kinds = new Registry<LayerKind>("layer kind", ["linear", "conv"]);

/**
 * Gives a kind of layer a name, which layers of a `PairOptions.spec` may have as `{ kind: "own:<name>", options: { ... } }`.
 *
 * @param name 1 to 60 small letters, digits and '-', beginning with a letter
 * @throws BispikeError "usage" for a name that is taken or is none
 * @example
 * registerLayerKind("sparse", { build: (team, { source, spec }, { density }) => new SparseSynapses(team, source, spec, density) });
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

/** What a network reads from outside: the stimulus, the target, or the spikes of a stage of another part. */
export type Sources = ReadonlyMap<LayerSpec["from"], Source>;

export interface PairRoom {
  readonly needs: Needs;
  /** Rows each network runs at once at most. */
  readonly rows: Readonly<Record<Side, number>>;
  readonly sources: Readonly<Record<Side, Sources>>;
  /** Of nets for sequences: elements of the longest window and windows side by side at most. */
  readonly window?: { readonly positions: number; readonly rows: number };
  /** Draws the weights. */
  readonly seed: number;
}

/** Layers of both networks that are at hand, perception's from the stimulus up, recall's from stage 1 up. */
export function buildPair(team: Team, spec: PairSpec, room: PairRoom): Record<Side, Layer[]> {
  const { needs } = room;
  const shared = needs.drives ? undefined : sharedRoom(team, spec, room);
  const perception = buildSide(team, spec, "perception", room, shared);
  const ofRecall = shared && room.window ? { workspace: { g: shared.workspace.g } } : undefined;
  const recall = needs.recall ? buildSide(team, spec, "recall", room, ofRecall) : [];
  const groups = [...perception, ...recall].map(({ group }) => group);
  if (!needs.gradients) ParameterGroup.shareGradients(team, groups);
  return { perception, recall };
}

/** Layers of a network that are at hand. */
export function atHand(layers: readonly LayerSpec[], { part }: Needs): readonly LayerSpec[] {
  return part ? layers.filter(({ stage }) => part.first <= stage && stage <= part.last) : layers;
}

/** Memory that a network's layers share. */
interface Shared {
  readonly workspace: Partial<Workspace>;
  /** Rows of features of hidden layers. */
  readonly features?: Region<Float32Array>;
}

function buildSide(team: Team, spec: PairSpec, side: Side, room: PairRoom, shared: Shared | undefined): Layer[] {
  const { needs, seed, window } = room;
  const { steps } = spec;
  const maxImages = room.rows[side];
  const layers = atHand(spec[side], needs);
  const outputs = new Map(room.sources[side]);
  const built = new Map<LayerSpec, Layer>();
  for (const own of side === "perception" ? layers : layers.toReversed()) {
    const { stage, units, norm, cells, recurrent } = own;
    const name = layerName(spec, side, stage);
    const source = outputs.get(own.from)!;
    const neurons = units.kind === "lif" && {
      ...neuronDefaults,
      tau: units.tau,
      threshold: units.threshold,
      norm: norm !== "none",
      reader: readerOf(layers, stage),
      pool: cells?.side ?? 0,
      pooling: cells?.pooling ?? ("mean" as const),
    };
    const layer = new Layer(team, {
      name,
      synapses: buildSynapses(team, { name, seed, source, spec: own, maxImages, stepwise: needs.drives }),
      maxImages,
      steps,
      gradients: needs.gradients ? "own" : "shared",
      ...(neurons ? { neurons } : {}),
      ...(neurons && window ? { window: { ...window, recurrent } } : {}),
      ...(neurons && shared?.features ? { features: shared.features } : {}),
      ...(shared ? { workspace: shared.workspace } : {}),
    });
    layer.initialise(seed, own.bound);
    const output = layer.window?.elements ?? layer.output;
    if (output) outputs.set(stage, output);
    built.set(own, layer);
  }
  return layers.map((own) => built.get(own)!);
}

/** Synapses of a layer, of whichever kind its spec names. */
export function buildSynapses(team: Team, place: LayerPlace): Synapses {
  const { source, spec, maxImages, stepwise } = place;
  const { synapses, shape, bias } = spec;
  if (synapses.kind === "linear") {
    const onPlane = isReal(source) && pixelsOf(shape) > 1;
    return onPlane ? new PlaneLinear(team, source, shape, bias) : new LinearSynapses(team, source, shape, bias);
  }
  if (synapses.kind !== "conv") return layerKind(synapses.kind).build(team, place, synapses.options ?? {});
  const { channels } = shape;
  if (isReal(source)) return new ConvSynapses(team, source, { ...synapses, upsample: false, channels, bias });
  if (synapses.averaged && !stepwise && channels <= MOST_DRAWN_CHANNELS)
    return new DrawingSynapses(team, source, channels, maxImages);
  return new ConvSynapses(team, source, { ...synapses, channels, bias });
}

/** Room for the drives and features of whichever layer of perception is at work. */
function sharedRoom(
  team: Team,
  spec: PairSpec,
  { needs, rows, sources, window }: PairRoom,
): Shared & { workspace: Workspace } {
  const size = { drives: 0, gradients: 0, winners: 0, features: 0 };
  for (const side of ["perception", "recall"] as const) {
    for (const { from, shape, synapses, units, recurrent } of atHand(spec[side], needs)) {
      const source = sources[side].get(from);
      const features = rows[side] * pixelsOf(shape) * padded(shape.channels);
      const drives = features * (source && !recurrent ? stepsOf(source) : spec.steps);
      if (side === "perception" || window) size.gradients = Math.max(size.gradients, drives);
      if (side === "recall") continue;
      size.drives = Math.max(size.drives, drives);
      if (synapses.kind === "conv" && synapses.pool) size.winners = Math.max(size.winners, drives);
      if (units.kind === "lif") size.features = Math.max(size.features, features);
    }
  }
  const { arena } = team;
  const workspace = {
    z: arena.allocate(size.drives * 4),
    g: arena.allocate(size.gradients * 4),
    winner: arena.allocate(size.winners),
  };
  return window ? { workspace } : { workspace, features: arena.f32(size.features) };
}

/**
 * Builds the layers of a pair from its spec, and plans their memory:
 *
 *   drives z, their gradients g and winners   perception's layers share one room, as a stage's live only until its own update; each has its own where `needs.drives`.
 *                                             Recall's layers have their own: they run first and wait for perception to come by.
 *   features                                  perception's hidden layers share rows along with drives; a read-out and recall's layers have their own
 *   gradients of parameters                   all layers share one room, unless `needs.gradients`
 *
 * The concept's layer comes last in perception, so its drive is in the room until the next pass.
 */
import { padded } from "../engine/kernels.ts";
import type { Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { ConvSynapses } from "./conv.ts";
import { DrawingSynapses, MOST_DRAWN_CHANNELS } from "./drawing.ts";
import { initialise } from "./initialise.ts";
import { Layer } from "./layer.ts";
import { LinearSynapses } from "./linear.ts";
import { neuronDefaults } from "./neuron.ts";
import { ParameterGroup } from "./parameters.ts";
import { PlaneLinear } from "./real/plane-linear.ts";
import { pixelsOf } from "./shape.ts";
import { type LayerSpec, layerName, type Needs, type PairSpec, readerOf, type Side } from "./spec.ts";
import { isReal, type Source, type Synapses, stepsOf, type Workspace } from "./synapses.ts";

/** What a network reads from outside: the stimulus, the target, or the spikes of a stage of another part. */
export type Sources = ReadonlyMap<LayerSpec["from"], Source>;

export interface PairRoom {
  readonly needs: Needs;
  /** Rows each network runs at once at most. */
  readonly rows: Readonly<Record<Side, number>>;
  readonly sources: Readonly<Record<Side, Sources>>;
  /** Draws the weights. */
  readonly seed: number;
}

/** Layers of both networks that are at hand, perception's from the stimulus up, recall's from stage 1 up. */
export function buildPair(team: Team, spec: PairSpec, room: PairRoom): Record<Side, Layer[]> {
  const { needs } = room;
  const perception = buildSide(team, spec, "perception", room);
  const recall = needs.recall ? buildSide(team, spec, "recall", room) : [];
  const groups = [...perception, ...recall].map(({ group }) => group);
  if (!needs.gradients) ParameterGroup.shareGradients(team, groups);
  return { perception, recall };
}

/** Layers of a network that are at hand. */
export function atHand(layers: readonly LayerSpec[], { part }: Needs): readonly LayerSpec[] {
  return part ? layers.filter(({ stage }) => part.first <= stage && stage <= part.last) : layers;
}

function buildSide(team: Team, spec: PairSpec, side: Side, room: PairRoom): Layer[] {
  const { needs, seed } = room;
  const { steps } = spec;
  const maxImages = room.rows[side];
  const layers = atHand(spec[side], needs);
  const outputs = new Map(room.sources[side]);
  const shared =
    side === "perception" && !needs.drives ? sharedRoom(team, layers, outputs, steps, maxImages) : undefined;
  const built = new Map<LayerSpec, Layer>();
  for (const own of side === "perception" ? layers : layers.toReversed()) {
    const { stage, units, norm, cells, from } = own;
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
      name: layerName(spec, side, stage),
      synapses: buildSynapses(team, outputs.get(from)!, own, maxImages, needs.drives),
      maxImages,
      steps,
      gradients: needs.gradients ? "own" : "shared",
      ...(neurons ? { neurons, ...shared } : shared && { workspace: shared.workspace }),
    });
    initialise(layer, seed, own.bound);
    if (layer.output) outputs.set(stage, layer.output);
    built.set(own, layer);
  }
  return layers.map((own) => built.get(own)!);
}

/**
 * Synapses of a layer on `source`. Where a layer of a net without spikes upsamples, `source` is the upsampled plane.
 *
 * @param stepwise whether the gradient of its input will be asked for step by step
 */
export function buildSynapses(
  team: Team,
  source: Source,
  spec: LayerSpec,
  maxImages: number,
  stepwise: boolean,
): Synapses {
  const { synapses, shape, bias } = spec;
  if (synapses.kind === "linear") {
    const onPlane = isReal(source) && pixelsOf(shape) > 1;
    return onPlane ? new PlaneLinear(team, source, shape, bias) : new LinearSynapses(team, source, shape, bias);
  }
  const { channels } = shape;
  if (isReal(source)) return new ConvSynapses(team, source, { ...synapses, upsample: false, channels, bias });
  if (synapses.averaged && !stepwise && channels <= MOST_DRAWN_CHANNELS)
    return new DrawingSynapses(team, source, channels, maxImages);
  return new ConvSynapses(team, source, { ...synapses, channels, bias });
}

/** Room for the drives and features of whichever layer of a network is at work. */
function sharedRoom(
  team: Team,
  layers: readonly LayerSpec[],
  sources: Sources,
  steps: number,
  maxImages: number,
): { workspace: Workspace; features: Region<Float32Array> } {
  const room = { drives: 0, winners: 0, features: 0 };
  for (const { from, shape, synapses, units } of layers) {
    const source = sources.get(from);
    const features = maxImages * pixelsOf(shape) * padded(shape.channels);
    const drives = features * (source ? stepsOf(source) : steps);
    room.drives = Math.max(room.drives, drives);
    if (synapses.kind === "conv" && synapses.pool) room.winners = Math.max(room.winners, drives);
    if (units.kind !== "readout") room.features = Math.max(room.features, features);
  }
  const { arena } = team;
  const workspace = {
    z: arena.allocate(room.drives * 4),
    g: arena.allocate(room.drives * 4),
    winner: arena.allocate(room.winners),
  };
  return { workspace, features: arena.f32(room.features) };
}

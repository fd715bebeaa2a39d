/** Perception's half of a pair. Its layers share one workspace unless their drives are kept: a stage's drives live only until its own update. */
import { padded } from "../engine/kernels.ts";
import type { Region } from "../engine/memory.ts";
import { ConvSynapses } from "./conv.ts";
import { Layer } from "./layer.ts";
import { LinearSynapses } from "./linear.ts";
import { flat, pixelsOf } from "./shape.ts";
import type { StagePlan } from "./stage-plan.ts";
import type { Source, Synapses, Workspace } from "./synapses.ts";

/** Perception's layers, from the first hidden stage at hand up, on the spikes (or values) of the stage below it. */
export function buildPerception(plan: StagePlan, stimulus: Source): Layer[] {
  const { team, options } = plan;
  const { kind, maxImages, steps, norm } = options;
  const shared = options.keepDrives ? undefined : sharedRoom(plan);
  const neurons = { ...plan.neurons("perception"), pooling: options.pooling ?? "mean" };
  const layers: Layer[] = [];
  let source = stimulus;
  for (const stage of plan.hidden) {
    const shape = plan.shapeOf(stage);
    const synapses: Synapses =
      kind === "mlp"
        ? new LinearSynapses(team, source, shape, !norm)
        : new ConvSynapses(team, source, { channels: shape.channels, pool: true, bias: !norm });
    const layer = new Layer(team, {
      name: `perception.stage${stage}`,
      synapses,
      maxImages,
      steps,
      neurons: { ...neurons, reader: plan.holds(stage + 1) ? plan.perceptionReader(stage) : "none" },
      ...shared,
      gradients: plan.gradients,
    });
    layers.push(layer);
    source = layer.output!;
  }
  if (!plan.holds(plan.stages)) return layers;
  const synapses = new LinearSynapses(team, source, flat(plan.target.width), true);
  const name = `perception.stage${plan.stages}`;
  const workspace = shared && { workspace: shared.workspace };
  layers.push(new Layer(team, { name, synapses, maxImages, steps, ...workspace, gradients: plan.gradients }));
  return layers;
}

/** Room for the drives and features of whichever hidden stage of perception is at work; the concept's drive uses it too. */
function sharedRoom(plan: StagePlan): { workspace: Workspace; features: Region<Float32Array> } {
  const { kind, maxImages, steps, stimulus } = plan.options;
  const room = { drives: 0, winners: 0, features: 0 };
  for (const stage of plan.hidden) {
    const shape = plan.shapeOf(stage);
    const seen = stage === 2 && stimulus === "direct" ? 1 : steps;
    const drives = maxImages * seen * pixelsOf(shape) * padded(shape.channels);
    room.drives = Math.max(room.drives, drives);
    if (kind === "cnn") room.winners = Math.max(room.winners, drives);
    room.features = Math.max(room.features, maxImages * pixelsOf(shape) * padded(shape.channels));
  }
  if (plan.holds(plan.stages)) room.drives = Math.max(room.drives, maxImages * steps * padded(plan.target.width));
  const { arena } = plan.team;
  const workspace = {
    z: arena.allocate(room.drives * 4),
    g: arena.allocate(room.drives * 4),
    winner: arena.allocate(room.winners),
  };
  return { workspace, features: arena.f32(room.features) };
}

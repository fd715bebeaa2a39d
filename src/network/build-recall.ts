/** Recall's half of a pair. Its layers keep their drives: they run first and wait for perception to come by. */
import { ConvSynapses } from "./conv.ts";
import { Layer } from "./layer.ts";
import { LinearSynapses } from "./linear.ts";
import type { Population } from "./population.ts";
import { pixelsOf } from "./shape.ts";
import type { StagePlan } from "./stage-plan.ts";
import type { Source, Synapses } from "./synapses.ts";

/**
 * Recall's layers, from stage 1 or the first stage at hand up.
 *
 * @param above the spikes of the stage above the highest of them
 * @param maxImages rows recall runs at once at most
 */
export function buildRecall(plan: StagePlan, above: Population, maxImages: number): Layer[] {
  const { team, options } = plan;
  const { kind, hidden, steps, norm } = options;
  const neurons = plan.neurons("recall");
  const layers: Layer[] = [];
  let source: Source = above;
  const sizes = { maxImages, steps, gradients: plan.gradients };
  for (const stage of plan.hidden.toReversed()) {
    const shape = plan.shapeOf(stage);
    const fromConcept = stage === plan.stages - 1 || options.recall === "broadcast";
    // In a broadcast the redrawn stimulus alone reads a stage of recall.
    const leads = options.recall !== "broadcast" || stage === 2;
    // The norm takes a bias away again, unless one norm serves many pixels with a bias each.
    const bias = !norm || (fromConcept && pixelsOf(shape) > 1);
    const synapses: Synapses =
      kind === "mlp" || fromConcept
        ? new LinearSynapses(team, fromConcept ? above : source, shape, bias)
        : new ConvSynapses(team, source, { channels: shape.channels, upsample: true, bias });
    const layer = new Layer(team, {
      name: `recall.stage${stage}`,
      synapses,
      ...sizes,
      neurons: { ...neurons, reader: plan.holds(stage - 1) && leads ? plan.reader : "none" },
    });
    layers.unshift(layer);
    source = layer.output!;
  }
  if (!plan.holds(1)) return layers;
  const redraw: Synapses =
    kind === "mlp" || hidden.length === 0
      ? new LinearSynapses(team, source, plan.shapeOf(1), true)
      : new ConvSynapses(team, source, { channels: options.image.channels, upsample: true, bias: true });
  return [new Layer(team, { name: "recall.stage1", synapses: redraw, ...sizes }), ...layers];
}

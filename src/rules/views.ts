/** Layers and pairs of today as rules see them. */
import type { AutoencoderPair } from "../nets/autoencoder-pair.ts";
import type { Layer } from "../nets/layer.ts";
import type { NetworkPair } from "../nets/pair.ts";
import type { SequencePair } from "../nets/sequence-pair.ts";
import { pixelsOf, type Shape } from "../nets/shape.ts";
import { type Codes, type HiddenStage, type PairView, rowsOf, type StageLayer } from "./ends.ts";

/** A layer; one of a window goes position by position. */
export function layerView(layer: Layer, steps: number): StageLayer {
  const { name, group, features, featureWidth, regularisation, output, window } = layer;
  return {
    name,
    group,
    features,
    featureWidth,
    plane: planeOf(layer),
    regularisation,
    forward: (span, { learn: statistics, feature }) => {
      layer.forward(window ? span : rowsOf(span), { train: true, statistics, feature });
      if (!window) output?.list(rowsOf(span), true);
    },
    backward: (span, feature, gradient) => layer.backward(window ? span : rowsOf(span), feature, gradient),
    // The norm of a batch moves its statistics while it runs.
    settle: (span, seen) => {
      if (window) layer.settle(span, seen);
    },
    rates: (span) => ({ rates: layer.rates(), seen: rowsOf(span) * steps * pixelsOf(layer.synapses.shape) }),
  };
}

/** The cells that a layer's features are pooled to, with its channels. */
function planeOf({ cells, cellCount, synapses }: Layer): Shape {
  const { width, channels } = synapses.shape;
  const columns = cells.view[width - 1]! + 1;
  return { height: cellCount / columns, width: columns, channels };
}

/**
 * A pair of images, or a part of one.
 *
 * @param codes in recall's place, for a pair of perception alone
 */
export function pairView(pair: NetworkPair, codes: (layer: Layer) => Codes): PairView {
  const { stages, range, below, above } = pair;
  const perception = pair.perception.map((layer) => layerView(layer, pair.options.steps));
  const recall = pair.recall.map((layer) => layerView(layer, pair.options.steps));
  const hidden: HiddenStage[] = pair.recalls
    ? Array.from(pair.hiddenStages(), (half, k) => ({
        stage: half.stage,
        up: perception[k]!,
        down: recall[pair.recall.indexOf(half.recall)]!,
      }))
    : perception.slice(0, -1).map((up, k) => ({ stage: k + 2, up, down: codes(pair.perception[k]!) }));
  return {
    stages,
    range,
    perception,
    recall,
    hidden,
    reconstructed: pair.recalls && pair.holds(1) ? recall[0] : undefined,
    concept: pair.holds(stages) ? perception.at(-1) : undefined,
    cuts: { below, above, ...pair.ends },
    reset: () => {},
  };
}

/** A pair of autoencoders, with the view of each layer. */
export function autoencoderView(pair: AutoencoderPair): PairView & { readonly of: ReadonlyMap<Layer, StageLayer> } {
  const { steps } = pair.options;
  const of = new Map(pair.layers.map((layer) => [layer, layerView(layer, steps)]));
  const perception = pair.perception.map((layer) => of.get(layer)!);
  const recall = pair.recall.map((layer) => of.get(layer)!);
  return {
    of,
    stages: pair.stages,
    range: { first: 1, last: pair.stages },
    perception,
    recall,
    hidden: Array.from(pair.hiddenStages(), ({ stage, ...half }) => ({
      stage,
      up: of.get(half.perception)!,
      down: of.get(half.recall)!,
    })),
    reconstructed: recall[0],
    concept: perception.at(-1),
    cuts: {},
    reset: () => {},
  };
}

/** A recurrent pair. */
export function sequenceView(pair: SequencePair): PairView {
  const { steps } = pair.options;
  const viewOf = (layer: Layer) => layerView(layer, steps);
  const hidden = pair.perception.map(viewOf);
  const recalled = pair.recall.map(viewOf);
  const concept = viewOf(pair.conceptDrive);
  const reconstructed = pair.reconstructed && viewOf(pair.reconstructed);
  return {
    stages: pair.stages,
    range: { first: 1, last: pair.stages },
    perception: [...hidden, concept],
    recall: reconstructed ? [reconstructed, ...recalled] : recalled,
    hidden: hidden.map((up, k) => ({ stage: k + 2, up, down: recalled[k]! })),
    reconstructed,
    concept,
    cuts: {},
    reset: ({ positions, rows }) => pair.reset(positions, rows),
  };
}

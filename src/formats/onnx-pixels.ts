/**
 * The stimulus: from raw pixels to what the first synapses read, or back from what recall draws. Images are [N][C][H][W] of the data set's size, pixels 0 to 255; the frame they are centred in
 * (a cnn's) is made and cut away within the graph.
 */
import type { Frame } from "../data/batch.ts";
import type { Shape } from "../nets/shape.ts";
import type { Graph } from "./onnx-graph.ts";
import type { Signal } from "./onnx-layers.ts";

export interface ImageUnits {
  /** Of the data set's images. */
  readonly shape: Shape;
  readonly frame: Frame;
  /** Stimulus = (pixel / 255 - mean) / deviation, a channel. */
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** Where an image lies in its frame. */
function cornerOf({ shape, frame }: ImageUnits): { top: number; left: number } {
  return {
    top: Math.floor((frame.height - shape.height) / 2),
    left: Math.floor((frame.width - shape.width) / 2),
  };
}

/** Pixels, or spikes, in their frame; the margin is black, or silent. */
function framed(graph: Graph, value: string, units: ImageUnits): string {
  const { shape, frame } = units;
  if (shape.height === frame.height && shape.width === frame.width) return value;
  const { top, left } = cornerOf(units);
  const [bottom, right] = [frame.height - shape.height - top, frame.width - shape.width - left];
  const margins = graph.wholes([0, 0, top, left, 0, 0, bottom, right]);
  return graph.node("Pad", [value, margins], "stimulus.framed", { mode: "constant" });
}

/** One value a channel, for images. */
function perChannel(graph: Graph, name: string, values: readonly number[]): string {
  return graph.floats(name, [1, values.length, 1, 1], values);
}

/** Normalised pixels in their frame. */
export function normalised(graph: Graph, pixels: string, units: ImageUnits): string {
  const { mean, deviation } = units;
  const whole = framed(graph, pixels, units);
  const subtracted = mean.every((m) => m === 0)
    ? whole
    : graph.node(
        "Sub",
        [
          whole,
          perChannel(
            graph,
            "stimulus.mean",
            mean.map((m) => 255 * m),
          ),
        ],
        "stimulus.centred",
      );
  const divisor = perChannel(
    graph,
    "stimulus.deviation",
    deviation.map((d) => 255 * d),
  );
  return flatWhereOne(graph, graph.node("Div", [subtracted, divisor], "stimulus.values"), units);
}

/** An image of one pixel is a flat population, as `driveOf` reads it. */
function flatWhereOne(graph: Graph, value: string, { frame }: ImageUnits): string {
  if (frame.height * frame.width > 1) return value;
  return graph.node("Flatten", [value], "stimulus.flat", { axis: 1 });
}

/**
 * Latency code of intensities x in 0..1: a pixel's one spike is at step floor((1 - x) T), none where x is 0. The darkest that is lit is 1 / 255, so step T does not come up. [T N][...].
 */
export function latencySpikes(graph: Graph, intensities: string, steps: number): Signal {
  const name = "stimulus";
  const lit = graph.node("Greater", [intensities, graph.scalar(0)], `${name}.lit`);
  const bounded = graph.node("Min", [intensities, graph.scalar(1)], `${name}.bounded`);
  const darkness = graph.node("Sub", [graph.scalar(1), bounded], `${name}.darkness`);
  const late = graph.node("Mul", [darkness, graph.scalar(steps)], `${name}.late`);
  const step = graph.node("Floor", [late], `${name}.step`);
  const spikes = Array.from({ length: steps }, (_, t) => {
    const now = graph.node("Equal", [step, graph.scalar(t)], `${name}.t${t + 1}.now`);
    const fired = graph.node("And", [now, lit], `${name}.t${t + 1}.fired`);
    return graph.cast(fired, "float", `${name}.t${t + 1}.spikes`);
  });
  if (steps === 1) return { value: spikes[0]!, held: true };
  return { value: graph.node("Concat", spikes, `${name}.trains`, { axis: 0 }), held: false };
}

/** Spikes that a user gives, [N][T][C][H][W], or [N][C][H][W] where the graph has one step. */
export function givenSpikes(graph: Graph, spikes: string, units: ImageUnits, steps: number): Signal {
  if (steps === 1) return { value: flatWhereOne(graph, framed(graph, spikes, units), units), held: true };
  const { height, width, channels } = units.shape;
  const byStep = graph.node("Transpose", [spikes], "stimulus.by.step", { perm: [1, 0, 2, 3, 4] });
  const rows = graph.node("Reshape", [byStep, graph.wholes([-1, channels, height, width])], "stimulus.rows");
  return { value: flatWhereOne(graph, framed(graph, rows, units), units), held: false };
}

/** An image out of its frame. */
export function unframed(graph: Graph, value: string, units: ImageUnits): string {
  const { shape, frame } = units;
  if (shape.height === frame.height && shape.width === frame.width) return value;
  const { top, left } = cornerOf(units);
  const [from, to] = [graph.wholes([top, left]), graph.wholes([top + shape.height, left + shape.width])];
  return graph.node("Slice", [value, from, to, graph.wholes([2, 3])], "redrawn.image");
}

/** Stimulus values [N][C][H][W] in units of pixels: 255 (mean + deviation value). */
export function inPixels(graph: Graph, value: string, { mean, deviation }: ImageUnits): string {
  const factor = perChannel(
    graph,
    "redrawn.deviation",
    deviation.map((d) => 255 * d),
  );
  const scaled = graph.node("Mul", [value, factor], "redrawn.scaled");
  if (mean.every((m) => m === 0)) return scaled;
  return graph.node(
    "Add",
    [
      scaled,
      perChannel(
        graph,
        "redrawn.mean",
        mean.map((m) => 255 * m),
      ),
    ],
    "redrawn.pixels",
  );
}

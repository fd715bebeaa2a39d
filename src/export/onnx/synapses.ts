/**
 * Synapses, pooling and norm as operators: a value [rows][source] to the folded drive X [rows][shape]. A population of several pixels is a plane [C][H][W], one of one pixel is flat, whether
 * neurons or an image.
 */
import { pixelsOf, type Shape } from "../../network/shape.ts";
import { channelOf, type FoldedLayer } from "../folded.ts";
import type { Graph } from "./graph.ts";

/** X of a layer. Weights and bias are named after the layer. */
export function driveOf(graph: Graph, layer: FoldedLayer, value: string): string {
  return layer.convolution ? convolved(graph, layer, value) : connected(graph, layer, value);
}

/** Scales the rows of the weights and makes the bias that belongs to them. */
function scaled(graph: Graph, layer: FoldedLayer, scale: (channel: number) => number, dimensions: readonly number[]) {
  const { name, weight, bias, shift } = layer;
  const channel = channelOf(layer);
  const inputs = weight.length / bias.length;
  const weights = Float32Array.from(weight, (w, i) => w * scale(channel(Math.floor(i / inputs))));
  const biases = Float32Array.from(bias, (b, i) => b * scale(channel(i)) + shift[channel(i)]!);
  return [
    graph.floats(`${name}.weight`, dimensions, weights),
    graph.floats(`${name}.bias`, [biases.length], biases),
  ] as const;
}

function connected(graph: Graph, layer: FoldedLayer, value: string): string {
  const { name, source, shape, scale, weight, bias } = layer;
  const parameters = scaled(graph, layer, (c) => scale[c]!, [bias.length, weight.length / bias.length]);
  const rows = pixelsOf(source) > 1 ? graph.node("Flatten", [value], `${name}.inputs`, { axis: 1 }) : value;
  const drive = graph.node("Gemm", [rows, ...parameters], `${name}.drive`, { transB: 1 });
  if (pixelsOf(shape) === 1) return drive;
  return planeOf(graph, drive, shape, name);
}

function planeOf(graph: Graph, value: string, { height, width, channels }: Shape, name: string): string {
  return graph.node("Reshape", [value, graph.wholes([-1, channels, height, width])], `${name}.plane`);
}

function flatWhereOne(graph: Graph, plane: string, shape: Shape, name: string): string {
  return pixelsOf(shape) > 1 ? plane : graph.node("Flatten", [plane], `${name}.flat`, { axis: 1 });
}

/**
 * The engine takes the largest drive of each 2x2 pixels before the norm. A norm that turns a channel round (a negative scale) would have the smallest win if it were all folded into the
 * weights, so weights take the scale's size, and the sign comes after the pooling: s max(|s| z + sign b) with s = sign. Where no channel is turned there is no such step.
 */
function convolved(graph: Graph, layer: FoldedLayer, value: string): string {
  const { name, source, shape, scale } = layer;
  const { up, pool, stride, padding } = layer.convolution!;
  const signs = Float32Array.from(scale, (s) => (pool && s < 0 ? -1 : 1));
  const turned = signs.includes(-1);
  const unsigned = { ...layer, shift: layer.shift.map((s, c) => s * signs[c]!) };
  const dimensions = [shape.channels, source.channels, 3, 3];
  const parameters = scaled(graph, unsigned, (c) => scale[c]! * signs[c]!, dimensions);
  const attributes = { kernel_shape: [3, 3], strides: [stride, stride], pads: [padding, padding, padding, padding] };
  const plane = pixelsOf(source) > 1 ? value : planeOf(graph, value, source, name);
  const seen = up ? upsampled(graph, plane, name) : plane;
  const drive = graph.node("Conv", [seen, ...parameters], `${name}.drive`, attributes);
  if (!pool) return flatWhereOne(graph, drive, shape, name);
  const largest = graph.node("MaxPool", [drive], `${name}.largest`, { kernel_shape: [2, 2], strides: [2, 2] });
  if (!turned) return flatWhereOne(graph, largest, shape, name);
  const factors = graph.floats(`${name}.sign`, [1, shape.channels, 1, 1], signs);
  return flatWhereOne(graph, graph.node("Mul", [largest, factors], `${name}.turned`), shape, name);
}

/** Each pixel four times. */
function upsampled(graph: Graph, value: string, name: string): string {
  const scales = graph.floats(`${name}.scales`, [4], [1, 1, 2, 2]);
  return graph.node("Resize", [value, "", scales], `${name}.upsampled`, {
    mode: "nearest",
    coordinate_transformation_mode: "asymmetric",
    nearest_mode: "floor",
  });
}

/**
 * Bytes of an ONNX file: protocol buffers after the format's own description (onnx.proto), written field by field; no code is generated or evaluated, so that a page under a strict
 * content security policy can export too. The same graph gives the same bytes.
 */
import { PbfWriter } from "pbf";
import { BispikeError } from "../../errors.ts";
import { type Attribute, type Constant, ELEMENTS, type Graph, type GraphNode, type Port } from "./graph.ts";

/** Version of the operators: 13 (2020) has all that is needed, so runtimes of many ages can run the files. */
export const OPSET = 13;
/** Version of the file's structure that belongs to it. */
export const IR_VERSION = 7;

/** A protocol buffer ends at 2 GiB. */
const MOST_BYTES = 2 ** 31 - 1;

export interface ModelAbout {
  /** What the model does, for a person who opens the file in a viewer. */
  readonly description: string;
  /** Version of this package, where it is known. */
  readonly producerVersion?: string;
  /** Pairs of text for programs. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * The file.
 *
 * @throws BispikeError "shape" where it would be larger than the format allows, 2 GiB
 */
export function encodeModel(graph: Graph, about: ModelAbout): Uint8Array {
  const size = graph.constants.reduce((sum, { values }) => sum + values.byteLength, 0);
  if (size > MOST_BYTES - 2 ** 20)
    throw new BispikeError("shape", `ONNX: ${size} bytes of weights do not fit one file, which ends at 2 GiB`);
  const pbf = new PbfWriter();
  pbf.writeVarintField(1, IR_VERSION);
  pbf.writeStringField(2, "bispike");
  if (about.producerVersion !== undefined) pbf.writeStringField(3, about.producerVersion);
  pbf.writeStringField(6, about.description);
  pbf.writeMessage(7, writeGraph, graph);
  pbf.writeMessage(8, writeOpset, OPSET);
  for (const entry of Object.entries(about.metadata)) pbf.writeMessage(14, writeEntry, entry);
  return pbf.finish().slice();
}

function writeOpset(version: number, pbf: PbfWriter): void {
  pbf.writeStringField(1, "");
  pbf.writeVarintField(2, version);
}

function writeEntry([key, value]: [string, string], pbf: PbfWriter): void {
  pbf.writeStringField(1, key);
  pbf.writeStringField(2, value);
}

function writeGraph({ name, nodes, constants, inputs, outputs }: Graph, pbf: PbfWriter): void {
  for (const node of nodes) pbf.writeMessage(1, writeNode, node);
  pbf.writeStringField(2, name);
  for (const constant of constants) pbf.writeMessage(5, writeTensor, constant);
  for (const port of inputs) pbf.writeMessage(11, writePort, port);
  for (const port of outputs) pbf.writeMessage(12, writePort, port);
}

function writeNode({ operator, name, inputs, outputs, attributes }: GraphNode, pbf: PbfWriter): void {
  for (const input of inputs) pbf.writeStringField(1, input);
  for (const output of outputs) pbf.writeStringField(2, output);
  pbf.writeStringField(3, name);
  pbf.writeStringField(4, operator);
  for (const entry of Object.entries(attributes)) pbf.writeMessage(5, writeAttribute, entry);
}

/** Numbers of the attribute types. */
const ATTRIBUTES = { whole: 2, text: 3, wholes: 7 } as const;

function writeAttribute([name, value]: [string, Attribute], pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  if (typeof value === "number") {
    pbf.writeVarintField(3, value);
    pbf.writeVarintField(20, ATTRIBUTES.whole);
  } else if (typeof value === "string") {
    pbf.writeStringField(4, value);
    pbf.writeVarintField(20, ATTRIBUTES.text);
  } else {
    for (const one of value) pbf.writeVarintField(8, one);
    pbf.writeVarintField(20, ATTRIBUTES.wholes);
  }
}

/** Values are little-endian, as every host that runs WebAssembly has them in memory. */
function writeTensor({ name, dimensions, values }: Constant, pbf: PbfWriter): void {
  for (const size of dimensions) pbf.writeVarintField(1, size);
  pbf.writeVarintField(2, values instanceof Float32Array ? ELEMENTS.float : ELEMENTS.int64);
  pbf.writeStringField(8, name);
  pbf.writeBytesField(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}

function writePort(port: Port, pbf: PbfWriter): void {
  pbf.writeStringField(1, port.name);
  pbf.writeMessage(2, writeType, port);
  pbf.writeStringField(3, port.about);
}

/** TypeProto { tensor_type 1 { elem_type 1, shape 2 { dim 1 { dim_value 1 | dim_param 2 } } } }. */
function writeType(port: Port, pbf: PbfWriter): void {
  pbf.writeMessage(1, writeTensorType, port);
}

function writeTensorType({ element, dimensions }: Port, pbf: PbfWriter): void {
  pbf.writeVarintField(1, ELEMENTS[element]);
  pbf.writeMessage(2, writeShape, dimensions);
}

function writeShape(dimensions: Port["dimensions"], pbf: PbfWriter): void {
  for (const dimension of dimensions) pbf.writeMessage(1, writeDimension, dimension);
}

function writeDimension(dimension: number | string, pbf: PbfWriter): void {
  if (typeof dimension === "number") pbf.writeVarintField(1, dimension);
  else pbf.writeStringField(2, dimension);
}

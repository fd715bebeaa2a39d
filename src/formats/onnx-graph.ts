/**
 * A graph of ONNX operators as it is built up: values are named, a node gives the name of its output, and every name is given once. `encodeModel` makes a file of it, protocol buffers after the
 * format's own description (onnx.proto), written field by field: no code is generated or evaluated, so that a page under a strict content security policy can export too. The same graph
 * gives the same bytes.
 */
import { PbfWriter } from "pbf";
import { BispikeError } from "../errors.ts";

/** Operators that the exports use, all of the standard set of version `OPSET`: a slip in a name does not compile. */
export type Operator =
  | "Add"
  | "And"
  | "ArgMax"
  | "Cast"
  | "Clip"
  | "Concat"
  | "Conv"
  | "Div"
  | "Elu"
  | "Equal"
  | "Flatten"
  | "Floor"
  | "Gather"
  | "Gemm"
  | "Greater"
  | "GreaterOrEqual"
  | "Identity"
  | "MatMul"
  | "Max"
  | "MaxPool"
  | "Min"
  | "Mul"
  | "Pad"
  | "ReduceMax"
  | "ReduceMean"
  | "ReduceSum"
  | "Relu"
  | "Reshape"
  | "Resize"
  | "Slice"
  | "Split"
  | "Sqrt"
  | "Sub"
  | "Tanh"
  | "Transpose"
  | "Where";

/** Element types, with their numbers in the format. */
export const ELEMENTS = { float: 1, uint8: 2, int64: 7, bool: 9 } as const;
/** A tensor's type of element. */
export type Element = keyof typeof ELEMENTS;

/** A size, or the name of one that is known only when the graph runs, such as "N". */
export type Dimension = number | string;

/** A whole number (INT), several (INTS), or text (STRING). */
export type Attribute = number | readonly number[] | string;

export interface GraphNode {
  readonly operator: Operator;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** An input or output: what a user of the file must know. */
export interface Port {
  readonly name: string;
  readonly element: Element;
  readonly dimensions: readonly Dimension[];
  /** What it holds, in one sentence. */
  readonly about: string;
}

/** A constant, row-major. */
export interface Constant {
  readonly name: string;
  readonly dimensions: readonly number[];
  readonly values: Float32Array | BigInt64Array;
}

export class Graph {
  readonly name: string;
  readonly nodes: GraphNode[] = [];
  readonly inputs: Port[] = [];
  readonly outputs: Port[] = [];
  readonly constants: Constant[] = [];
  readonly #names = new Set<string>();
  readonly #shared = new Map<string, string>();

  constructor(name: string) {
    this.name = name;
  }

  /** A name nobody has: the wish itself, or with a number behind. */
  #fresh(wish: string): string {
    for (let k = 1, name = wish; ; k++, name = `${wish}.${k}`) if (!this.#names.has(name)) return this.#take(name);
  }

  #take(name: string): string {
    if (this.#names.has(name)) throw new Error(`graph ${this.name}: ${name} is named twice`);
    this.#names.add(name);
    return name;
  }

  input(port: Port): string {
    this.inputs.push(port);
    return this.#take(port.name);
  }

  /** Gives a value as an output under the port's name. */
  output(port: Port, value: string): void {
    this.outputs.push(port);
    this.nodes.push({
      operator: "Identity",
      name: `output ${port.name}`,
      inputs: [value],
      outputs: [this.#take(port.name)],
      attributes: {},
    });
  }

  /** Floats of a shape; [] is a scalar. */
  floats(wish: string, dimensions: readonly number[], values: ArrayLike<number>): string {
    return this.#constant(wish, dimensions, Float32Array.from(values));
  }

  /** A list of whole numbers, as shapes and axes are given; the same list is kept once. */
  wholes(values: readonly number[]): string {
    return this.#share(`wholes ${values.join(" ")}`, () =>
      this.#constant("wholes", [values.length], BigInt64Array.from(values, BigInt)),
    );
  }

  /** A float that stands for itself wherever it is used. */
  scalar(value: number): string {
    return this.#share(`scalar ${value}`, () => this.floats(`constant.${value}`, [], [value]));
  }

  #share(key: string, make: () => string): string {
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#shared.set(key, made);
    return made;
  }

  #constant(wish: string, dimensions: readonly number[], values: Constant["values"]): string {
    const size = dimensions.reduce((a, b) => a * b, 1);
    if (size !== values.length)
      throw new Error(`graph ${this.name}: ${wish} of [${dimensions}] has ${values.length} values`);
    const name = this.#fresh(wish);
    this.constants.push({ name, dimensions, values });
    return name;
  }

  /** A node of one output, whose name is made from the wish. */
  node(
    operator: Operator,
    inputs: readonly string[],
    wish: string,
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    return this.nodeOf(operator, inputs, [wish], attributes)[0]!;
  }

  /** A node of several outputs. An input of no name is one left out. */
  nodeOf(
    operator: Operator,
    inputs: readonly string[],
    wishes: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): readonly string[] {
    for (const input of inputs)
      if (input !== "" && !this.#names.has(input))
        throw new Error(`graph ${this.name}: ${operator} reads ${input}, which is not there`);
    const outputs = wishes.map((wish) => this.#fresh(wish));
    this.nodes.push({ operator, name: `${operator} ${outputs[0]}`, inputs, outputs, attributes });
    return outputs;
  }

  /** A value as another element type. */
  cast(value: string, element: Element, wish: string): string {
    return this.node("Cast", [value], wish, { to: ELEMENTS[element] });
  }
}

// Bytes of an ONNX file: protocol buffers after the format's own description (onnx.proto), written field by field; no code is generated or evaluated, so that a page under a strict
// content security policy can export too. The same graph gives the same bytes.

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

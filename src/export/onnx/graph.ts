/**
 * A graph of ONNX operators as it is built up: values are named, a node gives the name of its output, and every name is given once. `encode.ts` makes a file of it.
 */

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

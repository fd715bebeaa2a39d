/**
 * NIR (Neuromorphic Intermediate Representation): the nodes a graph is made of, by NIR's own names for types and fields. Source: the NIR 1.0 paper
 * (Pedersen et al. 2024) and the format's documentation. A node acts on one sample at one moment: shapes have no axis for batches or time.
 *
 *   LIF   tau dv/dt = (v_leak - v) + r i;   spike when v > v_threshold, then v := v_reset
 *   LI    the same without spikes           Affine   y = W x + b
 *
 * A graph is sound where fields fit each other, edges join nodes that are there, and every edge's source gives the shape its target takes (the reference reader's `type_check`). That is
 * checked before a graph is written and after one was read.
 */
import { BispikeError } from "../errors.ts";

/** Numbers with a shape, last index fastest. */
export interface NirArray {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
}

/** Free-form remarks; NIR readers ignore what they do not know. */
export type NirMetadata = Readonly<Record<string, string | number | readonly number[]>>;

interface Fields {
  Input: { readonly shape: readonly number[] };
  Output: { readonly shape: readonly number[] };
  /** y = W x, weight [out][in]. */
  Linear: { readonly weight: NirArray };
  /** y = W x + b, weight [out][in], bias [out]. */
  Affine: { readonly weight: NirArray; readonly bias: NirArray };
  /** Planes [channel][height][width]; weight [out][in / groups][height][width]. */
  Conv2d: {
    readonly input_shape: readonly number[];
    readonly weight: NirArray;
    readonly bias: NirArray;
    readonly stride: readonly number[];
    readonly padding: readonly number[];
    readonly dilation: readonly number[];
    readonly groups: number;
  };
  Flatten: { readonly input_type: readonly number[]; readonly start_dim: number; readonly end_dim: number };
  /** All of the same shape, the population's; tau in seconds. */
  LIF: {
    readonly tau: NirArray;
    readonly r: NirArray;
    readonly v_leak: NirArray;
    readonly v_threshold: NirArray;
    readonly v_reset: NirArray;
  };
  LI: { readonly tau: NirArray; readonly r: NirArray; readonly v_leak: NirArray };
}

/** A type of node that is read and written here. */
export type NirType = keyof Fields;

/**
 * A node, as NIR 1.0 defines it (Pedersen et al. 2024), acting on one sample at one moment. Testing `type` narrows the fields; tau is in seconds, weights are [out][in].
 *
 * @example
 * const node: NirNode = { type: "Input", shape: [784] };
 */
export type NirNode = { [T in NirType]: { readonly type: T; readonly metadata?: NirMetadata } & Fields[T] }[NirType];

/** A graph: named nodes, and what flows from which to which. */
export interface NirGraph {
  readonly nodes: ReadonlyMap<string, NirNode>;
  /** What flows from which node to which, by their names. */
  readonly edges: readonly (readonly [from: string, to: string])[];
  readonly metadata: NirMetadata;
}

/** How a field is stored. */
export type FieldKind = "floats" | "integers" | "integer";

/** The fields of each type and how they are stored: a group holds these data sets, its type and perhaps metadata, and nothing else. */
export const NIR_FIELDS: { readonly [T in NirType]: { readonly [F in keyof Fields[T]]: FieldKind } } = {
  Input: { shape: "integers" },
  Output: { shape: "integers" },
  Linear: { weight: "floats" },
  Affine: { weight: "floats", bias: "floats" },
  Conv2d: {
    input_shape: "integers",
    weight: "floats",
    bias: "floats",
    stride: "integers",
    padding: "integers",
    dilation: "integers",
    groups: "integer",
  },
  Flatten: { input_type: "integers", start_dim: "integer", end_dim: "integer" },
  LIF: { tau: "floats", r: "floats", v_leak: "floats", v_threshold: "floats", v_reset: "floats" },
  LI: { tau: "floats", r: "floats", v_leak: "floats" },
};

/** Every type of the format, for saying that one is known but not handled here. */
export const NIR_TYPES: readonly string[] = [
  ...[
    "Affine",
    "AvgPool2d",
    "Conv1d",
    "Conv2d",
    "CubaLI",
    "CubaLIF",
    "Delay",
    "Flatten",
    "I",
    "IF",
    "Input",
    "LI",
    "LIF",
  ],
  ...["Linear", "NIRGraph", "Output", "Scale", "SumPool2d", "Threshold"],
];

/** Version of the reference implementation whose files these are. */
export const NIR_VERSION = "1.0.8";

/** Values an array of this shape has. */
export function valuesOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** An array of one value. */
export function filled(shape: readonly number[], value: number): NirArray {
  return { shape, data: new Float32Array(valuesOf(shape)).fill(value) };
}

/** A fault of a graph as a typed error. */
export function nirFault(message: string): BispikeError {
  return new BispikeError("data", `NIR: ${message}`);
}

interface Ends {
  readonly input: readonly number[];
  readonly output: readonly number[];
}

const text = (shape: readonly number[]): string => `[${shape.join(", ")}]`;

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

function expectShape(name: string, field: string, array: NirArray, shape: readonly number[]): void {
  if (!same(array.shape, shape))
    throw nirFault(`node ${name}: ${field}: expected shape ${text(shape)}, got ${text(array.shape)}`);
}

function expectSizes(name: string, field: string, sizes: readonly number[], least: number, count?: number): void {
  if (
    (count !== undefined && sizes.length !== count) ||
    !sizes.every((size) => Number.isSafeInteger(size) && size >= least)
  )
    throw nirFault(
      `node ${name}: ${field}: expected ${count ?? "some"} whole numbers from ${least}, got ${text(sizes)}`,
    );
}

/**
 * Shapes a node takes and gives.
 *
 * @throws BispikeError "data" where its fields do not fit each other
 * @example
 * endsOf("in", { type: "Input", shape: [784] }); // { input: [784], output: [784] }
 */
export function endsOf(name: string, node: NirNode): Ends {
  switch (node.type) {
    case "Input":
    case "Output":
      expectSizes(name, "shape", node.shape, 1);
      return { input: node.shape, output: node.shape };
    case "Linear":
    case "Affine": {
      const { shape } = node.weight;
      if (shape.length !== 2) throw nirFault(`node ${name}: weight: expected shape [out, in], got ${text(shape)}`);
      if (node.type === "Affine") expectShape(name, "bias", node.bias, shape.slice(0, 1));
      return { input: shape.slice(1), output: shape.slice(0, 1) };
    }
    case "Conv2d":
      return convolutionEnds(name, node);
    case "Flatten": {
      const { input_type: input, start_dim: start, end_dim: end } = node;
      expectSizes(name, "input_type", input, 1);
      const last = end < 0 ? input.length + end : end;
      if (!(Number.isInteger(start) && start >= 0 && start <= last && last < input.length))
        throw nirFault(
          `node ${name}: expected axes 0 to ${input.length - 1} of ${text(input)}, got ${start} to ${end}`,
        );
      return {
        input,
        output: [...input.slice(0, start), valuesOf(input.slice(start, last + 1)), ...input.slice(last + 1)],
      };
    }
    case "LIF":
    case "LI": {
      const { shape } = node.tau;
      const others =
        node.type === "LIF" ? (["r", "v_leak", "v_threshold", "v_reset"] as const) : (["r", "v_leak"] as const);
      for (const field of others) expectShape(name, field, (node as Record<typeof field, NirArray>)[field], shape);
      return { input: shape, output: shape };
    }
  }
}

function convolutionEnds(name: string, node: Extract<NirNode, { type: "Conv2d" }>): Ends {
  const { weight, bias, input_shape: plane, stride, padding, dilation, groups } = node;
  if (weight.shape.length !== 4)
    throw nirFault(`node ${name}: weight: expected shape [out, in, height, width], got ${text(weight.shape)}`);
  const [out, inputs, ...kernel] = weight.shape as [number, number, number, number];
  if (kernel[0] !== kernel[1])
    throw nirFault(
      `node ${name}: expected a square kernel, as the reference reader infers shapes from one side, got ${text(kernel)}`,
    );
  expectShape(name, "bias", bias, [out]);
  expectSizes(name, "input_shape", plane, 1, 2);
  expectSizes(name, "stride", stride, 1, 2);
  expectSizes(name, "padding", padding, 0, 2);
  expectSizes(name, "dilation", dilation, 1, 2);
  if (!Number.isSafeInteger(groups) || groups < 1)
    throw nirFault(`node ${name}: groups: expected 1 or more, got ${groups}`);
  const sides = plane.map((size, axis) => {
    const reach = dilation[axis]! * (kernel[axis]! - 1) + 1;
    return Math.floor((size + 2 * padding[axis]! - reach) / stride[axis]!) + 1;
  });
  if (sides.some((side) => side < 1))
    throw nirFault(`node ${name}: the kernel is larger than its input ${text(plane)}`);
  return { input: [inputs * groups, ...plane], output: [out, ...sides] };
}

/**
 * Checks a whole graph.
 *
 * @throws BispikeError "data" that names the node or edge
 */
export function checkGraph(graph: NirGraph): void {
  const ends = new Map<string, Ends>();
  for (const [name, node] of graph.nodes) {
    if (name === "" || name === "." || name === ".." || name.includes("/"))
      throw nirFault(`node ${JSON.stringify(name)}: expected a name without "/", as HDF5 wants it`);
    ends.set(name, endsOf(name, node));
  }
  for (const [from, to] of graph.edges) {
    const source = ends.get(from);
    const target = ends.get(to);
    if (!source || !target) throw nirFault(`edge ${from} -> ${to}: there is no node ${source ? to : from}`);
    if (!same(source.output, target.input))
      throw nirFault(`edge ${from} -> ${to}: ${from} gives ${text(source.output)}, ${to} takes ${text(target.input)}`);
  }
}

/**
 * The nodes of a graph without branches, from its Input to its Output.
 *
 * @throws BispikeError "usage" for any other graph
 * @example
 * for (const [name, node] of chainOf(graph)) console.log(name, node.type);
 */
export function chainOf(graph: NirGraph): [name: string, node: NirNode][] {
  const next = new Map(graph.edges);
  const inputs = [...graph.nodes].filter(([, node]) => node.type === "Input");
  const targets = new Set(graph.edges.map(([, to]) => to));
  if (inputs.length !== 1 || next.size !== graph.edges.length || targets.size !== graph.edges.length) {
    throw new BispikeError(
      "usage",
      `NIR: expected a chain from one Input to one Output, got ${graph.nodes.size} nodes with ${inputs.length} inputs and ${graph.edges.length} edges that branch or loop; recurrent and branched graphs are not imported`,
    );
  }
  const chain: [string, NirNode][] = [];
  for (let name: string | undefined = inputs[0]![0]; name !== undefined; name = next.get(name)) {
    // No node is the target of two edges, and an Input of none, so this ends.
    if (chain.length > graph.nodes.size || (chain.length > 0 && name === inputs[0]![0]))
      throw new BispikeError("usage", `NIR: expected a chain, got a loop through ${name}`);
    chain.push([name, graph.nodes.get(name)!]);
  }
  if (chain.at(-1)![1].type !== "Output" || chain.length !== graph.nodes.size)
    throw new BispikeError(
      "usage",
      `NIR: expected a chain of all ${graph.nodes.size} nodes to the Output, got ${chain.length} of them to ${chain.at(-1)![0]}`,
    );
  return chain;
}

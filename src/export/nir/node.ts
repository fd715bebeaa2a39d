/**
 * NIR (Neuromorphic Intermediate Representation): the nodes a graph is made of, by NIR's own names for types and fields. Source: the NIR 1.0 paper
 * (Pedersen et al. 2024) and the format's documentation. A node acts on one sample at one moment: shapes have no axis for batches or time.
 *
 *   LIF   tau dv/dt = (v_leak - v) + r i;   spike when v > v_threshold, then v := v_reset
 *   LI    the same without spikes           Affine   y = W x + b
 */

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

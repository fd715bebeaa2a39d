/**
 * Writes small ONNX models byte by byte, after the format's own description (onnx.proto): protocol buffers, field numbers as comments say.
 *
 * @example
 * onnxModel({ inputs: { x: ["n", 3, 8, 8] }, outputs: { y: ["n", 3, 1, 1] }, nodes: [{ op: "GlobalAveragePool", inputs: ["x"], outputs: ["y"] }] });
 */
type Bytes = readonly number[];

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

const whole = (field: number, value: number): number[] => [...varint(field * 8), ...varint(value)];
const part = (field: number, bytes: Bytes): number[] => [...varint(field * 8 + 2), ...varint(bytes.length), ...bytes];
const text = (field: number, value: string): number[] => part(field, [...new TextEncoder().encode(value)]);

/** A size, or the name of one that is left open. */
type Dimension = number | string;

/** Element types of tensors. */
const TYPES = { float: 1, int64: 7 } as const;

export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Lists of whole numbers ("INTS") and single ones ("INT"). */
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
}

export interface OnnxModel {
  readonly inputs: Readonly<Record<string, readonly Dimension[]>>;
  readonly outputs: Readonly<Record<string, readonly Dimension[]>>;
  readonly nodes: readonly OnnxNode[];
  readonly weights?: Readonly<Record<string, { readonly dims: readonly number[]; readonly values: readonly number[] }>>;
  /** Of the inputs. Default float. */
  readonly type?: keyof typeof TYPES;
}

/** ValueInfoProto: name 1, type 2 { tensor_type 1 { elem_type 1, shape 2 { dim 1 { dim_value 1 | dim_param 2 } } } }. */
function valueInfo(name: string, dims: readonly Dimension[], type: keyof typeof TYPES): number[] {
  const shape = dims.flatMap((dim) => part(1, typeof dim === "number" ? whole(1, dim) : text(2, dim)));
  return [...text(1, name), ...part(2, part(1, [...whole(1, TYPES[type]), ...part(2, shape)]))];
}

/** TensorProto: dims 1, data_type 2, name 8, raw_data 9 (little-endian). */
function tensor(name: string, dims: readonly number[], values: readonly number[]): number[] {
  const raw = new Uint8Array(4 * values.length);
  const view = new DataView(raw.buffer);
  for (const [i, value] of values.entries()) view.setFloat32(4 * i, value, true);
  return [...dims.flatMap((dim) => whole(1, dim)), ...whole(2, TYPES.float), ...text(8, name), ...part(9, [...raw])];
}

/** NodeProto: input 1, output 2, op_type 4, attribute 5 { name 1, i 3, ints 8, type 20 (INT 2, INTS 7) }. */
function node({ op, inputs, outputs, attributes = {} }: OnnxNode): number[] {
  const entries = Object.entries(attributes).flatMap(([name, value]) =>
    part(
      5,
      typeof value === "number"
        ? [...text(1, name), ...whole(3, value), ...whole(20, 2)]
        : [...text(1, name), ...value.flatMap((one) => whole(8, one)), ...whole(20, 7)],
    ),
  );
  return [
    ...inputs.flatMap((name) => text(1, name)),
    ...outputs.flatMap((name) => text(2, name)),
    ...text(4, op),
    ...entries,
  ];
}

/** ModelProto: ir_version 1, graph 7, opset_import 8 { domain 1, version 2 }; GraphProto: node 1, name 2, initializer 5, input 11, output 12. */
export function onnxModel({ inputs, outputs, nodes, weights = {}, type = "float" }: OnnxModel): Uint8Array {
  const graph = [
    ...nodes.flatMap((one) => part(1, node(one))),
    ...text(2, "test"),
    ...Object.entries(weights).flatMap(([name, { dims, values }]) => part(5, tensor(name, dims, values))),
    ...Object.entries(inputs).flatMap(([name, dims]) => part(11, valueInfo(name, dims, type))),
    ...Object.entries(outputs).flatMap(([name, dims]) => part(12, valueInfo(name, dims, type))),
  ];
  return Uint8Array.from([...whole(1, 8), ...part(7, graph), ...part(8, [...text(1, ""), ...whole(2, 13)])]);
}

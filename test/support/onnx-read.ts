/** Reads back what an ONNX file says, field by field (numbers as in onnx.proto); for tests of what is written. */
import { PbfReader } from "pbf";

export interface ReadPort {
  readonly name: string;
  readonly doc: string;
  readonly element: number;
  readonly dimensions: readonly (number | string)[];
}

export interface ReadNode {
  readonly name: string;
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

export interface ReadModel {
  readonly irVersion: number;
  readonly producer: string;
  readonly version: string;
  readonly doc: string;
  readonly opsets: readonly (readonly [string, number])[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly nodes: readonly ReadNode[];
  readonly constants: readonly { readonly name: string; readonly dims: readonly number[]; readonly bytes: number }[];
  readonly inputs: readonly ReadPort[];
  readonly outputs: readonly ReadPort[];
}

type Fields = Map<number, (number | Uint8Array)[]>;

/** All fields of a message: whole numbers, or bytes. */
function fieldsOf(bytes: Uint8Array): Fields {
  return new PbfReader(bytes).readFields((tag, fields: Fields, pbf) => {
    const value = pbf.type === 2 ? pbf.readBytes() : pbf.readVarint(true);
    fields.set(tag, [...(fields.get(tag) ?? []), value]);
  }, new Map());
}

const parts = (fields: Fields, tag: number) => (fields.get(tag) ?? []) as Uint8Array[];
const numbers = (fields: Fields, tag: number) => (fields.get(tag) ?? []) as number[];
const texts = (fields: Fields, tag: number) => parts(fields, tag).map((bytes) => new TextDecoder().decode(bytes));
const messages = (fields: Fields, tag: number) => parts(fields, tag).map(fieldsOf);
const text = (fields: Fields, tag: number) => texts(fields, tag)[0] ?? "";
const inner = (fields: Fields, tag: number) => messages(fields, tag)[0] ?? new Map();

function portOf(port: Fields): ReadPort {
  const tensor = inner(inner(port, 2), 1);
  const dimensions = messages(inner(tensor, 2), 1).map((dim) => numbers(dim, 1)[0] ?? text(dim, 2));
  return { name: text(port, 1), doc: text(port, 3), element: numbers(tensor, 1)[0] ?? 0, dimensions };
}

export function readModel(bytes: Uint8Array): ReadModel {
  const model = fieldsOf(bytes);
  const graph = inner(model, 7);
  return {
    irVersion: numbers(model, 1)[0] ?? 0,
    producer: text(model, 2),
    version: text(model, 3),
    doc: text(model, 6),
    opsets: messages(model, 8).map((opset) => [text(opset, 1), numbers(opset, 2)[0] ?? 0]),
    metadata: Object.fromEntries(messages(model, 14).map((entry) => [text(entry, 1), text(entry, 2)])),
    nodes: messages(graph, 1).map((node) => ({
      name: text(node, 3),
      operator: text(node, 4),
      inputs: texts(node, 1),
      outputs: texts(node, 2),
    })),
    constants: messages(graph, 5).map((tensor) => ({
      name: text(tensor, 8),
      dims: numbers(tensor, 1),
      bytes: parts(tensor, 9)[0]?.length ?? 0,
    })),
    inputs: messages(graph, 11).map(portOf),
    outputs: messages(graph, 12).map(portOf),
  };
}

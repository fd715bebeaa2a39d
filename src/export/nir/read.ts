/**
 * Reads NIR files: data only, from untrusted bytes. Types of nodes that are not handled, unknown fields, nested graphs and sizes beyond reason are
 * refused before anything is made of them.
 */

import { Dataset, Group } from "h5wasm";
import { BispikeError } from "../../errors.ts";
import { checkGraph, nirFault } from "./graph.ts";
import { boundedShape, numbersOf, readHdf5, stringsOf } from "./hdf5.ts";
import {
  type FieldKind,
  NIR_FIELDS,
  NIR_TYPES,
  type NirArray,
  type NirGraph,
  type NirMetadata,
  type NirNode,
  type NirType,
} from "./node.ts";

/** A graph has no more nodes or edges than this. */
const MAX_NODES = 10_000;
/** Remarks longer than this are left out. */
const MAX_METADATA_VALUES = 1_000_000;

/**
 * Reads a .nir file and checks that its parts fit each other.
 *
 * @param source file name for error messages
 * @throws BispikeError "data" for a damaged or foreign file, "usage" for a type of node that is not handled here
 * @example
 * const graph = await decodeNir(new Uint8Array(await file.arrayBuffer()), file.name);
 */
export function decodeNir(bytes: Uint8Array, source: string): Promise<NirGraph> {
  return readHdf5(bytes, source, (root) => {
    const top = groupOf(root, "node", "the file");
    const type = textOf(top, "type", "/node");
    if (type !== "NIRGraph") throw nirFault(`/node/type: expected NIRGraph, got ${JSON.stringify(type)}`);
    const names = groupOf(top, "nodes", "/node");
    const keys = names.keys();
    if (keys.length > MAX_NODES) throw nirFault(`expected at most ${MAX_NODES} nodes, got ${keys.length}`);
    const nodes = new Map<string, NirNode>();
    for (const name of keys) nodes.set(name, readNode(groupOf(names, name, "/node/nodes"), name));
    const graph = { nodes, edges: readEdges(top), metadata: readMetadata(top) };
    checkGraph(graph);
    return graph;
  });
}

function childOf(group: Group, name: string): Dataset | Group | null {
  const found = group.keys().includes(name) ? group.get(name) : null;
  return found instanceof Dataset || found instanceof Group ? found : null;
}

function groupOf(group: Group, name: string, where: string): Group {
  const found = childOf(group, name);
  if (!(found instanceof Group)) throw nirFault(`${where}: expected a group ${name}, found none; is this a NIR file?`);
  return found;
}

function dataOf(group: Group, name: string, where: string): Dataset {
  const found = childOf(group, name);
  if (!(found instanceof Dataset)) throw nirFault(`${where}: expected a field ${name}, found none`);
  return found;
}

function textOf(group: Group, name: string, where: string): string {
  const [text, more] = stringsOf(dataOf(group, name, where), `${where}/${name}`) ?? [];
  if (text === undefined || more !== undefined) throw nirFault(`${where}/${name}: expected one string`);
  return text;
}

function readEdges(top: Group): [string, string][] {
  const data = dataOf(top, "edges", "/node");
  const [count = 0, two] = boundedShape(data, "/node/edges");
  const names = count === 0 ? [] : count > MAX_NODES ? null : stringsOf(data, "/node/edges");
  if (!names || (count > 0 && two !== 2) || names.length !== 2 * count)
    throw nirFault(`/node/edges: expected at most ${MAX_NODES} pairs of names, got shape [${data.shape?.join(", ")}]`);
  return Array.from({ length: count }, (_, k) => [names[2 * k]!, names[2 * k + 1]!]);
}

function readNode(group: Group, name: string): NirNode {
  const where = `node ${name}`;
  const type = textOf(group, "type", where);
  if (!Object.hasOwn(NIR_FIELDS, type)) {
    const known = Object.keys(NIR_FIELDS).join(", ");
    if (NIR_TYPES.includes(type))
      throw new BispikeError("usage", `NIR: ${where}: type ${type} is not handled here; handled are ${known}`);
    throw nirFault(`${where}: unknown type ${JSON.stringify(type.slice(0, 40))}`);
  }
  const kinds: Readonly<Record<string, FieldKind>> = NIR_FIELDS[type as NirType];
  const strange = group.keys().find((key) => key !== "type" && key !== "metadata" && !Object.hasOwn(kinds, key));
  if (strange !== undefined)
    throw nirFault(
      `${where}: unknown field ${JSON.stringify(strange.slice(0, 40))}; ${type} has ${Object.keys(kinds).join(", ")}`,
    );
  const fields: Record<string, NirArray | readonly number[] | number> = {};
  for (const [field, kind] of Object.entries(kinds)) {
    // NIR had no reset potential at first: none means 0.
    if (field === "v_reset" && !group.keys().includes(field)) {
      const { shape } = fields.v_threshold as NirArray;
      fields[field] = { shape, data: new Float32Array((fields.v_threshold as NirArray).data.length) };
    } else fields[field] = readField(dataOf(group, field, where), kind, `${where}: ${field}`);
  }
  const metadata = readMetadata(group);
  return { type, ...fields, ...(Object.keys(metadata).length > 0 && { metadata }) } as unknown as NirNode;
}

function readField(data: Dataset, kind: FieldKind, where: string): NirArray | readonly number[] | number {
  const shape = boundedShape(data, where);
  const numbers = numbersOf(data, where);
  if (!numbers)
    throw nirFault(`${where}: expected ${kind === "floats" ? "numbers" : "whole numbers"}, found another type`);
  if (kind === "floats") return { shape, data: floatsOf(numbers, where) };
  const values = Array.from(numbers, Number);
  const bad = values.find((value) => !Number.isSafeInteger(value));
  if (bad !== undefined) throw nirFault(`${where}: expected whole numbers, got ${bad}`);
  if (kind === "integers") return values;
  if (values.length !== 1) throw nirFault(`${where}: expected one whole number, got ${values.length}`);
  return values[0]!;
}

function floatsOf(numbers: ArrayLike<number | bigint>, where: string): Float32Array | Float64Array {
  const data =
    numbers instanceof Float32Array
      ? new Float32Array(numbers)
      : Float64Array.from(numbers as ArrayLike<number>, Number);
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw nirFault(`${where}: value ${bad} is ${data[bad]}, not a finite number`);
  return data;
}

/** What a reader can use of the remarks; others are left out. */
function readMetadata(group: Group): NirMetadata {
  const inner = childOf(group, "metadata");
  if (!(inner instanceof Group)) return {};
  const entries: [string, string | number | readonly number[]][] = [];
  for (const key of inner.keys()) {
    const data = childOf(inner, key);
    if (!(data instanceof Dataset)) continue;
    const shape = data.shape ?? [];
    if (shape.reduce((product, size) => product * size, 1) > MAX_METADATA_VALUES) continue;
    const texts = stringsOf(data, `metadata ${key}`);
    const numbers = texts ? null : numbersOf(data, `metadata ${key}`);
    if (texts?.length === 1) entries.push([key, texts[0]!]);
    else if (numbers) entries.push([key, shape.length === 0 ? Number(numbers[0]) : Array.from(numbers, Number)]);
  }
  // From entries, so that a key such as "__proto__" is a key.
  return Object.fromEntries(entries);
}

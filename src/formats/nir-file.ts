/**
 * NIR's files: HDF5 in memory, by the HDF5 library in WebAssembly (h5wasm), which sees no other files. Graphs are written as the reference implementation does:
 *
 *   /version   /node/type = "NIRGraph"   /node/edges [E][2]   /node/nodes/<name>/{type, fields}   /node/metadata/<key>
 *
 * Read are data only, from untrusted bytes: types of nodes that are not handled, unknown fields, nested graphs and sizes beyond reason are refused before anything is made of them.
 */
import { Dataset, FS, Group, File as Hdf5File, ready } from "h5wasm";
import { guardHdf5 } from "../data/hdf5-guard.ts";
import { BispikeError } from "../errors.ts";
import {
  checkGraph,
  type FieldKind,
  NIR_FIELDS,
  NIR_TYPES,
  NIR_VERSION,
  type NirArray,
  type NirGraph,
  type NirMetadata,
  type NirNode,
  type NirType,
  nirFault,
} from "./nir-graph.ts";

/** What is used of the library's file system, which has no types of its own. */
interface VirtualFiles {
  readFile(path: string): Uint8Array;
  writeFile(path: string, bytes: Uint8Array): void;
  unlink(path: string): void;
  analyzePath(path: string): { readonly exists: boolean };
}

const PATH = "exchange.h5";

/** Bytes of a new file that `fill` writes. */
export async function writeHdf5(fill: (root: Hdf5File) => void): Promise<Uint8Array<ArrayBuffer>> {
  return withLibrary((files) => {
    // The library stamps every object with the time of day. Equal contents are to be equal bytes, so its clock stands still; nothing else runs meanwhile.
    const { now } = Date;
    Date.now = () => 0;
    try {
      const store = new Hdf5File(PATH, "w");
      try {
        fill(store);
      } finally {
        store.close();
      }
    } finally {
      Date.now = now;
    }
    return new Uint8Array(files.readFile(PATH));
  });
}

/**
 * What `use` makes of a file.
 *
 * @param source file name for error messages
 * @throws BispikeError "data" for a damaged file, besides those of `use`
 */
export async function readHdf5<T>(bytes: Uint8Array, source: string, use: (root: Hdf5File) => T): Promise<T> {
  guardHdf5(bytes, source);
  return withLibrary((files) => {
    try {
      files.writeFile(PATH, bytes);
      const store = new Hdf5File(PATH, "r");
      try {
        return use(store);
      } finally {
        store.close();
      }
    } catch (cause) {
      if (cause instanceof BispikeError) throw new BispikeError(cause.code, `${source}: ${cause.message}`, { cause });
      // The library tells every level of its stack; the innermost says what is wrong.
      const reason = String(cause instanceof Error ? cause.message : cause)
        .trim()
        .split("\n")
        .at(-1)
        ?.trim();
      throw new BispikeError("data", `${source}: the HDF5 file is damaged or of another kind (${reason})`, { cause });
    }
  });
}

async function withLibrary<T>(use: (files: VirtualFiles) => T): Promise<T> {
  const library = await ready;
  library.activate_throwing_error_handler();
  const files: VirtualFiles = FS!;
  try {
    return use(files);
  } finally {
    if (files.analyzePath(PATH).exists) files.unlink(PATH);
  }
}

/** Writes a whole number or whole numbers as int64, as the reference does. */
export function writeIntegers(group: Group, name: string, values: number | readonly number[]): void {
  const list = typeof values === "number" ? [values] : values;
  const shape = typeof values === "number" ? [] : [list.length];
  group.create_dataset({ name, data: BigInt64Array.from(list, BigInt), shape, dtype: "<q" });
}

export function writeFloats(
  group: Group,
  name: string,
  { shape, data }: { readonly shape: readonly number[]; readonly data: Float32Array | Float64Array },
): void {
  group.create_dataset({ name, data, shape: [...shape], dtype: data instanceof Float64Array ? "<d" : "<f" });
}

export function writeText(group: Group, name: string, value: string): void {
  group.create_dataset({ name, data: value });
}

/** Most numbers that one data set may hold: compressed ones may claim any size. */
const MAX_VALUES = 2 ** 28;

/** Shape of a data set, refused where it holds more than is ever read. */
export function boundedShape(data: Dataset, where: string): readonly number[] {
  const shape = data.shape ?? [];
  const values = shape.reduce((product, size) => product * size, 1);
  if (!(values <= MAX_VALUES))
    throw nirFault(`${where}: expected at most ${MAX_VALUES} values, got shape [${shape.join(", ")}]`);
  return shape;
}

/** Numbers of a data set; `null` where it holds something else. */
export function numbersOf(data: Dataset, where: string): ArrayLike<number | bigint> | null {
  boundedShape(data, where);
  const { value } = data;
  if (typeof value === "number" || typeof value === "bigint") return [value];
  return ArrayBuffer.isView(value) && !(value instanceof DataView)
    ? (value as unknown as ArrayLike<number | bigint>)
    : null;
}

/** Strings of a data set; `null` where it holds something else. */
export function stringsOf(data: Dataset, where: string): readonly string[] | null {
  boundedShape(data, where);
  const { value } = data;
  if (typeof value === "string") return [value];
  return Array.isArray(value) && value.flat().every((item) => typeof item === "string")
    ? (value.flat() as string[])
    : null;
}

/**
 * Bytes of a .nir file.
 *
 * @throws BispikeError "data" for a graph whose parts do not fit each other
 * @example
 * const bytes = await encodeNir(perceptionToNir(model));
 */
export async function encodeNir(graph: NirGraph): Promise<Uint8Array<ArrayBuffer>> {
  checkGraph(graph);
  return writeHdf5((root) => {
    writeText(root, "version", NIR_VERSION);
    const group = root.create_group("node");
    writeText(group, "type", "NIRGraph");
    const edges = graph.edges.flat();
    group.create_dataset({ name: "edges", data: edges, shape: [graph.edges.length, 2], dtype: "S" });
    const nodes = group.create_group("nodes");
    for (const [name, node] of graph.nodes) {
      const inner = nodes.create_group(name);
      writeText(inner, "type", node.type);
      const values = node as unknown as Readonly<Record<string, NirArray | readonly number[] | number>>;
      for (const [field, kind] of Object.entries<FieldKind>(NIR_FIELDS[node.type])) {
        const value = values[field]!;
        if (kind === "floats") writeFloats(inner, field, value as NirArray);
        else writeIntegers(inner, field, value as number | readonly number[]);
      }
      writeMetadata(inner, node.metadata ?? {});
    }
    writeMetadata(group, graph.metadata);
  });
}

function writeMetadata(group: Group, metadata: NirMetadata): void {
  const entries = Object.entries(metadata);
  if (entries.length === 0) return;
  const inner = group.create_group("metadata");
  for (const [key, value] of entries) {
    if (typeof value === "string") writeText(inner, key, value);
    else if (typeof value === "number") writeFloats(inner, key, { shape: [], data: Float64Array.of(value) });
    else writeFloats(inner, key, { shape: [value.length], data: Float64Array.from(value) });
  }
}

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

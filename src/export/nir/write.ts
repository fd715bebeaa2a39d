/**
 * Writes a graph as the reference implementation does:
 *
 *   /version   /node/type = "NIRGraph"   /node/edges [E][2]   /node/nodes/<name>/{type, fields}   /node/metadata/<key>
 */

import type { Group } from "h5wasm";
import { checkGraph } from "./graph.ts";
import { writeFloats, writeHdf5, writeIntegers, writeText } from "./hdf5.ts";
import { type FieldKind, NIR_FIELDS, NIR_VERSION, type NirArray, type NirGraph, type NirMetadata } from "./node.ts";

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

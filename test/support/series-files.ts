/** Writers of small series files, after the formats' own descriptions and without the code under test. */
import { crc32, deflateRawSync } from "node:zlib";
import { File, FS, ready } from "h5wasm";
import { joinBytes } from "./data-files.ts";

const utf8 = new TextEncoder();

/** Bytes of UTF-8 text. */
export function bytesOf(text: string): Uint8Array {
  return utf8.encode(text);
}

/** An .npy file of version 1.0 with this header, whatever it says, and these data. */
export function npyOf(header: string, data: Uint8Array): Uint8Array {
  const text = utf8.encode(`${header}\n`);
  return joinBytes([0x93], utf8.encode("NUMPY"), [1, 0, text.length & 255, text.length >> 8], text, data);
}

/** An .npy file of float64, little-endian. */
export function npyFile(shape: readonly number[], values: readonly number[], fortran = false): Uint8Array {
  const shapeText = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const order = fortran ? "True" : "False";
  const header = `{'descr': '<f8', 'fortran_order': ${order}, 'shape': (${shapeText}), }`;
  return npyOf(header, new Uint8Array(Float64Array.from(values).buffer));
}

/** A zip file of these files, deflated or stored. */
export function zipFile(files: Readonly<Record<string, Uint8Array>>, deflated = true): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const stored = deflated ? deflateRawSync(content) : content;
    const fields = new Uint8Array(26);
    const view = new DataView(fields.buffer);
    view.setUint16(0, 20, true);
    view.setUint16(4, deflated ? 8 : 0, true);
    view.setUint32(10, crc32(content), true);
    view.setUint32(14, stored.length, true);
    view.setUint32(18, content.length, true);
    view.setUint16(22, name.length, true);
    const local = joinBytes([0x50, 0x4b, 3, 4], fields, utf8.encode(name), stored);
    const tail = new Uint8Array(14);
    new DataView(tail.buffer).setUint32(10, offset, true);
    directory.push(joinBytes([0x50, 0x4b, 1, 2, 20, 0], fields, tail, utf8.encode(name)));
    parts.push(local);
    offset += local.length;
  }
  const entries = joinBytes(...directory);
  const end = new Uint8Array(18);
  const view = new DataView(end.buffer);
  view.setUint16(4, directory.length, true);
  view.setUint16(6, directory.length, true);
  view.setUint32(8, entries.length, true);
  view.setUint32(12, offset, true);
  return joinBytes(...parts, entries, [0x50, 0x4b, 5, 6], end);
}

export interface Block {
  readonly items: readonly string[];
  readonly values: Float64Array | Float32Array | BigInt64Array;
  /** Default [times][items]. */
  readonly shape?: readonly number[];
}

export interface StoredTable {
  readonly columns: readonly string[];
  /** Nanoseconds from 1970. */
  readonly times: readonly bigint[];
  readonly blocks: readonly Block[];
}

/** An HDF5 file of tables laid out as pandas' fixed format, by group name. */
export async function hdf5File(tables: Readonly<Record<string, StoredTable>>): Promise<Uint8Array> {
  await ready;
  const file = new File("written.h5", "w");
  for (const [name, { columns, times, blocks }] of Object.entries(tables)) {
    const group = file.create_group(name);
    group.create_dataset({ name: "axis0", data: [...columns] });
    const rows = group.create_dataset({ name: "axis1", data: BigInt64Array.from(times) });
    rows.create_attribute("kind", "datetime64");
    blocks.forEach(({ items, values, shape }, index) => {
      group.create_dataset({ name: `block${index}_items`, data: [...items] });
      const size = [...(shape ?? [times.length, items.length])];
      group.create_dataset({ name: `block${index}_values`, data: values, shape: size });
    });
  }
  file.close();
  const bytes = FS!.readFile("written.h5");
  FS!.unlink("written.h5");
  return bytes;
}

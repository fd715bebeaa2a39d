/**
 * Tables of pandas' HDFStore in its "fixed" format, as METR-LA and PEMS-BAY come. A group (such as /df or /speed) holds
 * axis0 (names of the columns), axis1 (times of the rows), and for each type of number a block: blockN_items (names of
 * its columns) and blockN_values ([row][item]). Source: pandas' `io/pytables.py`, class BlockManagerFixed.
 *
 * The HDF5 library is WebAssembly (h5wasm) and sees only the bytes it is given; it is loaded when this module is.
 */
import { Dataset, FS, Group, File as Hdf5File, ready } from "h5wasm";
import { BispikeError } from "../../errors.ts";
import { guardHdf5 } from "../hdf5-guard.ts";
import { checkNames, listNames } from "./columns.ts";
import { checkSize, type RawSeries } from "./series.ts";

const PER_MILLISECOND = { ns: 1_000_000n, us: 1000n, ms: 1n } as const;
/** Furthest that a JavaScript date reaches, in milliseconds from 1970. */
const LAST = 8_640_000_000_000_000n;

/**
 * ISO 8601 of a count of units since 1970, in UTC as pandas' times without a zone are, without what is zero at the end:
 * "2012-03-01 00:05:00".
 *
 * @throws BispikeError "data" beyond the years that dates have
 * @example
 * toIso(1330560300000000000n, "ns"); // "2012-03-01 00:05:00"
 */
function toIso(count: bigint, unit: "s" | "ms" | "us" | "ns"): string {
  const milliseconds = unit === "s" ? count * 1000n : count / PER_MILLISECOND[unit];
  if (milliseconds > LAST || milliseconds < -LAST) {
    throw new BispikeError("data", `expected a time of the calendar, found ${count} ${unit} from 1970`);
  }
  const text = new Date(Number(milliseconds)).toISOString();
  return text.replace("T", " ").replace(/(?:\.000)?Z$/, "");
}

export interface Hdf5Options {
  /** Path of the table's group, such as "df"; default the only one. */
  readonly key?: string | undefined;
}

/** What is used of the library's file system, which is in memory and has no types of its own. */
interface VirtualFiles {
  writeFile(path: string, bytes: Uint8Array): void;
  unlink(path: string): void;
  analyzePath(path: string): { readonly exists: boolean };
}

const VALUES = /^(.*)\/block0_values$/;

/**
 * Reads a table; columns keep the order of axis0, whatever block they are in.
 *
 * @throws BispikeError "data" for a damaged file, another format, or blocks that do not fit the axes; "config" for a key
 *   that is not there, or none where there are several tables
 * @example
 * await parseHdf5(bytes, "metr-la.h5", { key: "df" });
 */
export async function parseHdf5(bytes: Uint8Array, file: string, options: Hdf5Options = {}): Promise<RawSeries> {
  guardHdf5(bytes, file);
  const library = await ready;
  library.activate_throwing_error_handler();
  const path = "series.h5";
  const files: VirtualFiles = FS!;
  try {
    files.writeFile(path, bytes);
    const store = new Hdf5File(path, "r");
    try {
      return readTable(store, file, options);
    } finally {
      store.close();
    }
  } catch (cause) {
    if (cause instanceof BispikeError) throw cause;
    // The library tells every level of its stack; the innermost says what is wrong.
    const lines = String(cause instanceof Error ? cause.message : cause)
      .trim()
      .split("\n");
    throw new BispikeError("data", `${file}: the HDF5 file is damaged or of another kind (${lines.at(-1)?.trim()})`, {
      cause,
    });
  } finally {
    if (files.analyzePath(path).exists) files.unlink(path);
  }
}

function readTable(store: Hdf5File, file: string, { key }: Hdf5Options): RawSeries {
  const paths = store.paths().map((path) => `/${path}`);
  const tables = paths.flatMap((path) => VALUES.exec(path)?.[1] ?? []);
  if (tables.length === 0) {
    const other = paths.some((path) => path.endsWith("/table")) ? '; a table of format "table" is not read' : "";
    throw new BispikeError(
      "data",
      `${file}: expected a table that pandas wrote (to_hdf, format "fixed"), found no block0_values${other}`,
    );
  }
  const wanted = key === undefined ? undefined : `/${key.replace(/^\/+|\/+$/g, "")}`;
  const table = wanted ?? (tables.length === 1 ? tables[0]! : undefined);
  if (table === undefined || !tables.includes(table)) {
    const got = key === undefined ? "none" : JSON.stringify(key);
    throw new BispikeError("config", `key: expected one of the tables of ${file} (${listNames(tables)}), got ${got}`);
  }
  const where = `${file}, ${table}`;
  const group = store.get(table);
  if (!(group instanceof Group)) throw new BispikeError("data", `${where}: expected a group`);
  const columns = textOf(datasetOf(group, "axis0", where), where);
  const times = timesOf(datasetOf(group, "axis1", where), where);
  checkNames(columns, where);
  checkSize(times.length, columns.length, where);
  const values = blocks(group, columns, times.length, where);
  return { name: file, columns, length: times.length, values, times, lines: null };
}

/** The values of all blocks, in the order of the columns. */
function blocks(group: Group, columns: readonly string[], rows: number, where: string): Float32Array {
  const values = new Float32Array(rows * columns.length).fill(Number.NaN);
  const places = new Map(columns.map((column, place) => [column, place]));
  for (let block = 0; group.keys().includes(`block${block}_values`); block++) {
    const items = textOf(datasetOf(group, `block${block}_items`, where), where);
    const data = datasetOf(group, `block${block}_values`, where);
    const [height, width] = data.shape ?? [];
    if (height !== rows || width !== items.length || data.shape?.length !== 2) {
      throw new BispikeError(
        "data",
        `${where}: block${block}_values: expected ${rows} x ${items.length} values, found ${data.shape?.join(" x ")}`,
      );
    }
    const targets = items.map((item) => {
      const place = places.get(item);
      if (place === undefined) {
        throw new BispikeError(
          "data",
          `${where}: block${block}_items: ${JSON.stringify(item)} is no column of axis0, or in two blocks`,
        );
      }
      places.delete(item);
      return place;
    });
    const numbers = numbersOf(data, `block${block}_values`, where);
    for (let row = 0; row < rows; row++) {
      targets.forEach((place, item) => {
        values[row * columns.length + place] = Number(numbers[row * width + item]);
      });
    }
  }
  const [lost] = places.keys();
  if (lost !== undefined) {
    throw new BispikeError("data", `${where}: column ${JSON.stringify(lost)} is in no block of values`);
  }
  return values;
}

function datasetOf(group: Group, name: string, where: string): Dataset {
  const found = group.keys().includes(name) ? group.get(name) : null;
  if (!(found instanceof Dataset)) throw new BispikeError("data", `${where}: expected an array ${name}, found none`);
  return found;
}

type Numbers = ArrayLike<number | bigint>;

function numbersOf(data: Dataset, name: string, where: string): Numbers {
  const [rows = 0, columns = 1] = data.shape ?? [];
  checkSize(rows, columns, `${where}: ${name}`);
  const { value } = data;
  if (!ArrayBuffer.isView(value) || value instanceof DataView) {
    throw new BispikeError("data", `${where}: ${name}: expected plain numbers, found ${describeType(data)}`);
  }
  return value as unknown as Numbers;
}

function textOf(data: Dataset, where: string): readonly string[] {
  const [length = 0] = data.shape ?? [];
  checkSize(length, 1, where);
  const { value } = data;
  if (Array.isArray(value) && value.every((name) => typeof name === "string")) return value as string[];
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as Numbers, String);
  throw new BispikeError("data", `${where}: expected names of columns as text or numbers, found ${describeType(data)}`);
}

/** Times as text: ISO 8601 for pandas' datetimes, as they are for other indices. */
function timesOf(data: Dataset, where: string): readonly string[] {
  const kind = "kind" in data.attrs ? String(data.attrs.kind?.value) : "";
  const unit = /^datetime64(?:\[(s|ms|us|ns)\])?$/.exec(kind);
  const texts = textOf(data, where);
  return unit === null
    ? texts
    : texts.map((text) => toIso(BigInt(text), (unit[1] ?? "ns") as "s" | "ms" | "us" | "ns"));
}

function describeType(data: Dataset): string {
  return typeof data.dtype === "string" ? `type ${data.dtype}` : "a compound type";
}

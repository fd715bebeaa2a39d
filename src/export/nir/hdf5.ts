/** HDF5 files in memory, by the HDF5 library in WebAssembly (h5wasm): what NIR's graphs and spike trains are kept in. It sees no other files. */
import { type Dataset, FS, type Group, File as Hdf5File, ready } from "h5wasm";
import { guardHdf5 } from "../../data/hdf5-guard.ts";
import { BispikeError } from "../../errors.ts";
import { nirFault } from "./graph.ts";

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

/** From a file's bytes to a series, by the ending of its name. */
import { BispikeError } from "../../errors.ts";
import { gunzipBounded } from "../inflate.ts";
import { type CsvOptions, parseCsv } from "./csv.ts";
import { type NpzOptions, parseNpy, parseNpz } from "./npz.ts";

import type { RawSeries } from "./series.ts";
import { MAX_TEXT_BYTES } from "./text.ts";

/** How files of series are read. */
export type ReaderOptions = CsvOptions & NpzOptions;

type Format = "table" | "npy" | "npz" | "h5";

const ENDINGS: readonly (readonly [RegExp, Format])[] = [
  [/\.(csv|tsv|txt|dat|data)(\.gz)?$/i, "table"],
  [/\.npy$/i, "npy"],
  [/\.npz$/i, "npz"],
  [/\.(h5|hdf5|hdf)$/i, "h5"],
];

/** Options that only some formats have. */
const OPTIONS: Readonly<Record<Exclude<keyof ReaderOptions, "columns" | "trained">, readonly Format[]>> = {
  delimiter: ["table"],
  header: ["table"],
  timeColumn: ["table"],
  key: ["npz", "h5"],
  feature: ["npy", "npz"],
};

/**
 * Reads a series of any known format. HDF5's library is loaded only for a file of that format.
 *
 * | ending | what |
 * |---|---|
 * | .csv .tsv .txt .dat .data, also with .gz | a table as text: with a line of names or without, the first column perhaps times |
 * | .npy, .npz | NumPy's arrays [time], [time][column] or [time][node][feature] |
 * | .h5 .hdf5 .hdf | a table of pandas' HDFStore, in its "fixed" format |
 *
 * @throws BispikeError "data" for a file that is damaged or too large, holds no such table, or has another ending; "config" for an option of another format
 * @example
 * await parseSeries(bytes, "exchange_rate.txt.gz");
 */
export async function parseSeries(bytes: Uint8Array, file: string, options: ReaderOptions = {}): Promise<RawSeries> {
  const format = ENDINGS.find(([ending]) => ending.test(file))?.[1];
  if (format === undefined) {
    throw new BispikeError(
      "data",
      `${file}: expected a series in a file ending with .csv, .tsv, .txt or .dat (also with .gz), .npy, .npz or .h5`,
    );
  }
  for (const [name, formats] of Object.entries(OPTIONS)) {
    if (options[name as keyof typeof OPTIONS] !== undefined && !formats.includes(format)) {
      throw new BispikeError("config", `${name}: expected no such option for ${file}; it is for ${formats.join(", ")}`);
    }
  }
  if (format === "npy") return parseNpy(bytes, file, options);
  if (format === "npz") return parseNpz(bytes, file, options);
  if (format === "h5") {
    const { parseHdf5 } = await import("./hdf5.ts");
    return parseHdf5(bytes, file, options);
  }
  const content = /\.gz$/i.test(file) ? gunzipBounded(bytes, MAX_TEXT_BYTES, file) : bytes;
  return parseCsv(content, file, /\.tsv(\.gz)?$/i.test(file) ? { delimiter: "\t", ...options } : options);
}

/**
 * Tables of numbers as text: CSV, TSV, or columns between blanks; with or without a line of names; the first column may
 * hold dates, times or an index.
 */

import Papa from "papaparse";
import { BispikeError } from "../../errors.ts";
import { COLUMNS_TRAINED, checkNames, columnsOf } from "./columns.ts";
import { checkSize, MAX_FLOAT32, MAX_ROWS, MAX_VALUES, type RawSeries } from "./series.ts";
import { decodeUtf8 } from "./text.ts";

// Records of delimited text: RFC 4180 quotes for a delimiter of one character, or runs of blanks between plain cells.
// One record at a time, so that a large table is never held as text cells.

/** One character, or "whitespace": any run of blanks and tabs, as `numpy.savetxt` writes. */
export type Delimiter = "," | ";" | "\t" | "|" | "whitespace";

export const DELIMITERS: readonly Delimiter[] = [",", ";", "\t", "|", "whitespace"];

/** Longest line in characters; with the limit of rows it bounds what a hostile file can make the parser hold. */
const MAX_LINE = 2 ** 24;

/**
 * Calls `visit` with the cells of every record and the line it begins on, from 1. An empty line is a record of one empty
 * cell, but none is reported after the last line end.
 *
 * @throws BispikeError "data" for quotes that are not closed or followed by text, too many lines or too long ones
 * @example
 * forEachRecord('a,b\n1,"2"\n', ",", "x.csv", (cells, line) => console.log(line, cells));
 */
export function forEachRecord(
  text: string,
  delimiter: Delimiter,
  file: string,
  visit: (cells: readonly string[], line: number) => void,
): void {
  checkReturns(text, file);
  const lines = text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
  const body = lines.endsWith("\n") ? lines.slice(0, -1) : lines;
  if (body === "") return;
  checkLines(body, file);
  if (delimiter === "whitespace") {
    forEachLine(body, (from, to, line) => visit(body.slice(from, to).trim().split(/\s+/), line));
    return;
  }
  const quoted = body.includes('"');
  let line = 1;
  Papa.parse<string[]>(body, {
    delimiter,
    newline: "\n",
    step: ({ data, errors }) => {
      const [fault] = errors;
      if (fault !== undefined) {
        throw new BispikeError("data", `${file}: line ${line}: ${fault.message}; quotes must enclose a whole cell`);
      }
      visit(data, line);
      line++;
      if (quoted) for (const cell of data) line += cell.split("\n").length - 1;
    },
  });
}

/** Replacing line ends is slow where there are more than files have. */
function checkReturns(text: string, file: string): void {
  let count = 0;
  for (let at = text.indexOf("\r"); at >= 0; at = text.indexOf("\r", at + 1)) {
    if (++count > MAX_ROWS) throw new BispikeError("data", `${file}: expected at most ${MAX_ROWS} rows, found more`);
  }
}

function checkLines(text: string, file: string): void {
  forEachLine(text, (from, to, line) => {
    if (line > MAX_ROWS + 1) throw new BispikeError("data", `${file}: expected at most ${MAX_ROWS} rows, found more`);
    if (to - from > MAX_LINE) {
      throw new BispikeError(
        "data",
        `${file}: line ${line}: expected at most ${MAX_LINE} characters, found ${to - from}`,
      );
    }
  });
}

function forEachLine(text: string, visit: (from: number, to: number, line: number) => void): void {
  let from = 0;
  for (let line = 1; from <= text.length; line++) {
    const end = text.indexOf("\n", from);
    visit(from, end < 0 ? text.length : end, line);
    if (end < 0) return;
    from = end + 1;
  }
}

/** The delimiter of a text's first line that is not blank: a tab, else a semicolon, comma or bar, else blanks. */
export function guessDelimiter(text: string): Delimiter {
  const start = text.search(/\S/);
  const line = start < 0 ? "" : text.slice(start, start + MAX_LINE).split(/[\r\n]/, 1)[0]!;
  const plain = line.replace(/"[^"]*"/g, "");
  const found = (["\t", ";", ",", "|"] as const).find((delimiter) => plain.includes(delimiter));
  if (found !== undefined) return found;
  // A quoted cell may hold blanks, and blanks around a lone cell delimit nothing.
  return /\S\s+\S/.test(plain) && !line.includes('"') ? "whitespace" : ",";
}

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const MISSING = /^(?:|nan|na|n\/a|null|none)$/i;
const DATES = [
  // 2016-07-01, 2016/7/1 01:00, 2016-07-01T01:00:00Z
  /^\d{4}[-/]\d{1,2}[-/]\d{1,2}(?:[T ].*)?$/,
  // 1.7.2016, 01/07/16 1:00
  /^\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})(?:[T ].*)?$/,
  // 01:00, 01:00:00.5
  /^\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?$/,
];
const TIME_NAME = /^(?:|date|time|datetime|date_time|timestamp|index|unnamed: 0)$/i;

/** Whether a cell is a decimal number: digits with an optional sign, point and exponent, nothing else. */
function isNumber(cell: string): boolean {
  return NUMBER.test(cell);
}

/** Whether a cell stands for "missing": empty, NaN, NA, N/A, null, none, in any case. */
function isMissing(cell: string): boolean {
  return MISSING.test(cell);
}

/** Whether a cell is a date or a time of day. */
function isDate(cell: string): boolean {
  return DATES.some((pattern) => pattern.test(cell));
}

/** Whether a name is one that the first column has when it holds the rows' times: date, time, index, none, ... */
function isTimeName(name: string): boolean {
  return TIME_NAME.test(name);
}

/** How a CSV file is to be read. */
export interface CsvOptions {
  /** Default: the one that the first line has. */
  readonly delimiter?: Delimiter | undefined;
  /** Whether the first line holds names; default: whether it has cells that are no values. */
  readonly header?: boolean | undefined;
  /**
   * The column of the rows' times: its name, its place, or false for none. Default: the first column, if it is named
   * date, time, datetime, timestamp, index or nothing, or holds dates.
   */
  readonly timeColumn?: string | number | false | undefined;
  /** Names or places (without the time column) of the columns to read; others may hold anything. Default all. */
  readonly columns?: readonly (string | number)[] | undefined;
  /** Whether `columns` are those a net was trained on, for the message that one is missing. Default false. */
  readonly trained?: boolean | undefined;
}

/** Places of the columns in a record. */
interface Layout {
  readonly cells: number;
  readonly time: number | undefined;
  readonly places: readonly number[];
  readonly names: readonly string[];
}

interface TableRecord {
  readonly cells: readonly string[];
  readonly line: number;
}

/**
 * Reads a table; lines without any cell are passed over.
 *
 * @returns columns named by the header, or "0", "1", ... without one
 * @throws BispikeError "data" naming line and column for ragged records, cells that are no numbers, equal names, no
 *   rows, too many values, or a first line that may be names as well as values; "config" for an unknown column
 * @example
 * parseCsv(new TextEncoder().encode("date,a,b\n2016-07-01,1,2.5\n"), "x.csv");
 */
export function parseCsv(bytes: Uint8Array, file: string, options: CsvOptions = {}): RawSeries {
  const text = decodeUtf8(bytes, file);
  const table = new Table(file, options);
  forEachRecord(text, options.delimiter ?? guessDelimiter(text), file, (cells, line) => table.add({ cells, line }));
  return table.finish();
}

/** Collects rows; the first two records are kept back until they have shown what the columns are. */
class Table {
  readonly #file: string;
  readonly #options: CsvOptions;
  readonly #first: TableRecord[] = [];
  #layout: Layout | undefined;
  #values = new Float32Array(1024);
  #count = 0;
  readonly #lines: number[] = [];
  readonly #times: string[] = [];
  /** Lines of a one-column table that are empty: missing values, unless nothing follows. */
  #blank: number[] = [];

  constructor(file: string, options: CsvOptions) {
    this.#file = file;
    this.#options = options;
  }

  add({ cells, line }: TableRecord): void {
    const record = { cells: cells.map((cell) => cell.trim()), line };
    if (record.cells.length === 1 && record.cells[0] === "") {
      if (this.#first.length > 0) this.#blank.push(line);
      return;
    }
    if (this.#layout !== undefined) this.#row(this.#layout, record);
    else if (this.#first.push(record) === 2) this.#begin();
  }

  finish(): RawSeries {
    this.#blank = [];
    if (this.#layout === undefined) this.#begin();
    const { names, time } = this.#layout!;
    checkSize(this.#lines.length, names.length, this.#file);
    return {
      name: this.#file,
      columns: names,
      length: this.#lines.length,
      values: this.#values.slice(0, this.#count),
      times: time === undefined ? null : this.#times,
      lines: this.#lines,
    };
  }

  #begin(): void {
    const [first, second] = this.#first;
    if (first === undefined)
      throw new BispikeError("data", `${this.#file}: expected rows of values, the file is empty`);
    checkSize(1, first.cells.length, this.#file);
    const header = this.#options.header ?? isHeader(first, second, this.#file);
    const layout = layoutOf(header ? first : undefined, header ? second : first, this.#file, this.#options);
    this.#layout = layout;
    const blank = this.#blank;
    this.#blank = [];
    if (!header) this.#row(layout, first);
    this.#blank = blank;
    if (second !== undefined) this.#row(layout, second);
  }

  #row(layout: Layout, record: TableRecord): void {
    const blank = this.#blank;
    this.#blank = [];
    // A blank line separates rows of many cells, but in a table of one column it is a row whose value is missing.
    if (layout.cells === 1) for (const line of blank) this.#append(layout, { cells: [""], line });
    this.#append(layout, record);
  }

  #append({ cells: expected, time, places, names }: Layout, { cells, line }: TableRecord): void {
    const where = `${this.#file}: line ${line}`;
    if (cells.length !== expected) {
      throw new BispikeError(
        "data",
        `${where}: expected ${expected} cells as in the first line, found ${cells.length}`,
      );
    }
    this.#reserve(places.length);
    places.forEach((place, column) => {
      this.#values[this.#count++] = numberOf(cells[place]!, where, names[column]!);
    });
    this.#lines.push(line);
    if (time !== undefined) this.#times.push(cells[time]!);
  }

  #reserve(more: number): void {
    const needed = this.#count + more;
    if (needed > MAX_VALUES) checkSize(this.#lines.length + 1, more, this.#file);
    if (needed <= this.#values.length) return;
    const larger = new Float32Array(Math.min(MAX_VALUES, Math.max(needed, 2 * this.#values.length)));
    larger.set(this.#values);
    this.#values = larger;
  }
}

/** NaN for a missing value. */
function numberOf(cell: string, where: string, column: string): number {
  const value = isNumber(cell) ? Number(cell) : Number.NaN;
  if (Math.abs(value) <= MAX_FLOAT32 || isMissing(cell)) return value;
  const shown = JSON.stringify(cell.length > 40 ? `${cell.slice(0, 37)}...` : cell);
  const remedy = isNumber(cell)
    ? `; the largest magnitude is ${MAX_FLOAT32}`
    : isDate(cell)
      ? "; name the column of dates with data.timeColumn"
      : /^[+-]?\d+,\d+$/.test(cell)
        ? "; write decimals with a point"
        : "; leave the column out with data.columns, if it holds no numbers";
  throw new BispikeError(
    "data",
    `${where}, column ${JSON.stringify(column)}: expected a finite number, found ${shown}${remedy}`,
  );
}

/** Whether the first record holds names. */
function isHeader(first: TableRecord, second: TableRecord | undefined, file: string): boolean {
  const { cells } = first;
  if (cells.some((cell) => !isNumber(cell) && !isMissing(cell) && !isDate(cell))) return true;
  // Names above a column of dates.
  if (second !== undefined && isDate(second.cells[0]!) && !isDate(cells[0]!)) return true;
  // Sensors are often named by numbers: whole and different, above values that are not whole.
  const whole = cells.filter((cell) => cell !== "");
  const like = whole.length > 1 && whole.every((cell) => /^\d+$/.test(cell)) && new Set(whole).size === whole.length;
  if (like && second?.cells.some((cell) => isNumber(cell) && !/^[+-]?\d+$/.test(cell))) {
    throw new BispikeError(
      "data",
      `${file}: line ${first.line}: the whole numbers may be names of columns or values; say header: true or false`,
    );
  }
  return false;
}

function layoutOf(
  header: TableRecord | undefined,
  data: TableRecord | undefined,
  file: string,
  options: CsvOptions,
): Layout {
  const names = header?.cells ?? data!.cells.map((_, place) => String(place));
  const time = timePlace(names, header !== undefined, data, file, options.timeColumn);
  const valuePlaces = names.map((_, place) => place).filter((place) => place !== time);
  if (valuePlaces.length === 0) {
    throw new BispikeError("data", `${file}: expected a column of values beside that of times, found none`);
  }
  // Without a header, names count the columns of values.
  const valueNames = valuePlaces.map((place, index) => (header === undefined ? String(index) : names[place]!));
  checkNames(valueNames, header === undefined ? file : `${file}: line ${header.line}`);
  const chosen =
    options.columns === undefined
      ? valueNames.map((_, index) => index)
      : columnsOf(valueNames, options.columns, `${file}: ${options.trained ? COLUMNS_TRAINED : "columns"}`);
  return {
    cells: names.length,
    time,
    places: chosen.map((index) => valuePlaces[index]!),
    names: chosen.map((index) => valueNames[index]!),
  };
}

function timePlace(
  names: readonly string[],
  named: boolean,
  data: TableRecord | undefined,
  file: string,
  option: CsvOptions["timeColumn"],
): number | undefined {
  if (option === false) return undefined;
  if (option !== undefined) return columnsOf(names, [option], `${file}: timeColumn`)[0];
  const dated = data !== undefined && isDate(data.cells[0]!);
  return dated || (named && isTimeName(names[0]!)) ? 0 : undefined;
}

// Tables as CSV text (RFC 4180, with lines that end in LF): what `parseCsv` reads.

/**
 * @param rows cells of text, numbers, or null for none
 * @example
 * writeCsv(["row", "OT"], [[0, 13.25], [1, null]]); // "row,OT\n0,13.25\n1,\n"
 */
export function writeCsv(header: readonly string[], rows: Iterable<readonly (string | number | null)[]>): string {
  const lines = [header.map(quoted).join(",")];
  for (const row of rows) lines.push(row.map((cell) => (cell === null ? "" : quoted(String(cell)))).join(","));
  return `${lines.join("\n")}\n`;
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** Significant digits of a float32. */
const DIGITS = 7;
const MOST_DECIMALS = 20;

/**
 * Rounds a value that was standardised in float32 and restored to the decimals that outlast it, seven digits of the larger of mean and deviation: a 0 is a 0 again.
 *
 * @example
 * roundRestored(3.2304e-8, 2.1, 1.4); // 0
 * roundRestored(13.300000190734863, 13.3, 8.6); // 13.3
 */
export function roundRestored(value: number, mean: number, std: number): number {
  const whole = Math.floor(Math.log10(Math.max(Math.abs(mean), std))) + 1;
  const rounded = Number(value.toFixed(Math.min(MOST_DECIMALS, Math.max(0, DIGITS - whole))));
  return rounded === 0 ? 0 : rounded;
}

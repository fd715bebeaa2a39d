/**
 * Records of delimited text: RFC 4180 quotes for a delimiter of one character, or runs of blanks between plain cells.
 * One record at a time, so that a large table is never held as text cells.
 */
import Papa from "papaparse";
import { BispikeError } from "../../errors.ts";
import { MAX_ROWS } from "./series.ts";

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

/** Tables as text: what is read, and what is said, with line and column, of what is not. */
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gunzipBounded } from "../../src/data/inflate.ts";
import { type CsvOptions, parseCsv } from "../../src/data/sequence/csv.ts";
import { parseSeries } from "../../src/data/sequence/read-series.ts";
import { BispikeError } from "../../src/errors.ts";
import { bytesOf } from "../support/series-files.ts";

const parse = (text: string, options: CsvOptions = {}) => parseCsv(bytesOf(text), "x.csv", options);
const rowsOf = (text: string, options: CsvOptions = {}) => {
  const { columns, values, times, length } = parse(text, options);
  const rows = Array.from({ length }, (_, row) => [
    ...values.subarray(row * columns.length, (row + 1) * columns.length),
  ]);
  return { columns, rows, times };
};

describe("what is read", () => {
  it("names columns by the header, and takes a first column of dates as times", () => {
    expect(rowsOf("date,a,b\n2016-07-01 00:00:00,1,-2.5\n2016-07-01 01:00:00,3e2,.5\n")).toEqual({
      columns: ["a", "b"],
      rows: [
        [1, -2.5],
        [300, 0.5],
      ],
      times: ["2016-07-01 00:00:00", "2016-07-01 01:00:00"],
    });
  });

  it.each<[string, string, CsvOptions, string[], string[] | null]>([
    ["no header", "1,2\n3,4\n", {}, ["0", "1"], null],
    ["no header, dates", "1.7.2016,1.5,2\n2.7.2016,3,4\n", {}, ["0", "1"], ["1.7.2016", "2.7.2016"]],
    ["an index without a name", ",a,b\n0,1,2\n1,3,4\n", {}, ["a", "b"], ["0", "1"]],
    ["sensors named by numbers, with dates", ",7,8\n2012-03-01,1.5,2\n2012-03-02,3,4\n", {}, ["7", "8"], null],
    ["sensors named by numbers", "7,8\n1.5,2\n3,4\n", { header: true }, ["7", "8"], null],
    ["a named time column", "a,at,b\n1,x,2\n3,y,4\n", { timeColumn: "at" }, ["a", "b"], ["x", "y"]],
    ["a numbered time column", "1,2,9\n3,4,8\n", { timeColumn: 2 }, ["0", "1"], ["9", "8"]],
    ["an index that is a value", "index,a\n1,2\n3,4\n", { timeColumn: false }, ["index", "a"], null],
    ["tabs", "a\tb\n1\t2\n3\t4", {}, ["a", "b"], null],
    ["semicolons", "a;b\r\n1;2\r\n3;4\r\n", {}, ["a", "b"], null],
    ["blanks", "  1.0   2.0\n  3.0\t4.0  \n", {}, ["0", "1"], null],
    ["quotes", '"a, ""x""","b"\n"1",2\n3,"4"\n', {}, ['a, "x"', "b"], null],
    ["blank lines", "a,b\n\n1,2\n\n3,4\n\n\n", {}, ["a", "b"], null],
    ["a byte order mark", "\uFEFFa,b\n1,2\n3,4", {}, ["a", "b"], null],
    ["CR", "a,b\r1,2\r3,4\r", {}, ["a", "b"], null],
  ])("%s", (_, text, options, columns, times) => {
    const read = rowsOf(text, options);
    expect(read.columns).toEqual(columns);
    if (times !== null) expect(read.times).toEqual(times);
    const first = text.includes("1.5") ? 1.5 : 1;
    expect(read.rows).toEqual([
      [first, 2],
      [3, 4],
    ]);
  });

  it("reads only the chosen columns, in the order given, whatever is in the others", () => {
    const text = "date,a,wind,b\n2016-07-01,1,NW,2\n2016-07-02,3,SE,4\n";
    expect(rowsOf(text, { columns: ["b", 0] })).toMatchObject({
      columns: ["b", "a"],
      rows: [
        [2, 1],
        [4, 3],
      ],
    });
    expect(() => parse(text)).toThrow(
      'x.csv: line 2, column "wind": expected a finite number, found "NW"; leave the column out',
    );
  });

  it("marks missing values, in a table of one column an empty line too", () => {
    expect(rowsOf("a,b\n,nan\nNA,N/A\n1,null\n").rows).toEqual([
      [Number.NaN, Number.NaN],
      [Number.NaN, Number.NaN],
      [1, Number.NaN],
    ]);
    const one = parse("a\n\n1\n\n\n2\n\n");
    expect([...one.values]).toEqual([Number.NaN, 1, Number.NaN, Number.NaN, 2]);
    expect(one.lines).toEqual([2, 3, 4, 5, 6]);
    expect([...parse("1\n\n2\n").values]).toEqual([1, Number.NaN, 2]);
  });

  it("takes repeated whole numbers in the first line for values, as names must differ", () => {
    expect(rowsOf("7,7\n1.5,2\n").rows).toEqual([
      [7, 7],
      [1.5, 2],
    ]);
  });

  it("counts the lines inside quotes", () => {
    expect(parse('"a\nb",c\n1,2\n"3\n",4\n5,6\n').lines).toEqual([3, 4, 6]);
  });

  it("gives every value back, whatever the delimiter, line ends and quotes", () => {
    const value = fc.double({ noNaN: true, noDefaultInfinity: true, min: -3e38, max: 3e38 }).map(Math.fround);
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 5 })
          .chain((width) =>
            fc.array(fc.array(value, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }),
          ),
        fc.constantFrom(",", ";", "\t", "|", "whitespace") as fc.Arbitrary<"," | "whitespace">,
        fc.constantFrom("\n", "\r\n", "\r"),
        fc.boolean(),
        (rows, delimiter, newline, quoted) => {
          const between = delimiter === "whitespace" ? "  " : delimiter;
          const cell = (text: string): string => (quoted && delimiter !== "whitespace" ? `"${text}"` : text);
          const names = rows[0]!.map((_, index) => `c${index}`);
          const lines = [names, ...rows.map((row) => row.map(String))].map((row) => row.map(cell).join(between));
          const read = rowsOf(lines.join(newline), { delimiter });
          expect(read.columns).toEqual(names);
          // -0 is written "0".
          expect(read.rows.flat().map((x) => x + 0)).toEqual(rows.flat().map((x) => x + 0));
        },
      ),
    );
  });
});

describe("what is refused", () => {
  it.each([
    ["", {}, "x.csv: expected rows of values, the file is empty"],
    ["\n \n", {}, "x.csv: expected rows of values, the file is empty"],
    ["a,b\n", {}, "x.csv: expected rows of values, found none"],
    ["a,b\n1,2\n3\n", {}, "x.csv: line 3: expected 2 cells as in the first line, found 1"],
    ["a,b\n1,2\n\n3,4,5\n", {}, "x.csv: line 4: expected 2 cells as in the first line, found 3"],
    ["a,b\n1,2\n3,inf\n", {}, 'x.csv: line 3, column "b": expected a finite number, found "inf"'],
    ["a,b\n1,2\n-Infinity,3\n", {}, 'x.csv: line 3, column "a": expected a finite number, found "-Infinity"'],
    ["a,b\n1,2\n3,1e39\n", {}, 'found "1e39"; the largest magnitude is'],
    ["a,b\n1,2\n3,0x10\n", {}, 'found "0x10"'],
    ["a,b\n1,2\n3,1_000\n", {}, 'found "1_000"'],
    ["a;b\n1;2\n3;4,5\n", {}, 'column "b": expected a finite number, found "4,5"; write decimals with a point'],
    ["a,b\n1,2016-07-01\n", {}, "name the column of dates with data.timeColumn"],
    ["a,b,a\n1,2,3\n", {}, 'x.csv: line 1: value columns 1 and 3 are both named "a"'],
    ["a,,b\n1,2,3\n", {}, "x.csv: line 1: value column 2 has no name"],
    [`${",".repeat(70_000)}\n`, {}, "x.csv: expected at most 16777216 rows, 65536 columns"],
    ["\r".repeat(2 ** 24 + 1), {}, "x.csv: expected at most 16777216 rows, found more"],
    ["\n".repeat(2 ** 24 + 3), {}, "x.csv: expected at most 16777216 rows, found more"],
    [`a\n${" ".repeat(2 ** 24 + 1)}\n`, {}, "x.csv: line 2: expected at most 16777216 characters, found 16777217"],
    ["date\n2016-07-01\n", {}, "expected a column of values beside that of times"],
    ["7,8\n1.5,2\n", {}, "line 1: the whole numbers may be names of columns or values; say header: true or false"],
    ['a,b\n1,"2\n', {}, "x.csv: line 2: Quoted field unterminated"],
    ['a,b\n1,"2"3\n', {}, "x.csv: line 2: Trailing quote on quoted field is malformed"],
    ["a,b\n1,2\n", { columns: ["c"] }, 'x.csv: columns: there is no column "c"; there are "a", "b"'],
    ["a,b\n1,2\n", { timeColumn: "c" }, 'x.csv: timeColumn: there is no column "c"; there are "a", "b"'],
    [`a\n${"9".repeat(400)}\n`, {}, `found "${"9".repeat(37)}..."`],
  ])("%#", (text, options, message) => {
    expect(() => parse(text, options)).toThrow(message);
    expect(() => parse(text, options)).toThrow(BispikeError);
  });

  it("names the byte that is no UTF-8", () => {
    expect(() => parseCsv(Uint8Array.of(0x61, 0x0a, 0xe9, 0x0a), "x.csv")).toThrow(/byte 2 \(0xe9\)/);
  });
});

describe("files by their ending", () => {
  it("reads .tsv with tabs only, and compressed tables", async () => {
    expect((await parseSeries(bytesOf("a,b\tc\n1\t2\n"), "x.tsv")).columns).toEqual(["a,b", "c"]);
    const two = new Uint8Array(Buffer.concat([gzipSync("a,b\n1,"), gzipSync("2\n")]));
    expect([...(await parseSeries(two, "x.csv.gz")).values]).toEqual([1, 2]);
  });

  it("refuses a .gz that decompresses to more than it may", () => {
    const bytes = new Uint8Array(gzipSync(new Uint8Array(1000)));
    expect(gunzipBounded(bytes, 1000, "x.gz")).toHaveLength(1000);
    expect(() => gunzipBounded(bytes, 999, "x.gz")).toThrow(
      /x.gz: decompresses to more than the 999 bytes it may have/,
    );
  });

  it("refuses a damaged or truncated .gz", async () => {
    const bytes = new Uint8Array(gzipSync("a,b\n1,2\n"));
    const damaged = bytes.slice();
    damaged[damaged.length - 6]! ^= 1;
    await expect(parseSeries(damaged, "x.txt.gz")).rejects.toThrow(/x.txt.gz: the gzip file is damaged/);
    await expect(parseSeries(bytes.slice(0, -3), "x.txt.gz")).rejects.toThrow(BispikeError);
    await expect(parseSeries(bytesOf("a,b\n1,2\n"), "x.txt.gz")).rejects.toThrow(/the gzip file is damaged/);
  });

  it("refuses other endings, and options of other formats", async () => {
    await expect(parseSeries(bytesOf(""), "x.xlsx")).rejects.toThrow(/x.xlsx: expected a series in a file ending with/);
    await expect(parseSeries(bytesOf("1\n"), "x.csv", { key: "a" })).rejects.toThrow(/key: .* it is for npz, h5/);
    await expect(parseSeries(bytesOf("1\n"), "x.npy", { header: true })).rejects.toThrow(/header: .* it is for table/);
  });
});

/** Loading a sequence: what comes back, what is remembered of it, and which requests are refused. */
import { createHash } from "node:crypto";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { assembleSequence } from "../../src/data/sequence/assemble.ts";
import { loadSequence, type SequenceRequest } from "../../src/data/sequence/load.ts";
import { restore } from "../../src/data/sequence/series.ts";
import { type SeriesSummary, targetStatistics } from "../../src/data/sequence/task.ts";
import { decode } from "../../src/data/sequence/text.ts";
import { BispikeError } from "../../src/errors.ts";
import { temporaryFolders } from "../support/folder.ts";
import { bytesOf, hdf5File, npyFile } from "../support/series-files.ts";

const makeFolder = temporaryFolders();

function fileOf(name: string, content: string | Uint8Array): string {
  const path = join(makeFolder(), name);
  writeFileSync(path, content);
  return path;
}

/** Rows of a slope, a wave and their sum. */
function table(rows: number, from = 0): string {
  const line = (n: number): string => `2020-01-01 00:${n},${n},${(n * 7) % 11},${n + ((n * 7) % 11)}`;
  return `date,slope,wave,sum\n${Array.from({ length: rows }, (_, n) => line(from + n)).join("\n")}\n`;
}

describe("a text", () => {
  it("comes with windows that do not overlap, its alphabet, and the file's checksum", async () => {
    const text = "abcde fghij klmno\r\n".repeat(10);
    const path = fileOf("story.txt", text);
    const { set, windows, about, times } = await loadSequence({ text: path, task: "next", window: 4, newline: "lf" });
    expect(set.name).toBe("story");
    expect(times).toBeNull();
    expect(about).toEqual({
      kind: "text",
      task: "next",
      name: "story",
      length: 180,
      alphabet: ["\n", " ", ..."abcdefghijklmno"],
      newline: "lf",
      window: 4,
      stride: 4,
      parts: { train: { from: 0, to: 129 }, validation: { from: 130, to: 143 }, test: { from: 144, to: 179 } },
      provenance: [
        {
          file: "story.txt",
          bytes: text.length,
          sha256: createHash("sha256").update(text).digest("hex"),
          verified: "unknown",
        },
      ],
    });
    expect([windows.train.length, windows.validation.length, windows.test.length]).toEqual([32, 3, 8]);
    expect([...windows.validation]).toEqual([130, 134, 138]);
    expect(JSON.parse(JSON.stringify(about))).toEqual(about);
  });

  it("is read in the terms of a former one", async () => {
    const { about } = await loadSequence({ text: fileOf("a.txt", "abc \n".repeat(40)), task: "next", window: 4 });
    const path = fileOf("b.txt", "cab\u00e9 bca");
    const request = { text: path, task: "next", window: 4, like: about, trainPart: 0 } as const;
    await expect(loadSequence(request)).rejects.toThrow(/b.txt: line 1, column 4: "é" \(U\+00E9\)/);
    const { set, windows } = await loadSequence({ ...request, unknown: "skip" });
    if (set.inputs.kind !== "symbols") throw new Error("expected symbols");
    expect(decode(set.inputs.symbols, ["\n", " ", "a", "b", "c"])).toBe("cab bca");
    expect([...windows.test]).toEqual([0]);
  });

  it("has its line ends read as a former one's were", async () => {
    const former = await loadSequence({
      text: fileOf("lf.txt", "ab\r\n".repeat(40)),
      task: "next",
      window: 4,
      newline: "lf",
    });
    const like = { task: "next", window: 4, like: former.about, trainPart: 0 } as const;
    const { set } = await loadSequence({ text: fileOf("crlf.txt", "b\r\na\rbb"), ...like });
    if (set.inputs.kind !== "symbols") throw new Error("expected symbols");
    expect(decode(set.inputs.symbols, ["\n", "a", "b"])).toBe("b\na\nbb");
  });

  it("may be compressed, and cut to its first characters", async () => {
    const path = fileOf("a.txt.gz", gzipSync("\u{1F600}b".repeat(500)));
    const { about } = await loadSequence({ text: path, task: "next", window: 2, limit: 101 });
    expect([about.name, about.length]).toEqual(["a", 101]);
  });
});

describe("a series", () => {
  it("comes with overlapping windows, statistics that lead back, and times", async () => {
    const path = fileOf("made.csv", table(100));
    const { set, windows, about, times } = await loadSequence({
      series: path,
      task: "forecast",
      horizon: 2,
      window: 3,
    });
    expect(about).toMatchObject({
      kind: "series",
      task: "forecast",
      name: "made",
      columns: ["slope", "wave", "sum"],
      inputs: ["slope", "wave", "sum"],
      targets: ["sum"],
      horizon: 2,
      standardise: "train",
      constant: [],
      filled: 0,
      span: ["2020-01-01 00:0", "2020-01-01 00:99"],
      parts: { train: { from: 0, to: 70 }, validation: { from: 72, to: 78 }, test: { from: 80, to: 98 } },
    });
    expect(times).toHaveLength(100);
    expect([...windows.validation]).toEqual([72, 73, 74, 75]);
    const { mean, std } = targetStatistics(about as SeriesSummary);
    if (set.targets.kind !== "values") throw new Error("expected values");
    const sums = restore(set.targets.values, mean, std);
    sums.forEach((sum, n) => {
      expect(sum).toBeCloseTo(n + 2 + ((7 * (n + 2)) % 11), 4);
    });
  });

  it("is standardised as a former one, whatever its own mean", async () => {
    const former = await loadSequence({
      series: fileOf("a.csv", table(50)),
      task: "regression",
      targets: ["slope"],
      columns: ["slope", "wave"],
      window: 3,
    });
    const path = fileOf("b.csv", table(9, 100));
    const now = await loadSequence({ series: path, task: "regression", like: former.about, trainPart: 0, window: 3 });
    expect(now.about).toMatchObject({ columns: ["slope", "wave"], targets: ["slope"] });
    const { mean, std } = targetStatistics(former.about as SeriesSummary);
    if (now.set.targets.kind !== "values") throw new Error("expected values");
    expect(restore(now.set.targets.values, mean, std)[8]).toBeCloseTo(108, 3);
    expect(now.windows.test).toHaveLength(7);
  });

  it("is forecast as far ahead as a former one", async () => {
    const ahead = { task: "forecast", horizon: 3, window: 3 } as const;
    const former = await loadSequence({ series: fileOf("a.csv", table(100)), targets: ["slope"], ...ahead });
    const like = { task: "forecast", like: former.about, trainPart: 0, window: 3 } as const;
    const { set, about } = await loadSequence({ series: fileOf("b.csv", table(20, 100)), ...like });
    expect(about).toMatchObject({ horizon: 3, targets: ["slope"], parts: { test: { from: 0, to: 17 } } });
    const { mean, std } = targetStatistics(former.about as SeriesSummary);
    if (set.targets.kind !== "values") throw new Error("expected values");
    // The slope grows by 1 a row, from 100 on.
    expect(restore(set.targets.values, mean, std)[0]).toBeCloseTo(103, 3);
  });

  it("is the same from every format", async () => {
    const rows = 40;
    const values = Array.from({ length: rows * 2 }, (_, at) => Math.fround(Math.sin(at)));
    const text = Array.from({ length: rows }, (_, row) => `${values[2 * row]} ${values[2 * row + 1]}`).join("\n");
    const blocks = [{ items: ["0", "1"], values: Float64Array.from(values) }];
    const times = Array.from({ length: rows }, (_, row) => BigInt(row));
    const files: Readonly<Record<string, Uint8Array>> = {
      "a.txt": bytesOf(text),
      "a.npy": npyFile([rows, 2], values),
      "a.h5": await hdf5File({ df: { columns: ["0", "1"], times, blocks } }),
    };
    const sets = await Promise.all(
      Object.entries(files).map(async ([name, bytes]) => {
        const { set } = await assembleSequence(bytes, name, { task: "regression", columns: [1, "0"], window: 2 });
        return set;
      }),
    );
    expect(sets[0]?.inputs.kind).toBe("values");
    expect(sets[1]).toEqual(sets[0]);
    expect(sets[2]).toEqual(sets[0]);
  });

  it("may be cut to its first rows", async () => {
    const series = fileOf("a.csv", table(100));
    const { set, about, times } = await loadSequence({ series, task: "regression", window: 2, limit: 50 });
    const whole = await loadSequence({ series: fileOf("a.csv", table(50)), task: "regression", window: 2 });
    expect([about.length, times?.length]).toEqual([50, 50]);
    expect(set).toEqual(whole.set);
    expect((about as SeriesSummary).mean).toEqual((whole.about as SeriesSummary).mean);
  });

  it("refuses a missing value only in the rows it keeps", async () => {
    const rows = Array.from({ length: 60 }, (_, n) => `${n},${n < 50 ? n * n : ""}`);
    const request = { series: fileOf("a.csv", `a,b\n${rows.join("\n")}`), task: "regression", window: 2 } as const;
    expect((await loadSequence({ ...request, limit: 50 })).about.length).toBe(50);
    await expect(loadSequence(request)).rejects.toThrow(/row 50 \(line 52\), column "b": the value is missing/);
  });

  it("says how many values it filled, and reports constant columns", async () => {
    const lines = ["a,b", ...Array.from({ length: 40 }, (_, n) => `5,${n % 4 === 1 ? 0 : n}`)];
    const request = { series: fileOf("a.csv", lines.join("\n")), task: "regression", window: 2, missing: 0 } as const;
    await expect(loadSequence(request)).rejects.toThrow(
      /row 0 \(line 2\), column "b": the value is missing, the first of 11/,
    );
    const { about } = await loadSequence({ ...request, fill: "previous" });
    expect(about).toMatchObject({ filled: 11, fill: "previous", constant: ["a"] });
  });
});

describe("requests that are refused", () => {
  const series = "a.csv";
  const text = "alice";
  it.each<[object, RegExp, string]>([
    [{ task: "next" }, /expected text \(a name or a path\) or series \(a path\), got neither or both/, "config"],
    [{ text, series, task: "next" }, /got neither or both/, "config"],
    [{ series, task: "next" }, /task: expected "regression" or "forecast" for a series, got "next"/, "config"],
    [{ text, task: "forecast" }, /task: expected "next" for a text, got "forecast"/, "config"],
    [{ series }, /task: expected one of "next", "regression", "forecast", got nothing/, "config"],
    [{ text, task: "next", horizn: 3 }, /horizn: expected one of the options .*, got an unknown key/, "config"],
    [{ text, task: "next", horizon: 3 }, /horizon: expected an option of task next/, "config"],
    [{ text, task: "next", window: 0 }, /window: expected a whole number from 1, got 0/, "config"],
    [{ text, task: "next", newline: "crlf" }, /newline: expected one of "keep", "lf", got crlf/, "config"],
    [{ text, task: "next", validation: 2 }, /validation: expected a fraction from 0 to below 1, got 2/, "config"],
    [
      { text, task: "next", limit: 100 },
      /part validation: expected 32 positions or more for a window, found 7/,
      "data",
    ],
    [{ text: "src", task: "next" }, /src: expected a file, got a folder; check data\.text/, "data"],
    [{ text: "none.txt", task: "next" }, /none.txt: there is no such file or folder; check data\.text/, "data"],
  ])("%j", async (request, message, code) => {
    const failed = loadSequence(request as unknown as SequenceRequest);
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toBeInstanceOf(BispikeError);
    await expect(failed).rejects.toHaveProperty("code", code);
  });

  it("refuses a file above 1 GiB without reading it, an empty one, and one with too few rows", async () => {
    const path = fileOf("large.csv", "");
    truncateSync(path, 2 ** 30 + 1);
    await expect(loadSequence({ series: path, task: "regression" })).rejects.toThrow(
      /expected at most 1073741824 bytes/,
    );
    await expect(loadSequence({ text: fileOf("e.txt", ""), task: "next" })).rejects.toThrow(/the file is empty/);
    await expect(loadSequence({ series: fileOf("s.csv", table(9)), task: "regression" })).rejects.toThrow(
      /part train: expected 32 positions or more for a window, found 7; give more data, or choose a smaller window/,
    );
  });

  it("refuses what a former summary brings along beside it, or of another task", async () => {
    const { about } = await loadSequence({ series: fileOf("a.csv", table(50)), task: "regression", window: 3 });
    const path = fileOf("b.csv", table(50));
    const request = { series: path, task: "regression", window: 3, like: about } as const;
    await expect(loadSequence({ ...request, targets: ["sum"] })).rejects.toThrow(
      /targets: expected no value beside like/,
    );
    await expect(loadSequence({ ...request, task: "forecast" })).rejects.toThrow(
      /like: expected a summary of task forecast, got one of task regression/,
    );
  });
});

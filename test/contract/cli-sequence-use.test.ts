/** What a person does with a trained sequence net: text from a prompt, predictions of a series, stimuli reconstructed from targets; and messages that help. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSequence } from "../../src/node/open.ts";
import { jsonLines, runCli } from "../support/cli.ts";
import { expectRefusal, expectRefusalHere } from "../support/refusal.ts";
import { smallSeries, smallText } from "../support/small-sequence-run.ts";

const TRAIN = "train: { epochs: 15, batch: 8, learningRate: 0.01, threads: 1 }\n";
const NET = "network: { hidden: [48], steps: 4 }\n";
const EXPERIMENTS = {
  words: `name: words\ntask: next-character\ndata: { text: words.txt, window: 16 }\n${NET}${TRAIN}`,
  waves: `name: waves\ntask: forecast\ndata: { series: waves.csv, targets: [OT, a], horizon: 3, window: 6 }\n${NET}${TRAIN}`,
  sums: `name: sums\ntask: regression\nrule: { name: dll }\ndata: { series: waves.csv, window: 6 }\n${NET}${TRAIN}`,
};
const ROWS = 240;
const WORDS = 800;

let cwd: string;
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "bispike-"));
  writeFileSync(join(cwd, "words.txt"), smallText(WORDS));
  writeFileSync(join(cwd, "waves.csv"), smallSeries(ROWS));
  for (const [name, text] of Object.entries(EXPERIMENTS)) {
    writeFileSync(join(cwd, `${name}.yaml`), text);
    const { code, stderr } = await runCli(["train", `${name}.yaml`, "--out", name, "--quiet"], cwd);
    expect([code, stderr]).toEqual([0, ""]);
  }
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const run = async (...args: string[]) => {
  const result = await runCli(args, cwd);
  expect([result.code, result.stderr]).toEqual([0, ""]);
  return result.stdout;
};
const json = async (...args: string[]) => jsonLines(await run(...args, "--json"))[0]!;
const table = (file: string) =>
  readFileSync(join(cwd, file), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => line.split(","));
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("bispike generate", () => {
  const prompt = ["--prompt", "abba cab "];

  it("goes on from the prompt; the same seed gives the same text, whatever the threads, and another seed another", async () => {
    const text = await run("generate", "words", ...prompt, "--length", "60", "--seed", "3");
    expect(text).toMatch(/^abba cab [abck ]{60}\n$/);
    expect(await run("generate", "words", ...prompt, "--length", "60", "--seed", "3", "--threads", "2")).toBe(text);
    const other = await json("generate", "words", ...prompt, "--length", "60", "--seed", "4");
    expect(other).toMatchObject({
      prompt: "abba cab ",
      length: 60,
      seed: 4,
      temperature: 1,
      checkpoint: "words/best.safetensors",
    });
    expect(`abba cab ${other.text}\n`).not.toBe(text);
    // A longer text begins with the shorter one.
    const longer = await json("generate", "words", ...prompt, "--length", "90", "--seed", "3");
    expect(`abba cab ${longer.text}`.startsWith(text.trimEnd())).toBe(true);
  });

  it("writes words it has learned, greedily or cold; hot text is noise", async () => {
    const known = new Set(smallText(WORDS).split(" "));
    const share = async (...how: string[]) => {
      const { text } = await json("generate", "words", ...prompt, "--length", "300", ...how);
      const words = (text as string).split(" ").slice(0, -1);
      return words.filter((word) => known.has(word)).length / words.length;
    };
    const cold = await share("--temperature", "0.2");
    expect(cold).toBeGreaterThan(0.7);
    expect(await share("--temperature", "50")).toBeLessThan(cold / 2);
    const greedy = await json("generate", "words", ...prompt, "--length", "40", "--greedy");
    expect(greedy).toMatchObject({ greedy: true, text: expect.stringMatching(/^[abck ]{40}$/) });
    expect(greedy).not.toHaveProperty("seed");
  });

  it("starts without a prompt, from a space where the text has no line ends, and writes to a file as a whole", async () => {
    const without = await json("generate", "words", "--length", "30", "--seed", "2");
    const space = await json("generate", "words", "--prompt", " ", "--length", "30", "--seed", "2");
    expect([without.prompt, without.text]).toEqual(["", space.text]);
    const said = await run("generate", "words", ...prompt, "--length", "30", "--out", "text.txt");
    expect(said).toBe("text.txt: 30 characters after the prompt\n");
    expect(readFileSync(join(cwd, "text.txt"), "utf8")).toMatch(/^abba cab [abck ]{30}$/);
  });

  it("names an unknown character and its place, or does with it what it is told", async () => {
    const unknown = ["generate", "words", "--prompt", "ab\nbé"];
    await expectRefusal(unknown, cwd, 1, /--prompt: line 1, column 3: "\\n" \(U\+000A\) is not among the 5 characters/);
    await expectRefusal(["generate", "words", "--prompt", "abé"], cwd, 1, /line 1, column 3: "é" \(U\+00E9\)/);
    await expectRefusal(
      [...unknown, "--unknown", "zz"],
      cwd,
      2,
      /--unknown: expected error, skip, or one character .*"zz"/,
    );
    await expectRefusalHere(unknown, cwd, 1, /; --unknown skip leaves such characters out, --unknown CHARACTER puts /);
    writeFileSync(join(cwd, "accent.txt"), "abba café ".repeat(90));
    const other = ["words", "--data.text", "accent.txt"];
    await expectRefusalHere(["eval", ...other], cwd, 1, /"f" \(U\+0066\) is not .*; --data\.unknown skip leaves such/);
    // Which has no such option.
    await expectRefusalHere(
      ["recall", ...other],
      cwd,
      1,
      /"f" \(U\+0066\) is not among the 5 characters of the alphabet\n/,
    );
    const skipped = await runCli([...unknown, "--unknown", "skip", "--json"], cwd);
    expect(skipped.stderr).toBe('bispike: note: the prompt as the net sees it: "abb"\n');
    const replaced = await runCli([...unknown, "--unknown", " ", "--json"], cwd);
    expect(jsonLines(replaced.stdout)[0]).toMatchObject({ prompt: "ab b " });
    expect(jsonLines(skipped.stdout)[0]).toMatchObject({
      text: (await json("generate", "words", "--prompt", "abb")).text,
    });
  });

  it("refuses runs of values, options that exclude each other, and a file it cannot write, before any work", async () => {
    await expectRefusal(
      ["generate", "waves"],
      cwd,
      1,
      /waves\/best\.safetensors: expected a run of task next-character, got forecast/,
    );
    await expectRefusal(["generate", "nowhere"], cwd, 1, /nowhere: no such file or folder/);
    await expectRefusal(
      ["generate", "words", "--greedy", "--seed", "1"],
      cwd,
      2,
      /--seed and --greedy exclude each other/,
    );
    await expectRefusal(["generate", "words", "--out", "no/x.txt"], cwd, 2, /--out no\/x\.txt: there is no folder no/);
    for (const wrong of [
      ["--temperature", "0"],
      ["--length", "0"],
      ["--length", "1.5"],
      ["--seed", "-1"],
    ])
      expect((await runCli(["generate", "words", ...wrong], cwd)).code).toBe(2);
  });
});

describe("bispike forecast", () => {
  it("writes truth and prediction of the test part and of the rows beyond the end; the errors are those of the CSV", async () => {
    const figures = await json("forecast", "waves", "--out", "f.csv", "--plot", "f.svg");
    const [header, ...rows] = table("f.csv");
    expect(header).toEqual(["row", "time", "OT", "OT predicted", "a", "a predicted"]);
    // 240 rows, the last fifth tested, each position's target 3 rows later: rows 195 to 242.
    expect(rows.map(([row]) => Number(row))).toEqual(Array.from({ length: 48 }, (_, k) => 195 + k));
    expect(figures).toMatchObject({
      rows: 48,
      known: 45,
      beyond: 3,
      horizon: 3,
      part: "test",
      out: "f.csv",
      plot: "f.svg",
    });
    const source = table("waves.csv").slice(1);
    for (const [row, time, sum, , a] of rows) {
      const at = source[Number(row)];
      if (at) expect([time, Number(sum), Number(a)]).toEqual([at[0], Number(at[3]), Number(at[1])]);
      else expect([time, sum, a]).toEqual(["", "", ""]);
    }
    const known = rows.slice(0, 45);
    const { targets } = figures as {
      targets: { name: string; original: { mse: number; mae: number; rmse: number } }[];
    };
    for (const [k, { original }] of targets.entries()) {
      const errors = known.map((cells) => Number(cells[3 + 2 * k]) - Number(cells[2 + 2 * k]));
      expect(original.mse).toBeCloseTo(mean(errors.map((e) => e * e)), 4);
      expect(original.mae).toBeCloseTo(mean(errors.map(Math.abs)), 4);
      expect(original.rmse).toBeCloseTo(Math.sqrt(original.mse), 6);
    }
    expect(targets.map(({ name }) => name)).toEqual(["OT", "a"]);
    // The waves are easily learned: far better than their mean, whose error is 1.
    expect(figures.mse).toBeLessThan(0.5);
    expect(readFileSync(join(cwd, "f.svg"), "utf8")).toMatch(/^<svg .*<\/svg>\n$/s);
  });

  it("predicts what the library's net does on the same rows as one window", async () => {
    const { learner, checkpoint, team } = await openSequence(join(cwd, "sums"), 1);
    const { data } = checkpoint;
    if (data.kind !== "series") throw new Error("expected a series");
    const source = table("waves.csv").slice(1, 7);
    writeFileSync(join(cwd, "six.csv"), `date,a,b,OT\n${source.map((cells) => cells.join(",")).join("\n")}\n`);
    const values = Float32Array.from(
      source.flatMap(([, a, b]) => [Number(a), Number(b)].map((x, d) => (x - data.mean[d]!) / data.std[d]!)),
    );
    const all = { from: 0, to: 6 };
    const set = {
      name: "six",
      inputs: { kind: "values", width: 2, values } as const,
      targets: { kind: "values", width: 1, values: new Float32Array(6) } as const,
      parts: { train: all, validation: all, test: all },
    };
    learner.load(set, Int32Array.of(0), 0, 1);
    const { view, stride } = learner.predict();
    const wanted = source.map((_, n) => view[n * stride]! * data.std[2]! + data.mean[2]!);
    await team.close();
    await runCli(["forecast", "sums", "--data", "six.csv", "--out", "six-out.csv"], cwd);
    const said = table("six-out.csv")
      .slice(1)
      .map((cells) => Number(cells[3]));
    expect(said).toHaveLength(6);
    for (const [n, value] of said.entries()) expect(value).toBeCloseTo(wanted[n]!, 4);
  });

  it("takes another series with the same columns, all of it or a part, in any order and beside others", async () => {
    const moved = table("waves.csv").map(([date, a, b, sum]) => [date, sum, "9", b, a].join(","));
    moved[0] = "date,OT,extra,b,a";
    writeFileSync(join(cwd, "moved.csv"), `${moved.join("\n")}\n`);
    const own = await run("forecast", "waves", "--part", "heldout", "--out", "own.csv");
    expect(own).toMatch(/^OT +[\d.]+ +[\d.]+/m);
    const other = await runCli(
      ["forecast", "waves", "--data", "moved.csv", "--part", "heldout", "--out", "other.csv"],
      cwd,
    );
    expect(other.stderr).toMatch(/^bispike: note: moved\.csv is not the file that was trained on[^\n]*\n$/);
    expect(readFileSync(join(cwd, "other.csv"), "utf8")).toBe(readFileSync(join(cwd, "own.csv"), "utf8"));
    await runCli(["forecast", "waves", "--data", "moved.csv", "--out", "all.csv"], cwd);
    expect(
      table("all.csv")
        .slice(1)
        .map(([row]) => Number(row)),
    ).toEqual(Array.from({ length: ROWS }, (_, k) => k + 3));
  });

  it("names what is wrong with a series, in one line, and leaves no file behind", async () => {
    const lines = smallSeries(20).split("\n");
    const files = {
      "nan.csv": lines.map((line, n) => (n === 5 ? line.replace(/,[^,]*$/, ",NaN") : line)).join("\n"),
      "text.csv": lines.map((line, n) => (n === 5 ? line.replace(/,[^,]*$/, ",much") : line)).join("\n"),
      "ragged.csv": lines.map((line, n) => (n === 5 ? `${line},1` : line)).join("\n"),
      "columns.csv": ["date,a,c,OT", ...lines.slice(1)].join("\n"),
      "short.csv": lines.slice(0, 6).join("\n"),
      "empty.csv": "",
    };
    mkdirSync(join(cwd, "bad"));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, "bad", name), text);
    const cases: [string, 1 | 2, RegExp][] = [
      ["nan.csv", 1, /nan\.csv: .*row 4 \(line 6\), column "OT"/],
      ["text.csv", 1, /text\.csv: .*line 6.*much/],
      ["ragged.csv", 1, /ragged\.csv: .*line 6/],
      [
        "columns.csv",
        2,
        /columns\.csv: columns that the net was trained on: there is no column "b"; there are "a", "c", "OT"/,
      ],
      [
        "short.csv",
        1,
        /short\.csv: expected 6 positions or more for a window, found 2 \(a position has its target 3 rows later\); give more data$/m,
      ],
      ["empty.csv", 1, /empty\.csv: .*empty/],
      ["missing.csv", 1, /missing\.csv: .*no such file/],
    ];
    const before = readdirSync(cwd).sort();
    for (const [name, code, message] of cases)
      await expectRefusal(
        ["forecast", "waves", "--data", `bad/${name}`, "--out", "x.csv", "--plot", "x.svg"],
        cwd,
        code,
        message,
      );
    await expectRefusal(
      ["forecast", "waves", "--out", "x.csv", "--plot", "x.pdf"],
      cwd,
      2,
      /--plot x\.pdf: .*\.svg or \.png/,
    );
    await expectRefusal(["forecast", "waves", "--out", "x.csv", "--plot", "no/x.svg"], cwd, 2, /there is no folder no/);
    await expectRefusal(
      ["forecast", "waves", "--out", "bad"],
      cwd,
      2,
      /--out bad: expected a file, but it is a folder/,
    );
    await expectRefusal(
      ["forecast", "words", "--out", "x.csv"],
      cwd,
      1,
      /expected a run of task regression or forecast, got next-character/,
    );
    expect(readdirSync(cwd).sort()).toEqual(before);
  });
});

describe("bispike recall of sequences", () => {
  it("shows the stimulus and what recall reconstructs of it from the targets, better than chance", async () => {
    const found = await json("recall", "words", "--index", "2");
    const text = smallText(WORDS);
    const from = Math.floor(0.8 * text.length) + 32;
    expect(found).toMatchObject({
      part: "test",
      window: { from, to: from + 16 },
      stimulus: text.slice(from, from + 16),
    });
    const { reconstructed, here, whole } = found as {
      reconstructed: string;
      here: { right: number };
      whole: { positions: number; right: number; shuffled: number };
    };
    const right = [...reconstructed].filter((character, n) => character === text[from + n]).length;
    expect(here.right).toBe(right / 16);
    expect(whole.positions % 16).toBe(0);
    expect(whole.right).toBeGreaterThan(2 * whole.shuffled);
    const shown = await run("recall", "words", "--index", "2");
    expect(shown).toContain(`stimulus       ${text.slice(from, from + 16)}\nreconstructed  ${reconstructed}\n`);
    expect(existsSync(join(cwd, "recall.png"))).toBe(false);
  });

  it("writes reconstructed columns beside the true ones, fitted to their units, and a picture", async () => {
    const found = await json("recall", "waves", "--part", "train", "--index", "1", "--out", "r.csv", "--plot", "r.png");
    const [header, ...rows] = table("r.csv");
    expect(header).toEqual(["row", "time", "a", "a reconstructed", "b", "b reconstructed", "OT", "OT reconstructed"]);
    const source = table("waves.csv").slice(1);
    expect(rows.map((cells) => [0, 1, 2, 4, 6].map((k) => cells[k]))).toEqual(
      Array.from({ length: 6 }, (_, n) => [String(6 + n), ...source[6 + n]!]),
    );
    const { columns } = found as { columns: { correlation: number; shuffled: number; mse: number }[] };
    expect(columns).toHaveLength(3);
    // On the part that was fitted, least squares leaves 1 - correlation^2 of the variance, which is 1 there but for the positions at its end.
    for (const { correlation, mse } of columns) expect(mse).toBeCloseTo(1 - correlation ** 2, 1);
    expect(mean(columns.map(({ correlation }) => correlation))).toBeGreaterThan(0.4);
    expect([...readFileSync(join(cwd, "r.png")).subarray(1, 4)]).toEqual([..."PNG"].map((c) => c.charCodeAt(0)));
  });

  it("refuses rules without recall, windows that are not there, and options of other kinds of runs", async () => {
    await expectRefusal(
      ["recall", "sums"],
      cwd,
      1,
      /sums\/best\.safetensors: was trained by rule dll, which has no recall/,
    );
    await expectRefusal(
      ["recall", "words", "--index", "999"],
      cwd,
      2,
      /--index: expected 0 to \d+ \(windows of 16 in --part test\), got 999/,
    );
    await expectRefusal(
      ["recall", "words", "--class", "a"],
      cwd,
      2,
      /--class: is not for words\/best\.safetensors, a run of task next-character/,
    );
    await expectRefusal(["recall", "words", "--plot", "x.svg"], cwd, 2, /--plot: is not for words/);
    await expectRefusal(["recall", "waves", "--data.text", "alice"], cwd, 2, /--data\.text: is not for waves/);
  });
});

it("writes over no file that is read, nor the table over the picture", async () => {
  const refused = (args: string[], message: RegExp) => expectRefusalHere(args, cwd, 2, message);
  const series = readFileSync(join(cwd, "waves.csv"));
  await refused(["forecast", "waves", "--out", "waves.csv"], /--out waves\.csv: is waves\.csv, which .* reads/);
  writeFileSync(join(cwd, "e2.csv"), series);
  await refused(["forecast", "waves", "--data", "e2.csv", "--out", "./e2.csv"], /--out \.\/e2\.csv: is e2\.csv, which/);
  await refused(["recall", "waves", "--out", "waves.csv"], /is waves\.csv, which/);
  await refused(["recall", "words", "--out", "words.txt"], /is words\.txt, which/);
  await refused(["generate", "words", "--out", "words.txt"], /--out words\.txt: is words\.txt, which/);
  await expectRefusalHere(
    ["forecast", "waves", "--data", "words"],
    cwd,
    1,
    /expected a file, got a folder; check --data$/m,
  );
  await refused(["generate", "words", "--out", "words/last.safetensors"], /is a file of the run/);
  for (const name of ["waves.csv", "e2.csv"]) expect(readFileSync(join(cwd, name))).toEqual(series);
  for (const command of ["forecast", "recall"])
    await refused(
      [command, "waves", "--out", "one.png", "--plot", "./one.png"],
      /--plot \.\/one\.png: is the file of --out/,
    );
  expect(existsSync(join(cwd, "one.png"))).toBe(false);
});

it("explains each command by examples", async () => {
  for (const command of ["generate", "forecast", "recall"]) {
    const help = await run(command, "--help");
    expect(help.match(new RegExp(`^ {2}\\$ bispike ${command} `, "gm"))?.length).toBeGreaterThanOrEqual(3);
  }
  expect(await run("--help")).toMatch(/generate .*\n.*forecast /);
});

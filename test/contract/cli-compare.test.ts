/** `bispike compare` as a user meets it: tables and a picture from one command, failures that stop nothing else, messages that help. The command runs in this process, each of its runs in one of its own. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Papa from "papaparse";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jsonLines } from "../support/cli.ts";
import { runBuiltHere } from "../support/cli-here.ts";
import { expectRefusalHere } from "../support/refusal.ts";
import { writeSmallDigits } from "../support/small-digits.ts";
import { smallText } from "../support/small-sequence-run.ts";

const TEXT = `name: words
task: next-character
data: { text: words.txt, window: 6 }
network: { hidden: [8], steps: 2 }
train: { epochs: 1, batch: 16, learningRate: 0.01 }
compare: { axes: { rule.name: [bsd, dll] }, seeds: 2 }
`;

const BARS = `name: bars
data: { path: bars }
network: { hidden: [[8, 6], [6]] }
train: { epochs: 1, batch: 12, learningRate: 0.02 }
`;

let cwd: string;
const read = (file: string) => readFileSync(join(cwd, file), "utf8");
const compare = (...args: string[]) => runBuiltHere(["compare", "words.yaml", ...args], cwd);

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "bispike-"));
  writeFileSync(join(cwd, "words.txt"), smallText());
  writeFileSync(join(cwd, "words.yaml"), TEXT);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

describe("compare", () => {
  it("lists the runs without doing anything", async () => {
    const { code, stdout } = await compare("--dry-run", "--network.hidden=[[8],[4,4]]", "--seeds=7");
    expect(code).toBe(0);
    expect(stdout.split("\n")).toHaveLength(1 + 2 * 2 * 7 + 1);
    expect(stdout).toMatch(
      /^rule\.name=dll network\.hidden=\[4, 4\] seed 7 +to train +compare.words.network\.hidden=4-4,rule\.name=dll.seed7$/m,
    );
    expect(readdirSync(cwd).sort()).toEqual(["words.txt", "words.yaml"]);
  });

  it("trains every rule and seed and tells a person what came of it", async () => {
    const { code, stdout, stderr } = await compare("--jobs=2");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^4 runs, 2 at once -> compare.words\n/);
    for (const rule of ["bsd", "dll"])
      expect(stdout).toMatch(
        new RegExp(
          String.raw`^\[\d/4\] rule\.name=${rule} seed 2: test accuracy \d+\.\d\d %, test bits a character \d`,
          "m",
        ),
      );
    expect(stdout).toMatch(/^rule\.name +n +test accuracy +p +test bits a character +p +parameters/m);
    expect(stdout).toMatch(/^dll +2 +\d/m);
    expect(readdirSync(join(cwd, "compare/words")).sort()).toEqual([
      ...["compare.csv", "compare.json", "compare.md", "compare.png", "compare.svg", "plan.json"],
      ...["rule.name=bsd", "rule.name=dll"],
    ]);
    expect(read("compare/words/rule.name=dll/seed2/config.yaml")).toMatch(/seed: 2\n/);
    expect(JSON.parse(read("compare/words/rule.name=dll/seed2/environment.json"))).toMatchObject({ threads: 1 });
  });

  it("the report is what the runs' own summaries say", () => {
    const summaries = [1, 2].map((seed) => JSON.parse(read(`compare/words/rule.name=dll/seed${seed}/summary.json`)));
    const [a, b] = summaries.map(({ test }) => test.accuracy as number) as [number, number];
    const { data } = Papa.parse<Record<string, string>>(read("compare/words/compare.csv").trim(), { header: true });
    const row = data.find((row) => row["rule.name"] === "dll" && row.figure === "test.accuracy")!;
    expect(Number(row.mean)).toBeCloseTo((a + b) / 2, 12);
    expect(Number(row.std)).toBeCloseTo(Math.abs(a - b) / Math.SQRT2, 12);
    const { cells } = JSON.parse(read("compare/words/compare.json"));
    for (const [k, summary] of summaries.entries())
      expect(cells[1].runs[k].values).toMatchObject({
        ...{ "test.bits": summary.test.bits, "validation.accuracy": summary.validation.accuracy },
        ...{ seconds: summary.seconds, peakMemory: summary.peakMemory },
      });
    // A Node process with a loaded library holds more than 20 MB and, for a text of a few hundred letters, less than 1 GB.
    expect(summaries[0].peakMemory).toBeGreaterThan(2e7);
    expect(summaries[0].peakMemory).toBeLessThan(1e9);
    expect(read("compare/words/compare.md")).toContain(
      "With n = 2 pairs the signed-rank test cannot reach p below 0.5",
    );
    expect(read("compare/words/compare.svg")).toContain("test bits a character");
  });

  it("keeps finished runs, and takes more seeds", async () => {
    const before = read("compare/words/rule.name=bsd/seed1/environment.json");
    const { code, stdout } = await compare("--json", "--seeds=1,2,5", "--baseline", "rule.name=dll");
    expect(code).toBe(0);
    const lines = jsonLines(stdout);
    expect(lines[0]).toMatchObject({ event: "plan", runs: 6, finished: 4 });
    const done = lines.filter(({ event }) => event === "done").map(({ run }) => run);
    expect(done.sort()).toEqual(["rule.name=bsd seed 5", "rule.name=dll seed 5"]);
    expect(lines.at(-1)).toMatchObject({
      ...{ event: "report", seeds: [1, 2, 5], missing: [], failed: [] },
      cells: [{ baseline: 1, tests: { "test.accuracy": { n: 3 } } }, { baseline: null }],
    });
    expect(read("compare/words/rule.name=bsd/seed1/environment.json")).toBe(before);
  });

  it("makes the report anew, the same", async () => {
    const before = ["compare.md", "compare.csv", "compare.json", "compare.svg"].map((name) =>
      read(`compare/words/${name}`),
    );
    rmSync(join(cwd, "compare/words/compare.md"));
    const { code, stdout } = await runBuiltHere(["compare", "--report-only", "compare/words", "--quiet"], cwd);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^-> compare.words.compare\.md /m);
    expect(
      ["compare.md", "compare.csv", "compare.json", "compare.svg"].map((name) => read(`compare/words/${name}`)),
    ).toEqual(before);
  });

  it("reports a run that fails, goes on with the others, and tries it again", async () => {
    const args = [
      "--rule.name=dll",
      "--data.text=[none.txt, words.txt]",
      "--seeds=1",
      "--out=failing",
      "--jobs=1",
      "--quiet",
    ];
    const { code, stdout, stderr } = await compare(...args);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^bispike: data\.text=none\.txt seed 1 failed: .*none\.txt.*no such file/m);
    expect(stderr).toMatch(
      /^bispike: 1 of 2 runs failed; the same command tries them again: data\.text=none\.txt seed 1$/m,
    );
    expect(stdout).toMatch(/^words\.txt +1 +\d/m);
    expect(read("failing/compare.md")).toContain("- 1 of 2 runs finished\n- missing: data.text=none.txt seed 1\n");
    const report = await runBuiltHere(["compare", "--report-only", "failing", "--quiet"], cwd);
    expect([report.code, report.stderr]).toEqual([
      0,
      expect.stringMatching(/^bispike: warning: 1 of 2 runs have no results, .*: data\.text=none\.txt seed 1\n$/),
    ]);
    writeFileSync(join(cwd, "none.txt"), smallText(170));
    const again = await compare(...args, "--json");
    expect(again.code).toBe(0);
    expect(jsonLines(again.stdout)[0]).toMatchObject({ finished: 1, runs: 2 });
    expect(jsonLines(again.stdout).at(-1)).toMatchObject({ event: "report", missing: [] });
  });
});

describe("judged by what is held out", () => {
  const ARGS = ["bars.yaml", "--out=tuned", "--compare.seeds=1", "--compare.judge=held-out"];
  const judged = (...args: string[]) => runBuiltHere(["compare", ...ARGS, ...args], cwd);
  const TUNED = "tuned/network.hidden=6/seed1";

  it("leaves the test part alone, and says so; lists are an axis", async () => {
    writeSmallDigits(join(cwd, "bars"), { test: 8 });
    writeFileSync(join(cwd, "bars.yaml"), BARS);
    const { code, stdout, stderr } = await judged("--rule.name=dll");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^network\.hidden +n +validation accuracy +p +parameters/m);
    expect(stdout).toMatch(/^\[8, 6\] +1 +\d+\.\d\d % +baseline/m);
    expect(stdout).toMatch(/^\[6\] +1 +\d/m);
    expect(stdout).toMatch(/by the validation part; no test part was looked at/);
    const summary = JSON.parse(read(`${TUNED}/summary.json`));
    expect(summary).toMatchObject({ testAccuracy: null, testDriveAccuracy: null, judgedBy: "held-out" });
    expect(summary.validationAccuracy).toBeGreaterThan(0);
    const { figures, judge, tested } = JSON.parse(read("tuned/compare.json"));
    expect([judge, tested]).toEqual(["held-out", ["validationAccuracy"]]);
    expect(figures.filter(({ role }: { role: string }) => role === "test")).toEqual([]);
    const energies = figures.map(({ id }: { id: string }) => id).filter((id: string) => id.startsWith("energy."));
    expect(energies).toEqual(["energy.inferencePicojoules", "energy.trainingPicojoules"]);
    expect(read("tuned/compare.md")).toMatch(
      /^- judged by the validation part, .* no run has looked at its test part$/m,
    );
    expect(read("tuned/compare.md")).not.toContain("test accuracy");
  });

  it("sequences leave their test part alone too", async () => {
    writeFileSync(join(cwd, "one.yaml"), TEXT.replace(/compare: .*\n/, ""));
    const { code, stdout } = await runBuiltHere(["train", "one.yaml", "--judge", "held-out", "--out", "one"], cwd);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^validation accuracy \d+\.\d\d %, .* bits a character \(weights of/m);
    const summary = JSON.parse(read("one/summary.json"));
    expect(summary).toMatchObject({ test: null, naive: null, judgedBy: "held-out" });
    expect(summary.validation.accuracy).toBeGreaterThan(0);
  });

  it("does not mix with runs that are judged by the test part", async () => {
    const other = ["compare", ...ARGS, "--rule.name=dll", "--compare.judge=test"];
    await expectRefusalHere(other, cwd, 2, /tuned: holds runs that are judged by their held-out part/);
    const resumed = ["train", "--resume", TUNED, "--judge", "test"];
    await expectRefusalHere(
      resumed,
      cwd,
      2,
      /--judge test differs from the run's, which is judged by its held-out part/,
    );
    writeFileSync(join(cwd, "plain.yaml"), BARS.replace(/hidden: .* }/, "hidden: [6] }"));
    const nothing = ["train", "plain.yaml", "--data.validation=0", "--judge", "held-out", "--quiet"];
    await expectRefusalHere(nothing, cwd, 2, /--judge held-out: nothing is held out of training; set data\.validation/);
  });
});

describe("refuses in one line", () => {
  it.each([
    [["words.yaml", "--rule.nam=[bsd,dll]"], 2, /unknown key rule\.nam \(did you mean rule\.name\?\)/],
    [
      ["words.yaml", "--train.epochs=2"],
      2,
      /rule\.name=bsd.seed1: train\.epochs differs from the run's that is there already/,
    ],
    [
      ["words.yaml", "--train.batch=[8,16]"],
      2,
      /holds a comparison of rule\.name, and this one is of rule\.name, train\.batch/,
    ],
    [["words.yaml", "--out", "."], 2, /expected a comparison's folder, or a new or empty one/],
    [[], 2, /expected an experiment's YAML file/],
  ] as const)("%j", async (args, code, message) => {
    await expectRefusalHere(["compare", ...args], cwd, code, message);
  });
});

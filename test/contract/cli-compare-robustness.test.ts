/** A comparison that measures robustness, as a user meets it: figures, tables and a picture; what was measured is kept, and measured anew when something else is asked for. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { jsonLines, runCli } from "../support/cli.ts";
import { expectRefusal } from "../support/refusal.ts";
import { writeSmallDigits } from "../support/small-digits.ts";

const experiment = (robustness: string) => `name: bars
data: { path: bars }
network: { hidden: [12] }
train: { epochs: 1, batch: 18, learningRate: 0.02 }
compare: { axes: { rule.name: [bsd, backprop-ann] }, seeds: 1${robustness} }
`;
const measure = (images: number) =>
  `, measure: { robustness: { images: ${images}, corruptions: [blur, weights], severities: [1, 5], draws: 1 } }`;

let cwd: string;
const write = (robustness: string) => writeFileSync(join(cwd, "bars.yaml"), experiment(robustness));
const read = (file: string) => readFileSync(join(cwd, "compare/bars", file), "utf8");
const compare = (...args: string[]) => runCli(["compare", "bars.yaml", ...args], cwd);

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "bispike-"));
  writeSmallDigits(join(cwd, "bars"));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

it("trains, measures and reports; measures finished runs too, and nothing twice", async () => {
  write("");
  expect((await compare("--quiet")).code).toBe(0);
  const summary = read("rule.name=bsd/seed1/summary.json");

  write(measure(20));
  expect((await compare("--dry-run")).stdout).toMatch(/^rule\.name=bsd seed 1 +to measure /m);
  const { code, stdout, stderr } = await compare("--json");
  expect([code, stderr]).toEqual([0, ""]);
  const lines = jsonLines(stdout);
  expect(lines[0]).toMatchObject({ event: "plan", runs: 2, finished: 0 });
  expect(
    lines.filter(({ event }) => event === "step"),
    "nothing is trained again",
  ).toEqual([]);
  expect(read("rule.name=bsd/seed1/summary.json")).toBe(summary);
  for (const [k, rule] of ["bsd", "backprop-ann"].entries()) {
    const { asked, ...measured } = JSON.parse(read(`rule.name=${rule}/seed1/robustness.json`));
    expect(asked).toEqual({
      ...{ corruptions: ["blur", "weights"], severities: [1, 5], images: 20, draws: 1, seed: 1 },
      part: "test",
    });
    expect(measured).toMatchObject({ images: 20, corruptions: [{ name: "blur" }, { name: "weights" }] });
    const { cells } = JSON.parse(read("compare.json"));
    expect(cells[k].runs[0].values).toMatchObject({
      ...{ "robustness.mean": measured.mean, "robustness.clean": measured.clean },
      "robustness.blur.5": measured.corruptions[0].severities[1].accuracy,
      "robustness.weights": measured.corruptions[1].mean,
    });
  }
  expect(read("compare.md")).toContain("### Noise on the weights");
  expect(read("robustness.svg")).toContain("bars: accuracy by corruption and severity");
  expect(readdirSync(join(cwd, "compare/bars"))).toContain("robustness.png");

  const file = join(cwd, "compare/bars/rule.name=bsd/seed1/robustness.json");
  const before = statSync(file).mtimeMs;
  rmSync(join(cwd, "compare/bars/rule.name=backprop-ann/seed1/robustness.json"));
  expect(jsonLines((await compare("--json")).stdout)[0]).toMatchObject({ event: "plan", finished: 1 });
  expect(statSync(file).mtimeMs).toBe(before);
  const report = read("compare.json");
  const again = await runCli(["compare", "--report-only", "compare/bars", "--quiet"], cwd);
  expect(again.stdout).toMatch(/^rule\.name +n +test accuracy +p +accuracy under corruption +p +parameters +/m);
  expect(read("compare.json")).toBe(report);

  write(measure(10));
  expect((await compare("--dry-run")).stdout.match(/ to measure /g)).toHaveLength(2);
});

it("judged by the validation part, it leaves the test part alone in what it measures too", async () => {
  const folder = join(cwd, "compare/held");
  writeFileSync(
    join(cwd, "held.yaml"),
    readFileSync(join(cwd, "bars.yaml"), "utf8")
      .replace(/name: bars/, "name: held")
      .replace("compare: {", "compare: { judge: held-out,"),
  );
  const { code, stderr } = await runCli(["compare", "held.yaml", "--out", "compare/held", "--quiet"], cwd);
  expect([code, stderr]).toEqual([0, ""]);
  const { asked } = JSON.parse(readFileSync(join(folder, "rule.name=bsd/seed1/robustness.json"), "utf8"));
  expect(asked.part).toBe("heldout");
  const text = readFileSync(join(folder, "compare.md"), "utf8");
  expect(text).toContain("no run has looked at its test part");
  expect(text).toContain("accuracy under corruption (validation)");
});

it("refuses what cannot be measured, before anything is trained", async () => {
  write(", measure: { robustness: { images: many } }");
  await expectRefusal(["compare", "bars.yaml"], cwd, 2, /compare\.measure\.robustness\.images: expected an integer/);
  writeFileSync(
    join(cwd, "words.yaml"),
    "task: next-character\ndata: { text: words.txt }\ncompare: { measure: { robustness: true } }\n",
  );
  await expectRefusal(
    ["compare", "words.yaml"],
    cwd,
    2,
    /is for image experiments, but this one has task next-character/,
  );
});

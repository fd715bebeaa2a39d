/** A comparison that probes stages, as a user meets it: beside robustness or alone, on the part asked for; measured once, and anew when something else is asked for. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { jsonLines, runCli } from "../support/cli.ts";
import { expectRefusal } from "../support/refusal.ts";
import { writeSmallDigits } from "../support/small-digits.ts";

const experiment = (measure: string) => `name: bars
data: { path: bars }
network: { hidden: [12] }
train: { epochs: 1, batch: 18, learningRate: 0.02 }
compare: { axes: { rule.name: [bsd, backprop] }, seeds: 1, measure: { ${measure} } }
`;

let cwd: string;
const write = (measure: string) => writeFileSync(join(cwd, "bars.yaml"), experiment(measure));
const read = (file: string) => readFileSync(join(cwd, "compare/bars", file), "utf8");
const compare = (...args: string[]) => runCli(["compare", "bars.yaml", ...args], cwd);

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "bispike-"));
  writeSmallDigits(join(cwd, "bars"));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

it("trains, probes and reports; probes anew only what is asked for otherwise", async () => {
  const robustness = "robustness: { images: 10, corruptions: [blur], severities: [1], draws: 1 }";
  write(`${robustness}, probes: { images: 40, part: heldout }`);
  const first = await compare("--quiet");
  expect([first.code, first.stderr]).toEqual([0, ""]);
  const { cells, measure } = JSON.parse(read("compare.json"));
  expect(measure.probes).toEqual({ images: 40, part: "heldout" });
  for (const [k, rule] of ["bsd", "backprop"].entries()) {
    const { asked, ...probes } = JSON.parse(read(`rule.name=${rule}/seed1/probes.json`));
    expect(asked).toEqual({ images: 40, part: "heldout" });
    // A tenth of 120 training images.
    expect(probes).toMatchObject({ fittedImages: 40, images: 12 });
    const { values } = cells[k].runs[0];
    expect(values).toMatchObject({
      "probes.heldout.stage1.accuracy": probes.stages[0].accuracy,
      "probes.heldout.stage2.accuracy": probes.stages[1].accuracy,
      "probes.heldout.stage2.ratio": probes.stages[1].separation.ratio,
      "robustness.clean": JSON.parse(read(`rule.name=${rule}/seed1/robustness.json`)).clean,
    });
    expect(values["probes.heldout.stage2.byRecall"]).toBe(rule === "bsd" ? probes.stages[1].byRecall : undefined);
  }
  expect(read("compare.md")).toContain("linear probe, stage 2 (validation)");

  const kept = join(cwd, "compare/bars/rule.name=bsd/seed1/robustness.json");
  const before = statSync(kept).mtimeMs;
  write(`${robustness}, probes: { images: 30, part: heldout }`);
  expect((await compare("--dry-run")).stdout.match(/ to measure /g)).toHaveLength(2);
  const second = await compare("--json");
  expect(second.code).toBe(0);
  expect(jsonLines(second.stdout).filter(({ event }) => event === "step")).toEqual([]);
  expect(JSON.parse(read("rule.name=bsd/seed1/probes.json")).fittedImages).toBe(30);
  expect(statSync(kept).mtimeMs).toBe(before);
}, 120_000);

it("refuses what has no stages of images, before anything is trained", async () => {
  writeFileSync(
    join(cwd, "words.yaml"),
    "task: next-character\ndata: { text: words.txt }\ncompare: { measure: { probes: true } }\n",
  );
  await expectRefusal(
    ["compare", "words.yaml"],
    cwd,
    2,
    /compare\.measure\.probes: is for image experiments, but this one has task next-character/,
  );
});

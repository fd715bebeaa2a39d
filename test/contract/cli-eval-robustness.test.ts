/** `bispike eval --robustness` as a user runs it: a table, JSON and CSV of the same figures, and what it says to wrong input. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Papa from "papaparse";
import { expect, it } from "vitest";
import { digitList, nameList } from "../../src/cli/arguments.ts";
import { checkSections } from "../../src/cli/commands/eval-sections.ts";
import type { Robustness } from "../../src/measure/robustness.ts";
import { jsonLines, runCli } from "../support/cli.ts";
import { expectRefusal } from "../support/refusal.ts";
import { trainedRun } from "../support/trained-run.ts";

const trained = trainedRun();
const ARGS = ["eval", "run", "--threads", "1", "--robustness"];

it("tells accuracy by corruption and severity: to people, as JSON and as CSV", async () => {
  const { cwd } = trained();
  const { code, stdout, stderr } = await runCli([...ARGS, "--json", "--out", "r.csv"], cwd);
  expect([code, stderr]).toEqual([0, ""]);
  const [line = {}] = jsonLines(stdout);
  const robustness = line.robustness as Robustness;
  expect(robustness).toMatchObject({ images: 40, seed: 1, clean: line.accuracy });
  expect(robustness.corruptions.map(({ name }) => name)).toEqual([
    ...["noise", "blur", "contrast", "shift", "occlusion", "weights"],
  ]);
  const text = readFileSync(join(cwd, "r.csv"), "utf8");
  const { data, errors } = Papa.parse<Record<string, string>>(text.trim(), { header: true });
  expect(errors).toEqual([]);
  expect(data).toHaveLength(1 + 6 * 5);
  expect(data[0]).toMatchObject({ corruption: "none", severity: "0", accuracy: String(line.accuracy), drop: "0" });
  for (const { name, quantity, severities } of robustness.corruptions)
    for (const { severity, amount, accuracy, draws } of severities) {
      const row = data.find((row) => row.corruption === name && row.severity === String(severity))!;
      expect(row).toMatchObject({ quantity, amount: String(amount), images: "40", draws: String(draws?.length ?? "") });
      expect(Number(row.accuracy)).toBe(accuracy);
      expect(Number(row.drop)).toBeCloseTo(robustness.clean - accuracy, 12);
      // Of the draws, the sample's deviation: over three less one.
      const squares = draws?.reduce((sum, draw) => sum + (draw - accuracy) ** 2, 0);
      if (squares === undefined) expect(row.std).toBe("");
      else expect(Number(row.std)).toBeCloseTo(Math.sqrt(squares / 2), 12);
    }

  const shown = await runCli(ARGS, cwd);
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  for (const { name, severities, mean, drop } of robustness.corruptions) {
    const cells = [...severities.map(({ accuracy }) => percent(accuracy)), percent(mean), (100 * drop).toFixed(2)];
    expect(shown.stdout).toMatch(
      new RegExp(`^${[name, ...cells].map((cell) => cell.replace(".", "\\.")).join(" +")}$`, "m"),
    );
  }
  expect(shown.stdout).toMatch(/^robustness: 40 images, \d+\.\d\d % right when not corrupted; draws by seed 1$/m);
  expect(shown.stdout).toMatch(
    /^noise +20\.4 +30\.6 +45\.9 +66\.3 +96\.9 +standard deviation, pixel values 0 to 255$/m,
  );
  expect(shown.stdout).toMatch(/^weights: of perception alone, not biases or norms; mean of 3 draws$/m);
});

it("measures what is asked for, on as many images", async () => {
  const { cwd } = trained();
  const more = [
    "--corruptions",
    "weights,blur",
    "--severities",
    "2-3",
    "--images",
    "10",
    "--draws",
    "1",
    "--seed",
    "4",
  ];
  const { stdout } = await runCli([...ARGS, ...more, "--json"], cwd);
  const { corruptions, ...rest } = jsonLines(stdout)[0]!.robustness as Robustness;
  expect(rest).toMatchObject({ images: 10, seed: 4 });
  expect(corruptions.map(({ name, severities }) => [name, severities.map(({ severity }) => severity)])).toEqual([
    ["weights", [2, 3]],
    ["blur", [2, 3]],
  ]);
  expect(corruptions[0]!.severities[0]!.draws).toHaveLength(1);
});

it("refuses wrong input in one line, before anything is measured", async () => {
  const { cwd } = trained();
  const refuse = (args: string[], message: RegExp) => expectRefusal([...ARGS, ...args], cwd, 2, message);
  await refuse(["--out", "nowhere/r.csv"], /--out nowhere\/r\.csv: there is no folder nowhere/);
  await expectRefusal(["eval", "run", "--severities", "1"], cwd, 2, /--severities needs --robustness/);
  const odd = await runCli([...ARGS, "--corruptions", "fog"], cwd);
  expect([odd.code, odd.stdout]).toEqual([2, ""]);
  expect(odd.stderr).toMatch(/Expected names of noise, blur, contrast, shift, occlusion, weights, with commas between/);
  const asked = { part: "test", threads: 1, robustness: true } as const;
  expect(() => checkSections(asked, "a.safetensors is one of sequences")).toThrow(
    "--robustness: is for image experiments, but a.safetensors is one of sequences",
  );
  for (const key of ["corruptions", "severities", "images", "draws", "seed", "out"] as const)
    expect(() => checkSections({ part: "test", threads: 1, [key]: 1 }, null)).toThrow(`--${key} needs --robustness`);
});

it("reads lists of names and of severities", () => {
  const [names, digits] = [nameList(["a", "bc"]), digitList(1, 5)];
  expect([names("bc"), names("bc, a")]).toEqual([["bc"], ["bc", "a"]]);
  for (const text of ["", "a,a", "d", "a,", "a b"]) expect(() => names(text), text).toThrow(/Expected names of a, bc/);
  expect([digits("1-5"), digits("3"), digits("1,3, 5"), digits("2-2")]).toEqual([[1, 2, 3, 4, 5], [3], [1, 3, 5], [2]]);
  for (const text of ["", "0-3", "3-1", "4-6", "2,2", "3,1", "1.5", "12", "-1", "1-", "1-2-3", "1,x"])
    expect(() => digits(text), text).toThrow(/Expected numbers from 1 to 5, such as 1-5 or 1,5/);
});

/** The benchmark's promises: a section can be run, kept in a file and resumed; a results file is written into RESULTS.md and nowhere else. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { temporaryFolders } from "../support/folder.ts";

const bench = fileURLToPath(new URL("../../bench", import.meta.url));
const newFolder = temporaryFolders();

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(script: string, ...args: string[]): Promise<Outcome> {
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, [join(bench, script), ...args])) };
  } catch (error) {
    return error as Outcome;
  }
}

const before = "# Results\n\nAccuracy first.\n\n<!-- bench:begin -->\nold figures\n<!-- bench:end -->\n\n## After\n";

/** A results file by hand: two thread counts of one net, ours and two peers, and what else the report reads. */
function madeResults(folder: string): string {
  const duel = {
    dataset: "made",
    batch: 128,
    fastestMs: 1,
    ratioRange: [2, 3],
    perceptionRates: [0.1, 0.05],
    environment: null,
  };
  const contest = (threads: number, ours: number, net: string) => [
    { ...duel, net, threads, name: "bispike", medianMs: ours, ratio: 1, torch: null },
    { ...duel, net, threads, name: "BSD in PyTorch", medianMs: 30, ratio: 30 / ours, torch: "9.9" },
    { ...duel, net, threads, name: "backprop in PyTorch", medianMs: 24, ratio: 24 / ours, torch: "9.9" },
  ];
  const memory = (steps: number, name: string, addedMiB: number) => ({
    net: "MLP 784-512-512-256-10",
    family: "MLP",
    ...{ steps, name, addedMiB, peakMiB: addedMiB + 50, arenaMiB: null },
  });
  const sections = {
    peers: [...contest(1, 8, "MLP 784-512-512-256-10"), ...contest(2, 12, "MLP 784-512-512-256-10")],
    memory: [
      memory(4, "bispike", 30),
      memory(8, "bispike", 31),
      memory(4, "BSD in PyTorch", 100),
      memory(8, "BSD in PyTorch", 190),
    ],
    growth: [1, 2, 4].map((value) => ({
      axis: "T",
      value,
      weights: 10,
      medianMs: 3 * value ** 1.5,
      perceptionRates: [0.1],
    })),
    yardstick: [
      { n: 512, threads: 1, name: "bispike", rate: 0.05, medianMs: 20, outputRate: 0.1 },
      { n: 512, threads: 1, name: "PyTorch", rate: null, medianMs: 100, outputRate: 0.1 },
    ],
  };
  const machine = { cpu: "made up", cores: 2, node: "v20", load: 0 };
  const file = join(folder, "made.json");
  writeFileSync(file, JSON.stringify({ machine, quick: false, done: {}, sections }));
  return file;
}

it("measures one section, keeps it, and on resuming measures nothing again", async () => {
  const file = join(newFolder(), "growth.json");
  const args = ["--quick", "--only", "growth", "--repeat", "1", "--json", file];
  const first = await run("run.mjs", ...args);
  expect(first.stderr).toMatch(/growth: depth/);
  expect(first.stdout).toContain("Exponents e of the fit");
  const kept = readFileSync(file, "utf8");
  const contents = JSON.parse(kept);
  expect(contents.done.growth).toEqual(["T", "batch", "width", "depth"]);
  expect(contents.sections.growth.every((row: { medianMs: number }) => row.medianMs > 0)).toBe(true);

  // As if the run had been stopped after three of the four.
  contents.done.growth.pop();
  contents.sections.growth = contents.sections.growth.filter((row: { axis: string }) => row.axis !== "depth");
  writeFileSync(file, JSON.stringify(contents));
  const second = await run("run.mjs", ...args, "--resume");
  expect(second.stderr.match(/growth: \w+/g)).toEqual(["growth: depth"]);
  const resumed = JSON.parse(readFileSync(file, "utf8"));
  expect(resumed.sections.growth).toHaveLength(JSON.parse(kept).sections.growth.length);
  expect(resumed.sections.growth.slice(0, 5)).toEqual(contents.sections.growth.slice(0, 5));
});

it("refuses to mix runs, unknown sections and resuming without a file", async () => {
  const file = madeResults(newFolder());
  const mixed = await run("run.mjs", "--quick", "--only", "growth", "--json", file, "--resume");
  expect(mixed).toMatchObject({ code: 1, stderr: expect.stringContaining("its processor was made up") });
  const unknown = await run("run.mjs", "--only", "growth,speed");
  expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('got "speed"') });
  const fileless = await run("run.mjs", "--resume");
  expect(fileless).toMatchObject({ code: 1, stderr: expect.stringContaining("--json") });
});

it("writes figures, verdicts and pictures between the comments, and the same again", async () => {
  const folder = newFolder();
  const results = join(folder, "RESULTS.md");
  writeFileSync(results, before);
  const file = madeResults(folder);
  expect(await run("report.mjs", file, "--root", folder)).toMatchObject({ code: 0, stderr: "" });
  const written = readFileSync(results, "utf8");
  const [head, rest = ""] = written.split("<!-- bench:begin -->");
  const [inside = "", tail] = rest.split("<!-- bench:end -->");
  expect(head).toBe("# Results\n\nAccuracy first.\n\n");
  expect(tail).toBe("\n\n## After\n");
  expect(inside).not.toContain("old figures");
  // 24 / 8 = 3 against 2.5, and 24 / 12 = 2 against 4; the leanest peer adds 100 MiB, ours 30; time grows as T to the 1.5.
  const cells = inside.replace(/ +/g, " ");
  expect(cells).toContain("| 1 | 8.00 | 24.0 (backprop in PyTorch) | **3.00×** (2.00–3.00) | ≥ 2.5×, met |");
  expect(cells).toContain("| 2 | 12.0 | 24.0 (backprop in PyTorch) | **2.00×** (2.00–3.00) | ≥ 4×, missed |");
  expect(inside).toContain("MLP 0.53× (0.30×) (target ≤ 0.4×, missed)");
  expect(inside).toContain("T 1.50 (1.50). Above 1: T");
  expect(inside).toContain("20.0 (5.00×)");
  const pictures = readdirSync(join(folder, "docs")).sort();
  expect(pictures).toEqual(["growth.svg", "memory.svg", "speed.svg"]);
  for (const picture of pictures) expect(inside).toContain(`(docs/${picture})`);
  const drawn = pictures.map((picture) => readFileSync(join(folder, "docs", picture), "utf8"));
  expect(drawn[2]).toContain("24.0 (3.00×)");

  await run("report.mjs", file, "--root", folder);
  expect(readFileSync(results, "utf8")).toBe(written);
  expect(pictures.map((picture) => readFileSync(join(folder, "docs", picture), "utf8"))).toEqual(drawn);
});

it("leaves a RESULTS.md without the comments as it is", async () => {
  const folder = newFolder();
  writeFileSync(join(folder, "RESULTS.md"), "# Results\n");
  const outcome = await run("report.mjs", madeResults(folder), "--root", folder);
  expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining("bench:begin") });
  expect(readFileSync(join(folder, "RESULTS.md"), "utf8")).toBe("# Results\n");
});

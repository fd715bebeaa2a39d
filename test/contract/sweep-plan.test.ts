/** A sweep's plan as a folder keeps it: written once, extended, never mistaken for another; and what a file for it may say. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSearch } from "../../src/cluster/sweep.ts";
import { SweepFolder } from "../../src/cluster/sweep-folder.ts";
import { planOf, type SweepJob, type SweepPlan } from "../../src/cluster/sweep-plan.ts";
import { packageVersion } from "../../src/node/version.ts";
import { readRawExperiment } from "../../src/training/config-file.ts";
import { runHere } from "../support/cli-here.ts";
import { expectRefusalHere } from "../support/refusal.ts";

const experiment = { data: { name: "mnist" }, name: "digits" };
const grid = (seeds: number, rates = [0.01, 0.1]) =>
  planOf(
    readSearch({ ...experiment, sweep: { axes: { "train.learningRate": rates }, seeds } }, "a.yaml"),
    packageVersion(),
  );
const space = { "train.learningRate": { logUniform: [0.001, 0.1] }, "train.batch": { choice: [64, 128] } };
const halving = { epochs: [1, 3], eta: 2 };

let cwd: string;
let count = 0;
const empty = () => new SweepFolder(join(cwd, `sweep${count++}`));
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "bispike-"));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

describe("plans", () => {
  it("are the same bytes when made again, and may grow", () => {
    const folder = empty();
    const read = () => readFileSync(folder.file("plan.json"), "utf8");
    expect(folder.writePlan(grid(2))).toBe("new");
    const before = read();
    expect(folder.writePlan(grid(2))).toBe("same");
    expect(read()).toBe(before);
    expect(folder.readPlan()).toEqual(JSON.parse(before));
    expect(folder.writePlan(grid(3, [0.01, 0.1, 0.2]))).toBe("extended");
    const ids = ({ jobs }: Pick<SweepPlan, "jobs">) => new Set(jobs.map(({ id }) => id));
    expect(ids(folder.readPlan()).size).toBe(9);
    for (const id of ids(JSON.parse(before))) expect(ids(folder.readPlan())).toContain(id);
    expect(() => folder.writePlan(grid(2))).toThrow(/holds another sweep, whose job j[0-9a-f]{16}/);
  });

  it("are refused when they were edited, or another version's", () => {
    const folder = empty();
    folder.writePlan(grid(1));
    const file = folder.file("plan.json");
    const text = readFileSync(file, "utf8");
    const edited = (from: string | RegExp, to: string) => {
      writeFileSync(file, text.replace(from, to));
      return () => folder.readPlan();
    };
    expect(edited('"learningRate": 0.01', '"learningRate": 0.02')).toThrow(/job j.* was changed after it was planned/);
    expect(edited('"candidates": 2', '"candidates": 1')).toThrow(/its digest is not that of its content/);
    expect(edited(/"bispike": ".*"/, '"bispike": "9.9.9"')).toThrow(/planned by bispike 9\.9\.9, and this is \d/);
    expect(edited(/"folder": "train[^"]*"/, '"folder": "../../elsewhere"')).toThrow(/expected a sweep's plan.*folder/);
    expect(edited("{", "[")).toThrow(/expected JSON/);
  });

  it("keep out of folders that hold other things, or cannot be", () => {
    writeFileSync(join(cwd, "file"), "");
    expect(() => new SweepFolder(cwd).writePlan(grid(1))).toThrow(/expected a sweep's folder, or a new or empty one/);
    expect(() => new SweepFolder(join(cwd, "file", "sweep")).writePlan(grid(1))).toThrow(/cannot make the folder/);
    expect(() => new SweepFolder(join(cwd, "none")).readPlan()).toThrow(/holds no plan\.json; make it by/);
  });

  it("of successive halving hold every rung's runs, by their own epochs", () => {
    const plan = planOf(readSearch({ ...experiment, sweep: { space, samples: 5, halving } }, "a.yaml"), "0.1.0");
    expect(plan.rungs.map(({ candidates }) => candidates)).toEqual([5, 3]);
    expect(plan.jobs.map(({ rung, config }) => [rung, config.train.epochs])).toEqual([
      ...Array(5).fill([0, 1]),
      ...Array(5).fill([1, 3]),
    ]);
    expect(new Set(plan.jobs.map(({ id }) => id)).size).toBe(10);
  });

  it("of successive halving leave the test part alone, and measure nothing, before the last rung", () => {
    const measure = { probes: { images: 40, part: "test" } } as const;
    const compared = { ...readSearch({ ...experiment, sweep: { space, samples: 4, halving } }, "a.yaml") };
    const rungs = compared.rungs.map((rung) => ({ ...rung, comparison: { ...rung.comparison, measure } }));
    const designs = planOf({ ...compared, rungs }, "0.1.0").rungs.map(({ design }) => design);
    expect(designs.map(({ judge }) => judge)).toEqual(["held-out", "test"]);
    expect(designs.map(({ measure }) => measure !== undefined)).toEqual([false, true]);
  });

  it("keep one candidate in three and take one seed of a search, three of a grid, unless told otherwise", () => {
    const epochs = { epochs: [1, 3] };
    const search = (sweep: object, request = {}) => readSearch({ ...experiment, sweep }, "a.yaml", request).rungs;
    const sizes = (sweep: object, request = {}) => search(sweep, request).map(({ candidates }) => candidates);
    const seedsOf = (sweep: object, request = {}) => search(sweep, request)[0]!.comparison.seeds;
    expect(sizes({ space, samples: 7, halving: epochs })).toEqual([7, 3]);
    expect(sizes({ space, samples: 7, halving: { ...epochs, eta: 2 } })).toEqual([7, 4]);
    const axes = { "train.learningRate": [0.01, 0.1] };
    expect([seedsOf({ space, samples: 2 }), seedsOf({ axes, halving: epochs }), seedsOf({ axes })]).toEqual([
      ...[[1], [1], [1, 2, 3]],
    ]);
    expect(seedsOf({ axes, seeds: 2 })).toEqual([1, 2]);
    expect(seedsOf({ axes, seeds: 2 }, { seeds: [4, 8, 9] }), "the command line's before the file's").toEqual([
      4, 8, 9,
    ]);
    expect(seedsOf({ space, samples: 2 }, { seeds: 2 })).toEqual([1, 2]);
  });

  it("of successive halving are told how far they are by what is to be trained, not by all that was planned", async () => {
    const search = { space, samples: 4, seeds: 2, halving: { epochs: [1, 2, 4], eta: 2 } };
    const plan = planOf(readSearch({ ...experiment, sweep: search }, "a.yaml"), packageVersion());
    const folder = empty();
    folder.writePlan(plan);
    const shown = async () => (await runHere(["sweep", "status", folder.path], cwd)).stdout.split(": ").at(-1);
    // Of four candidates two come to the second rung, and one to the third.
    expect(await shown()).toBe("8 waiting, 6 later, 10 to be dropped\n");
    await expectRefusalHere(
      ["sweep", "collect", folder.path],
      cwd,
      2,
      /14 of 14 jobs have no .*\(8 waiting, 6 later\)/,
    );
    const kept = { figure: "validationAccuracy", better: "higher", standings: [], kept: [1, 2] };
    writeFileSync(folder.file("rung1/kept.json"), JSON.stringify(kept));
    // Those that were dropped from the second rung are out of the third, too.
    expect(await shown()).toBe("12 waiting, 2 later, 8 dropped, 2 to be dropped\n");
    const { stdout } = await runHere(["sweep", "status", folder.path, "--json"], cwd);
    expect(JSON.parse(stdout)).toMatchObject({ counts: { waiting: 12, later: 2, dropped: 8, toBeDropped: 2 } });
  });

  it("are refused where two of their jobs would learn the same", () => {
    const search = (axes: object) => readSearch({ ...experiment, sweep: { axes, seeds: 1 } }, "a.yaml");
    for (const axes of [
      { "train.threads": [1, 2] },
      { "train.checkpointSeconds": [5, 60], "rule.name": ["bsd", "dll"] },
    ])
      expect(() => planOf(search(axes), "0.1.0")).toThrow(
        expect.objectContaining({
          code: "config",
          message: expect.stringMatching(/^sweep: expected jobs that differ in what they learn, got two that do not/),
        }),
      );
  });

  it("take any file for bispike compare", () => {
    const { kind, rungs } = readSearch({ ...experiment, compare: { axes: { "rule.name": ["bsd", "dll"] } } }, "a.yaml");
    expect([kind, rungs.length, rungs[0]!.jobs.length]).toEqual(["grid", 1, 6]);
    expect(rungs[0]!.comparison.baseline).toEqual([{ key: "rule.name", value: "bsd" }]);
  });
});

it("a trained run that is not measured as it was asked is not done", () => {
  const measure = { probes: { images: 40 } };
  const search = readSearch({ ...experiment, compare: { axes: {}, seeds: 1, measure } }, "a.yaml");
  const folder = empty();
  folder.writePlan(planOf(search, packageVersion()));
  const plan = folder.readPlan();
  const [job] = plan.jobs as [SweepJob];
  const runs = folder.runs(plan, 0);
  mkdirSync(runs.file(job.folder), { recursive: true });
  for (const name of ["config.yaml", "summary.json"]) writeFileSync(join(runs.file(job.folder), name), "{}");
  expect(folder.status(plan, job)).toEqual({ job, state: "interrupted" });
  folder.recordFailure(plan, job, "no luck");
  expect(folder.status(plan, job)).toEqual({ job, state: "failed", message: "no luck" });
  runs.writeMeasured(job, "probes", { images: 30, part: "test" }, {});
  expect(folder.status(plan, job).state, "measured, but otherwise").toBe("failed");
  runs.writeMeasured(job, "probes", { images: 40, part: "test" }, {});
  expect(folder.status(plan, job)).toEqual({ job, state: "done" });
});

describe("files for a sweep", () => {
  it.each([
    ["mnist-grid", "grid", [27]],
    ["alice-random", "random", [24]],
    ["fashion-halving", "random", [27, 9, 3]],
  ])("experiments/sweeps/%s.yaml is one", (name, kind, runs) => {
    const file = fileURLToPath(new URL(`../../experiments/sweeps/${name}.yaml`, import.meta.url));
    const search = readSearch(readRawExperiment(file), file);
    expect(search.kind).toBe(kind);
    expect(search.rungs.map(({ candidates, comparison }) => candidates * comparison.seeds.length)).toEqual(runs);
  });

  it.each([
    [{ space }, /sweep\.samples: expected how many draws/],
    [
      { space, samples: 2, axes: { "rule.name": ["bsd"] } },
      /expected axes \(a grid\) or space \(random search\), got both/,
    ],
    [{ samples: 2 }, /sweep\.samples: expected a space to draw from/],
    [
      { space: { "train.learningRate": { log: [1, 2] } }, samples: 1 },
      /sweep\.space\.train\.learningRate: expected a range/,
    ],
    [{ space: { "train.learningRate": { logUniform: [0, 2] } }, samples: 1 }, /numbers above 0/],
    [{ space: { "train.learningRate": { uniform: [2, 1] } }, samples: 1 }, /the smaller one first/],
    [{ space: { "train.batch": { integer: [1.5, 3] } }, samples: 1 }, /two integers/],
    [
      { space: { "train.bach": { choice: [1, 2] } }, samples: 2 },
      /unknown key train\.bach \(did you mean train\.batch\?\)/,
    ],
    [{ axes: { "rule.name": ["bsd", "dll"] }, halving: { epochs: [3, 1] } }, /two or more rising numbers of epochs/],
    [{ axes: { "train.epochs": [1, 2] }, halving }, /sets train\.epochs itself/],
    [{ halving }, /expected two or more candidates, got 1/],
    [{ axes: {}, halving: { ...halving, figure: "testAccuracy" } }, /the test part is not for choices/],
    [{ sample: 3 }, /unknown key sweep\.sample \(did you mean sweep\.samples\?\)/],
    [
      { halving: { ...halving, fraction: 3 } },
      /unknown key sweep\.halving\.fraction \(known here: sweep\.halving\.epochs, sweep\.halving\.eta, .*\)/,
    ],
  ])("%j is refused", (sweep, message) => {
    expect(() => readSearch({ ...experiment, sweep }, "a.yaml")).toThrow(message);
  });
});

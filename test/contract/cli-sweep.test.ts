/** `bispike sweep` as a user meets it, by processes of one machine: killed and gone on with, by a Slurm script, and tabulated. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runSweep } from "../../src/cli/commands/sweep-run.ts";
import { readSearch } from "../../src/cluster/sweep.ts";
import { SweepFolder } from "../../src/cluster/sweep-folder.ts";
import { planOf } from "../../src/cluster/sweep-plan.ts";
import { packageVersion } from "../../src/node/version.ts";
import { readRawExperiment } from "../../src/training/config-file.ts";
import { jsonLines, runCli, startCli } from "../support/cli.ts";
import { expectRefusal } from "../support/refusal.ts";

const TEXT = `name: words
task: next-character
data: { text: words.txt, window: 6 }
network: { hidden: [20], steps: 2 }
train: { batch: 4 }
sweep:
  space: { train.learningRate: { logUniform: [0.001, 0.1] } }
  samples: 2
  halving: { epochs: [3, 4], eta: 2 }
`;
const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

let cwd: string;
const read = (file: string) => readFileSync(join(cwd, file), "utf8");
const sweep = (...args: string[]) => runCli(["sweep", ...args], cwd);

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "bispike-"));
  const words = Array.from({ length: 160 }, (_, k) => ["abba", "cab", "back"][(k * k) % 3]);
  writeFileSync(join(cwd, "words.txt"), words.join(" "));
  writeFileSync(join(cwd, "words.yaml"), TEXT);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

/** The n-th job's script of a rung, by bash, as Slurm runs it. */
function task(rung: number, place: number) {
  const env = { ...process.env, BISPIKE: `${process.execPath} ${MAIN}`, SLURM_ARRAY_TASK_ID: String(place) };
  return spawnSync("bash", [join(cwd, `slurm/sweep-rung${rung}.sbatch`)], { env, cwd: "/", encoding: "utf8" });
}

describe("sweep", () => {
  it("goes on after SIGKILL, rung by rung, and tells how far it is", async () => {
    const planned = await sweep("plan", "words.yaml", "--out", "here");
    expect(planned.stdout).toBe("2 + 1 runs in 2 rungs -> here\n");
    const killed = startCli(["sweep", "run", "here", "--jobs=1", "--json"], cwd);
    await killed.shown('"event":"progress"');
    killed.child.kill("SIGKILL");
    expect((await killed.ended).code).toBeNull();
    await expectRefusal(["sweep", "collect", "here"], cwd, 2, /3 of 3 jobs have no results .*1 later\)/);
    const { code, stdout, stderr } = await sweep("run", "here", "--json");
    expect([code, stderr]).toEqual([0, ""]);
    expect(jsonLines(stdout).at(-1)).toEqual({ event: "ended", folder: "here", counts: { done: 3, dropped: 1 } });
    const kept = JSON.parse(read("here/rung1/kept.json"));
    const validation = kept.standings.map(({ mean }: { mean: number }) => mean);
    expect(validation[0]).toBeGreaterThanOrEqual(validation[1]);
    const status = await sweep("status", "here");
    expect(status.stdout).toBe("here: 4 jobs: 3 done, 1 dropped\n");
  });

  it("is tabulated as a comparison is", async () => {
    const { code, stdout } = await sweep("collect", "here");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^rung2, 4 epochs\nvariant +n +test accuracy/m);
    expect(stdout).toMatch(/^candidate +validation\.accuracy, 3 epochs$/m);
    expect(read("here/rung1/compare.md")).toContain("- 2 of 2 runs finished\n");
    expect(read("here/rung2/compare.md")).toContain("- 1 of 1 runs finished\n");
    expect(read("here/halving.md").match(/, kept \|/g)).toHaveLength(1);
  });

  it("by a Slurm array's script trains the task's job, and the same bytes", async () => {
    expect((await sweep("plan", "words.yaml", "--out", "slurm", "--slurm")).stdout).toContain("sweep-rung2.sbatch");
    expect(read("slurm/sweep-rung1.sbatch")).toMatch(/^#SBATCH --array=0-1$/m);
    const early = runSweep({ folder: join(cwd, "slurm"), job: "0", rung: 2 });
    await expect(early).rejects.toThrow(/rung 1 has runs that have not ended/);
    for (const place of [1, 0]) expect(task(1, place)).toMatchObject({ status: 0, stderr: "" });
    expect(task(2, 0).status).toBe(0);
    const plan = JSON.parse(read("slurm/plan.json"));
    const done = plan.jobs.filter(({ rung, folder }: { rung: number; folder: string }) =>
      existsSync(join(cwd, "slurm", `rung${rung + 1}`, folder, "summary.json")),
    );
    expect(done).toHaveLength(3);
    for (const { rung, folder } of done) {
      const [here, there] = ["here", "slurm"].map((name) =>
        readFileSync(join(cwd, name, `rung${rung + 1}`, folder, "last.safetensors")),
      );
      expect(here!.equals(there!), folder).toBe(true);
    }
    expect(spawnSync("bash", ["-n", join(cwd, "slurm/sweep-rung2.sbatch")]).status).toBe(0);
  });

  it("keeps failures on record, tries them again, and tabulates the others if told to", async () => {
    const { sweep: _, ...experiment } = readRawExperiment(join(cwd, "words.yaml")) as Record<string, object>;
    const axes = { "data.text": ["none.txt", "words.txt"] };
    const search = readSearch({ ...experiment, train: { epochs: 1 }, sweep: { axes, seeds: 1 } }, "test");
    const plan = planOf(search, packageVersion());
    const folder = new SweepFolder(join(cwd, "failing"));
    folder.writePlan(plan);
    const states = () => plan.jobs.map((job) => folder.status(plan, job));
    const ran = await sweep("run", "failing");
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain("tabulate the others by: bispike sweep collect failing --incomplete\n");
    expect(states()).toMatchObject([
      { state: "failed", message: expect.stringContaining("none.txt") },
      { state: "done" },
    ]);
    const partial = await sweep("collect", "failing", "--incomplete", "--quiet");
    expect([partial.code, partial.stderr]).toEqual([0, expect.stringContaining("incomplete: 1 of 2 jobs")]);
    expect(partial.stderr).toContain("1 of 2 runs failed; bispike sweep run failing tries them again:");
    expect(read("failing/runs/compare.md")).toContain("- missing: data.text=none.txt seed 1\n");
    writeFileSync(join(cwd, "none.txt"), read("words.txt"));
    expect((await sweep("run", "failing", "--job", plan.jobs[0]!.id)).code).toBe(0);
    expect(states()).toMatchObject([{ state: "done" }, { state: "done" }]);
  });
});

it.each([
  [{ worker: true }, /--worker.*expected with --queue/],
  [{ queue: "http://127.0.0.1" }, /--queue: expected redis\[s\]:\/\/.*got http:/],
  [{ queue: "redis://u:secret@host/x" }, /^(?!.*secret).*got more than a database's number/],
  [{ queue: "redis://127.0.0.1", enqueue: true, worker: true }, /--enqueue or --worker, got both/],
  [{ job: "7" }, /expected a place from 0 to 1 or an id of the plan, got "7"/],
] as const)("refuses %j", async (request, message) => {
  await expect(runSweep({ folder: join(cwd, "here"), ...request })).rejects.toThrow(message);
});

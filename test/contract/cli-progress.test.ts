/** What long measurements tell of how far they are: on stderr, now and then, and nothing to programs. */
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { runHere } from "../support/cli-here.ts";
import { trainedAutoencoder } from "../support/trained-autoencoder.ts";
import { trainedRun } from "../support/trained-run.ts";

const autoencoder = trainedAutoencoder();
const images = trainedRun();

/** Every look at the clock is 20 seconds after the one before it. */
beforeEach(() => {
  let seconds = 0;
  vi.spyOn(performance, "now").mockImplementation(() => {
    seconds += 20;
    return 1000 * seconds;
  });
});
afterEach(() => vi.restoreAllMocks());

it("reconstruct says how many images are done", async () => {
  const args = ["reconstruct", "run", "--part", "train", "--threads", "1", "--out", join(autoencoder(), "redrawn.png")];
  const { code, stdout, stderr } = await runHere(args, autoencoder());
  expect(code).toBe(0);
  const told = [...stderr.matchAll(/^bispike: (\d+) of (\d+) images reconstructed$/gm)];
  expect(told.length).toBeGreaterThan(0);
  expect(stderr.trimEnd().split("\n")).toHaveLength(told.length);
  const done = told.map(([, count]) => Number(count));
  expect(done).toEqual([...done].sort((a, b) => a - b));
  expect(done.at(-1)).toBeLessThan(Number(told[0]![2]));
  expect(stdout).toContain(`: ${told[0]![2]} train images of `);
  for (const silent of ["--quiet", "--json"]) {
    const quiet = await runHere([...args, silent], autoencoder());
    expect([quiet.code, quiet.stderr]).toEqual([0, ""]);
    expect(quiet.stdout).not.toBe("");
  }
});

it("eval --robustness counts the passes it takes", async () => {
  const { cwd, run } = images();
  const args = ["eval", run, "--threads", "1", "--robustness", "--corruptions", "noise,weights", "--severities", "1,2"];
  const { code, stderr } = await runHere([...args, "--draws", "2"], cwd);
  expect(code).toBe(0);
  // The clean images, two severities of one corruption, two draws at each of two severities; the last needs no line.
  const lines = Array.from({ length: 6 }, (_, k) => `bispike: ${k + 1} of 7 passes over the images\n`);
  expect(stderr).toBe(lines.join(""));
  const { code: silent, stderr: nothing } = await runHere([...args, "--json"], cwd);
  expect([silent, nothing]).toEqual([0, ""]);
});

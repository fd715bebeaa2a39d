/** A folder with the small bars and a run of an autoencoder on them, trained by the command line in a moment. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { runHere } from "./cli-here.ts";
import { writeSmallDigits } from "./small-digits.ts";

/** 6 batches an epoch, 72 in all; reconstructs its bars well. */
const EXPERIMENT = `name: reconstructed
task: autoencode
data: { path: bars }
network: { kind: mlp, hidden: [32], latent: 16, steps: 4 }
train: { epochs: 12, batch: 18, learningRate: 0.02, threads: 1 }
`;

/** Call at the top of a test file: all its tests share a folder with `bars/`, `reconstruct.yaml` and its run, `run/`. The returned function gives its path. */
export function trainedAutoencoder(): () => string {
  let folder = "";
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "bispike-"));
    writeSmallDigits(join(folder, "bars"));
    writeFileSync(join(folder, "reconstruct.yaml"), EXPERIMENT);
    const { code, stderr } = await runHere(["train", "reconstruct.yaml", "--out", "run", "--quiet"], folder);
    expect([code, stderr]).toEqual([0, ""]);
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return () => folder;
}

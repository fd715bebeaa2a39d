/** What `bispike eval` says to --cost, --representation, --ood, --recall-measures and --classifier where they cannot be. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { checkSections } from "../../src/cli/commands/eval-sections.ts";
import { runCli } from "../support/cli.ts";
import { idxFile } from "../support/data-files.ts";
import { expectRefusalHere } from "../support/refusal.ts";
import { writeSmallDigits } from "../support/small-digits.ts";
import { trainedRun } from "../support/trained-run.ts";

const trained = trainedRun();

it("refuses sections of images for another kind of run, before its data are read", () => {
  const options = { part: "test", threads: 1 } as const;
  const other = "runs/alice/best.safetensors is one of sequences";
  for (const [key, name, value] of [
    ["cost", "--cost", true],
    ["representation", "--representation", true],
    ["ood", "--ood", "mnist"],
    ["recallMeasures", "--recall-measures", true],
  ] as const) {
    const asked = () => checkSections({ ...options, [key]: value }, other);
    expect(asked).toThrow(`${name}: is for image experiments, but runs/alice/best.safetensors is one of sequences`);
    expect(() => checkSections({ ...options, [key]: value }, null)).not.toThrow();
  }
  expect(() => checkSections(options, other)).not.toThrow();
});

it("refuses what does not go together", async () => {
  const { cwd } = trained();
  const refuse = (args: string[], code: 1 | 2, message: RegExp) =>
    expectRefusalHere(["eval", "run", "--threads", "2", ...args], cwd, code, message);
  await refuse(["--classifier", "run/last.safetensors"], 2, /--classifier needs --recall-measures/);
  await refuse(["--recall-measures", "--classifier", "run"], 2, /--classifier: expected another checkpoint than run/);
  await refuse(["--recall-measures", "--classifier", "nowhere"], 1, /nowhere: no such file or folder/);
  await refuse(["--ood", "nowhere"], 1, /nowhere: there is no such file or folder; check --ood$/m);
  await refuse(["--ood", "cifar10"], 1, /--ood "cifar10" is not part of any package: .* give its folder as --ood$/m);
  const two = join(cwd, "two");
  mkdirSync(join(two, "only", "train", "a"), { recursive: true });
  for (const name of ["train.bin", "train_32x32.mat"]) writeFileSync(join(two, name), "");
  await refuse(["--ood", "two"], 1, /several data sets \(cifar100, svhn\); give --ood a folder of one set$/m);
  await refuse(["--ood", "two/only"], 1, /found train\/ but no test\/; .* the classes itself as --ood \(/);
  await refuse(["--data.path", "nowhere"], 1, /nowhere: there is no such file or folder; check --data\.path$/m);
  await refuse(["--data.path", "two"], 1, /several data sets .*; give --data\.name or a folder of one set$/m);
  const wide = join(cwd, "wide");
  mkdirSync(wide);
  for (const part of ["train", "t10k"]) {
    writeFileSync(join(wide, `${part}-images-idx3-ubyte`), idxFile([2, 4, 9], new Uint8Array(72)));
    writeFileSync(join(wide, `${part}-labels-idx1-ubyte`), idxFile([2], [0, 1]));
  }
  await refuse(["--ood", "wide"], 1, /--ood wide: holds images of 4x9x1, but the pair was trained on 8x8x1/);
  writeSmallDigits(join(cwd, "five"), { classes: 5 });
  writeFileSync(
    join(cwd, "five.yaml"),
    "name: five\ndata: { path: five }\nnetwork: { hidden: [8] }\ntrain: { epochs: 1, threads: 1 }\n",
  );
  expect((await runCli(["train", "five.yaml", "--quiet", "--out", "fiverun"], cwd)).code).toBe(0);
  await refuse(
    ["--recall-measures", "--classifier", "fiverun"],
    1,
    /--classifier: fiverun\/best\.safetensors was trained on images of 8x8x1 in 5 classes, run\/best\.safetensors on 8x8x1 in 4 classes/,
  );
});

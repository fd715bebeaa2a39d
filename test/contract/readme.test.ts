/** README's promise to a reader: its library example runs as printed, on a small data set. What it links to is held by `documented.test.ts`. */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { temporaryFolders } from "../support/folder.ts";
import { writeSmallDigits } from "../support/small-digits.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");
const newFolder = temporaryFolders();

it("the library example runs and learns", async () => {
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1];
  const data = newFolder();
  writeSmallDigits(data);
  // The example's data set and length give way to ones that take a second; everything else is as printed.
  const changed = example
    ?.replace('images("mnist")', `images(${JSON.stringify(data)})`)
    .replace("mlp([512, 256])", "mlp([32])")
    .replace("epochs: 3", "epochs: 60, batch: 24, learningRate: 0.02")
    .replace("28 * 28", "8 * 8")
    .replaceAll('"runs/digits"', JSON.stringify(join(newFolder(), "digits")));
  expect(changed).not.toBe(example);
  // Inside the package, so that "bispike" means this package, by its own exports.
  const file = join(root, "build", "readme-example.mjs");
  writeFileSync(file, changed ?? "");
  const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: root });
  const last = stdout.trim().split("\n").at(-1);
  expect(last).toMatch(/^[0-9] 0\.\d+ 0\.\d+ 64 (1|0\.9\d*) classify$/);
});

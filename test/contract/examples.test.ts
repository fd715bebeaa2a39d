/** The examples run as they are printed, on small data, and come to what they promise. Plugins: cli-plugin.test.ts and registration.test.ts. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ModuleKind, ScriptTarget, transpileModule } from "typescript";
import { expect, it } from "vitest";
import { decodeSafetensors } from "../../src/formats/safetensors.ts";
import { temporaryFolders } from "../support/folder.ts";
import { writeSmallDigits } from "../support/small-digits.ts";
import { smallText } from "../support/small-sequence-run.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const newFolder = temporaryFolders();
const short = ["--train.epochs=60", "--train.batch=24", "--train.learningRate=0.02"];

/** Runs an example without its types, inside the package, so that "bispike" means this package by its own exports. */
async function runExample(name: string, ...args: string[]): Promise<string> {
  const text = readFileSync(join(root, "examples", `${name}.ts`), "utf8");
  const compilerOptions = { module: ModuleKind.ESNext, target: ScriptTarget.ES2022 };
  const folder = join(root, "build", "examples");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, transpileModule(text, { compilerOptions }).outputText);
  return (await promisify(execFile)(process.execPath, [file, ...args], { cwd: root })).stdout.trim();
}

it("train-in-ten-lines: ten lines, and it learns", async () => {
  const lines = readFileSync(join(root, "examples", "train-in-ten-lines.ts"), "utf8").split("\n");
  const code = lines.filter((line) => line !== "" && !/^(\/\*\*| \*|import )/.test(line));
  expect(code.length).toBeLessThanOrEqual(10);
  const data = writeSmallDigits(newFolder());
  expect(Number(await runExample("train-in-ten-lines", data, "--network.hidden=[32]", ...short))).toBeGreaterThan(0.9);
});

it("stage losses from outside take thirty lines or less", () => {
  const text = readFileSync(join(root, "examples", "plugins", "margin-loss.mjs"), "utf8");
  expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(30);
});

it("export: both files are there and hold what they say", async () => {
  const [data, out] = [writeSmallDigits(newFolder()), newFolder()];
  const printed = await runExample("export", out, data, "--network.hidden=[16]", ...short);
  expect(JSON.parse(printed)).toEqual({ inputs: ["pixels"], outputs: expect.arrayContaining(["decision"]) });
  const { tensors } = decodeSafetensors(readFileSync(join(out, "weights.safetensors")));
  expect([...tensors.values()].map(({ shape }) => shape)).toContainEqual([16, 64]);
  expect(existsSync(join(out, "perception.onnx"))).toBe(true);
});

it("stream: names more of what it reads late than early", async () => {
  const file = join(newFolder(), "text.txt");
  writeFileSync(file, smallText().repeat(20));
  const [first, last] = (await runExample("stream", file)).split(" ").map(Number);
  expect(last).toBeGreaterThan(first!);
  expect(last).toBeGreaterThan(0.5);
});

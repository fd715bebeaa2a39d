/**
 * The package as others install it: every entry imports, its types hold under both resolutions that people use, tools that judge packages find nothing, and
 * what a page loads of it is small.
 */
import { execFile } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundleForBrowsers } from "../support/browser-bundle.ts";
import { entries, type InstalledPackage, installPacked, manifest } from "../support/packed-package.ts";
import { writeSmallDigits } from "../support/small-digits.ts";

const bin = (name: string) => fileURLToPath(new URL(`../../node_modules/.bin/${name}`, import.meta.url));
const run = promisify(execFile);
let installed: InstalledPackage;

beforeAll(async () => {
  installed = await installPacked(mkdtempSync(join(tmpdir(), "bispike-")));
});
afterAll(() => rmSync(installed.folder, { recursive: true, force: true }));

/** Runs a module in the installing folder; gives what it printed. */
async function node(code: string): Promise<string> {
  const file = join(installed.folder, "try.js");
  writeFileSync(file, code);
  return (await run(process.execPath, [file], { cwd: installed.folder })).stdout.trim();
}

it("imports by every entry", async () => {
  expect(entries).toContain("bispike");
  expect(entries.length).toBeGreaterThanOrEqual(9);
  const imports = entries.map((entry, i) => `import * as e${i} from "${entry}";`).join("\n");
  const counts = entries.map((_, i) => `Object.keys(e${i}).length`).join(", ");
  const names = JSON.parse(await node(`${imports}\nconsole.log(JSON.stringify([${counts}]));`)) as number[];
  for (const [i, count] of names.entries()) expect(count, entries[i]).toBeGreaterThan(0);
});

it("trains by its command", async () => {
  const data = writeSmallDigits(join(installed.folder, "data"));
  writeFileSync(
    join(installed.folder, "small.yaml"),
    "network: { hidden: [16] }\ntrain: { epochs: 1, batch: 24, threads: 2 }\n",
  );
  const command = join(installed.folder, "node_modules", "bispike", "dist", "cli", "main.js");
  const args = [command, "train", "small.yaml", `--data.path=${data}`, "--name=small"];
  await run(process.execPath, args, { cwd: installed.folder });
  const { stdout } = await run(process.execPath, [command, "inspect", "runs/small-seed1"], { cwd: installed.folder });
  expect(stdout).toContain("small");
  const { stdout: version } = await run(process.execPath, [command, "--version"]);
  expect(version.trim()).toBe(manifest.version);
});

/** Entries whose types need no Node: what is compiled for a page. */
const forPages = entries.filter((entry) => entry !== "bispike/node");

const consumer = (names: readonly string[]) => `${names.map((e, i) => `import * as e${i} from "${e}";`).join("\n")}
export const all = [${names.map((_, i) => `e${i}`).join(", ")}];
`;

/** Twice what a busy machine takes; declarations of the package itself are checked too, so compiling takes its time. */
const COMPILING = 300_000;

it.each([
  { module: "nodenext", moduleResolution: "nodenext", names: entries, types: ["node"] },
  { module: "esnext", moduleResolution: "bundler", names: forPages, types: [] },
])(
  "compiles for a consumer in TypeScript by $moduleResolution, with types $types",
  async ({ names, ...options }) => {
    const { folder } = installed;
    writeFileSync(join(folder, "consumer.ts"), consumer(names));
    copyFileSync(fileURLToPath(new URL("../types/inferred.ts", import.meta.url)), join(folder, "inferred.ts"));
    const typeRoots = [fileURLToPath(new URL("../../node_modules/@types", import.meta.url))];
    const compilerOptions = {
      ...{ ...options, typeRoots, target: "es2022", lib: ["es2023", "dom"], strict: true, noEmit: true },
      ...{ exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false },
    };
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ compilerOptions, files: ["consumer.ts", "inferred.ts"] }),
    );
    const compiled = run(bin("tsc"), ["-p", folder], { cwd: folder });
    await compiled.catch((error: { readonly stdout: string }) => {
      throw new Error(error.stdout);
    });
  },
  COMPILING,
);

/** Readers of picture files, which a page that has pixels does without. */
const formats = ["decodeImage"];

it("is small in a page's bundle, which runs without Node", async () => {
  const names = JSON.parse(
    await node(`import * as all from "bispike";\nconsole.log(JSON.stringify(Object.keys(all)));`),
  ) as string[];
  const kept = names.filter((name) => !formats.includes(name));
  expect(kept.length).toBe(names.length - formats.length);
  const { code, gzipped, warnings } = await bundleForBrowsers(
    installed.folder,
    `export { ${kept.join(", ")} } from "bispike";\n`,
  );
  expect(warnings).toEqual([]);
  expect(code).not.toMatch(/["']node:|__vite-browser-external/);
  // Half of what is left are kernels and two libraries, one that checks configurations and one that reads YAML.
  // `train` and `load` bring the nets and rules of every problem.
  expect(gzipped).toBeLessThan(195_000);
  // Not a file with "node" in its name that fell back to something: the bundle itself starts an engine.
  writeFileSync(join(installed.folder, "bundle.js"), code);
  const started = await node(`import { resolveConfig, Team } from "./bundle.js";
const team = await Team.create();
console.log(team.threads, resolveConfig({ data: { name: "mnist" } }, ["--train.batch=7"]).train.batch);
await team.close();`);
  expect(started).toBe("1 7");
});

it("is judged clean by publint and Are The Types Wrong", async () => {
  const lint = await run(bin("publint"), ["run", installed.tarball, "--strict"]);
  expect(lint.stdout).toContain("All good!");
  // Only ES modules: Node 20's require does not load them, and older resolution does not read `exports`.
  const flags = ["--profile", "esm-only", "--no-definitely-typed", "--format", "json"];
  const { stdout } = await run(bin("attw"), [installed.tarball, ...flags], { maxBuffer: 2 ** 26 });
  const { analysis } = JSON.parse(stdout) as { readonly analysis: { readonly entrypoints: object } };
  expect(Object.keys(analysis.entrypoints)).toEqual(Object.keys(manifest.exports));
});

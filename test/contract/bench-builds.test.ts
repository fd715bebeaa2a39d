/** Two builds are timed against each other, also where the other one has the names of an older version, and the table says whether they did the same. */
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { temporaryFolders } from "../support/folder.ts";

const script = fileURLToPath(new URL("../../bench/builds.mjs", import.meta.url));
const newFolder = temporaryFolders();

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, [script, ...args])) };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

/** Reads configurations as version 1 did: keys that it did not have are refused. */
const VERSION_1 = `
const renamed = { heldOut: "validation", negatives: "rivals" };
const inner = (section) => Object.fromEntries(Object.entries(section).map(([key, value]) => [renamed[key] ?? key, value]));
const asNow = (raw) => {
  const text = JSON.stringify(raw);
  if (Object.values(renamed).some((key) => text.includes(JSON.stringify(key)))) throw new Error("unknown key");
  return { ...raw, data: inner(raw.data), rule: inner(raw.rule) };
};
`;

/** A folder that looks like another checkout, made of this one's build. */
function olderCheckout(seed?: number): string {
  const folder = newFolder();
  mkdirSync(join(folder, "dist", "node"), { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  const readers = {
    index: "resolveConfig",
    sequence: "resolveSequenceConfig",
    autoencoder: "resolveAutoencoderConfig",
  };
  for (const [entry, reader] of Object.entries(readers)) {
    const now = JSON.stringify(new URL(`../../dist/${entry}.js`, import.meta.url).href);
    const train = seed === undefined ? "" : `train: { ...raw.train, seed: ${seed} }, `;
    const text = `import { ${reader} as read } from ${now};
export * from ${now};
${VERSION_1}
export const ${reader} = (raw) => read({ ...asNow(raw), ${train}});
`;
    writeFileSync(join(folder, "dist", `${entry}.js`), text);
  }
  const node = JSON.stringify(new URL("../../dist/node/index.js", import.meta.url).href);
  writeFileSync(join(folder, "dist", "node", "index.js"), `export * from ${node};\n`);
  return folder;
}

/** Cells of the table, [row][column]. */
const cellsOf = (stdout: string) =>
  stdout
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .slice(2);

it("times images, sequences, streams and autoencoders against a build that has older names", async () => {
  const { code, stdout, stderr } = await run(olderCheckout(), "--quick");
  expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining("autoencoder-cnn, 1 threads") });
  expect(stdout).toMatch(/ cores, Node v.* load .*; before /);
  const rows = cellsOf(stdout);
  const jobs = rows.map(([, what]) => what!.replace(/.*: /, ""));
  expect(jobs.filter((job) => job === "BSD step")).toHaveLength(6);
  expect(jobs.filter((job) => job === "BPTT step")).toHaveLength(2);
  expect(jobs.filter((job) => job === "deciding a batch")).toHaveLength(2);
  expect(jobs.filter((job) => job.startsWith("an element"))).toEqual(["an element", "an element, learning every 16"]);
  for (const [, , threads, before, now, ratio, results] of rows) {
    expect({ threads, results }).toEqual({ threads: "1", results: "same" });
    expect([Number(before), Number(now)].every((ms) => ms > 0)).toBe(true);
    expect(ratio).toMatch(/^[\d.]+× \([\d.]+–[\d.]+\)$/);
  }
}, 180_000);

it("tells builds that do different work", async () => {
  const cases = ["--cases", "stream-learning, autoencoder-mlp", "--threads", "1"];
  const { stdout } = await run(olderCheckout(2), "--quick", "--rounds", "2", ...cases);
  const rows = cellsOf(stdout);
  expect(rows).toHaveLength(2);
  for (const row of rows) expect(row[6]).toBe("differ");
  expect(stdout).toContain("Medians of 2 rounds");
}, 60_000);

it("refuses unknown cases and folders that were not built", async () => {
  const unknown = await run(olderCheckout(), "--cases", "mlp,speed");
  expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('got "speed"') });
  const empty = await run(newFolder());
  expect(empty).toMatchObject({ code: 1, stderr: expect.stringContaining("expected a checkout of bispike") });
});

// @ts-check
/**
 * Writes a results file into RESULTS.md, between its bench:begin and bench:end comments, and the pictures beside it:
 *
 *   npm run bench:report -- FILE.json
 *
 * Same file, same bytes; what stands outside the comments is left alone.
 */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Command } from "commander";
import { ResultsError, readResults } from "./results.mjs";

/** @typedef {import("./results.mjs").Contents} Contents */

export const BEGIN = "<!-- bench:begin -->";
export const END = "<!-- bench:end -->";
const ROOT = fileURLToPath(new URL("..", import.meta.url));

/**
 * @param {Contents} contents
 * @param {string} [root] folder of RESULTS.md and docs/
 * @throws ResultsError where RESULTS.md lacks the comments
 */
export async function writeReport(contents, root = ROOT) {
  const { reportText } = await import("./report-text.mjs");
  const { pictures } = await import("./pictures.mjs");
  const file = join(root, "RESULTS.md");
  const drawn = pictures(contents);
  const names = drawn.map(({ name }) => name);
  const text = between(await readFile(file, "utf8"), reportText(contents, names), file);
  await mkdir(join(root, "docs"), { recursive: true });
  for (const { name, svg } of drawn) await replaceFile(join(root, "docs", name), svg);
  await replaceFile(file, text);
}

/**
 * @param {string} before
 * @param {string} text
 * @param {string} file for messages
 */
function between(before, text, file) {
  const begin = before.indexOf(BEGIN);
  const end = before.indexOf(END);
  if (begin < 0 || end < begin || before.indexOf(BEGIN, begin + 1) >= 0) {
    throw new ResultsError(`${file}: expected one line ${BEGIN} and after it one ${END}, to write between`);
  }
  return `${before.slice(0, begin + BEGIN.length)}\n\n${text.trim()}\n\n${before.slice(end)}`;
}

/** Whole or not at all. @param {string} file @param {string} text */
async function replaceFile(file, text) {
  const unfinished = `${file}.unfinished`;
  await writeFile(unfinished, text);
  await rename(unfinished, file);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const command = new Command("npm run bench:report --")
    .description("Writes the tables and pictures of a results file into RESULTS.md and docs/.")
    .argument("<file>", "written by npm run bench -- --json FILE")
    .option("--root <folder>", "where RESULTS.md and docs/ are", ROOT)
    .parse();
  try {
    await writeReport(readResults(command.args[0] ?? ""), command.opts().root);
  } catch (error) {
    if (!(error instanceof Error && (error.name === "ResultsError" || "syscall" in error))) throw error;
    console.error(`bench: ${error.message}`);
    process.exitCode = 1;
  }
}

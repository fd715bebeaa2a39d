// @ts-check
/**
 * The results file: {machine, commit?, quick, done, kernels?, steps?, ...}. A section is a list of rows; `done` names the parts of each section
 * that were measured, so that an interrupted run can go on.
 */
import { existsSync, readFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { commitMeasured, describeMachine } from "./machine.mjs";

/**
 * @typedef {object} Contents
 * @property {import("./machine.mjs").Machine} machine
 * @property {string} [commit]
 * @property {boolean} quick
 * @property {Record<string, string[]>} done parts measured, by section
 * @property {Record<string, object[]>} sections rows, by section
 */

/** What a person can put right. */
export class ResultsError extends Error {
  /** @override */
  name = "ResultsError";
}

/**
 * @param {string} file
 * @returns {Contents}
 * @throws ResultsError for a file that is no results file
 */
export function readResults(file) {
  /** @type {unknown} */
  let contents;
  try {
    contents = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new ResultsError(`${file}: expected a results file of the benchmark: ${String(error)}`);
  }
  const isObject = (/** @type {unknown} */ value) => typeof value === "object" && value !== null;
  const found = /** @type {Contents} */ (contents);
  if (!isObject(found) || !isObject(found.machine) || !isObject(found.done) || !isObject(found.sections)) {
    throw new ResultsError(`${file}: expected a results file of the benchmark with machine, done and sections`);
  }
  return found;
}

/** The results of a run, kept on disk where a file was named. */
export class Results {
  /** @type {Contents} */
  contents;
  #file;

  /** @param {import("./settings.mjs").Settings} settings */
  constructor({ json, resume, quick }) {
    this.#file = json;
    const machine = describeMachine();
    const commit = commitMeasured();
    const fresh = { machine, ...(commit === undefined ? {} : { commit }), quick, done: {}, sections: {} };
    this.contents = resume && json !== undefined && existsSync(json) ? readResults(json) : fresh;
    const { contents } = this;
    for (const [what, before, now] of [
      ["processor", contents.machine.cpu, machine.cpu],
      ["commit", contents.commit, commit],
      ["kind of run (--quick)", contents.quick, quick],
    ]) {
      if (before === now) continue;
      throw new ResultsError(
        `${json}: its ${what} was ${String(before)} and is ${String(now)} now; figures of both do not belong in one table. ` +
          "Leave --resume out to begin anew",
      );
    }
  }

  /** @param {string} section @param {string} part */
  has(section, part) {
    return this.contents.done[section]?.includes(part) ?? false;
  }

  /** @param {string} section */
  rows(section) {
    return this.contents.sections[section] ?? [];
  }

  /**
   * Adds a part and saves.
   *
   * @param {string} section
   * @param {string} part
   * @param {readonly object[]} rows
   */
  async add(section, part, rows) {
    const { done, sections } = this.contents;
    done[section] = [...(done[section] ?? []), part];
    sections[section] = [...(sections[section] ?? []), ...rows];
    await this.save();
  }

  /** Writes the file whole or not at all. */
  async save() {
    if (this.#file === undefined) return;
    const unfinished = `${this.#file}.unfinished`;
    await writeFile(unfinished, `${JSON.stringify(this.contents, undefined, 2)}\n`);
    await rename(unfinished, this.#file);
  }
}

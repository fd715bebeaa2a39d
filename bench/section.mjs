// @ts-check
/** What a section of the benchmark is: parts that are measured one after the other, each saved as it ends, and a table of them all. */

/** @typedef {import("./settings.mjs").Settings} Settings */

/**
 * @template Row
 * @typedef {object} Part one measurement; an interrupted run goes on at the first part it lacks
 * @property {string} key names the part within its section
 * @property {() => Promise<readonly Row[]>} measure rows for the results file: plain JSON
 */

/**
 * @template Row
 * @typedef {object} Section
 * @property {(settings: Settings) => { readonly parts: readonly Part<Row>[], close(): Promise<void> }} open nothing is measured yet
 * @property {(rows: readonly Row[]) => string} report Markdown
 */

/** For sections that hold nothing open. */
export const nothingToClose = async () => {};

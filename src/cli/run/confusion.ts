/** A confusion matrix for people. */
import type { Evaluation } from "../../measurement/evaluate.ts";
import { alignTable, classLabel } from "../table.ts";

/** A confusion matrix of more classes fits no terminal; its largest entries are listed instead. */
const MOST_COLUMNS = 20;
const LISTED_CONFUSIONS = 20;

/**
 * The matrix itself, or of more than 20 classes its 20 largest entries off the diagonal.
 *
 * @param confusion counts, [truth][decision]
 * @example
 * print(confusionTable(measured.confusion, model.data.classNames));
 */
export function confusionTable(confusion: Evaluation["confusion"], classNames: readonly string[]): string {
  if (classNames.length <= MOST_COLUMNS) {
    const cell = (count: number) => (count === 0 ? "." : count.toString());
    const rows = confusion.map((row, truth) => [classLabel(truth, classNames), ...row.map(cell)]);
    const heading = ["", ...classNames.map((_, c) => c.toString())];
    return `confusion: a row is the truth, a column the decision\n${alignTable([heading, ...rows], "l")}`;
  }
  const wrong = confusion.flatMap((row, truth) => row.map((count, decision) => ({ truth, decision, count })));
  const largest = wrong
    .filter(({ truth, decision, count }) => truth !== decision && count > 0)
    .sort((a, b) => b.count - a.count);
  const rows = largest
    .slice(0, LISTED_CONFUSIONS)
    .map(({ truth, decision, count }) => [classNames[truth]!, classNames[decision]!, count.toString()]);
  return `most frequent confusions (all of them with --json)\n${alignTable([["truth", "decision", "images"], ...rows], "llr")}`;
}

import type { Decision } from "../../measure/decide.ts";
import type { Evaluation } from "../../measure/evaluate.ts";

/** Text tables and bars for the terminal. */

/** Two spaces: enough to part columns, few enough for ten classes in 80 characters. */
const GAP = "  ";

/**
 * Rows of cells as lines with aligned columns. Short rows are filled up with empty cells; spaces at line ends are left out.
 *
 * @param rows the first row is usually the heading
 * @param alignment one letter a column, "l" or "r"; columns beyond it are right-aligned. Default: all "r"
 * @example
 * alignTable([["class", "images"], ["zero", "980"]], "lr"); // "class  images\nzero      980"
 */
export function alignTable(rows: readonly (readonly string[])[], alignment = ""): string {
  const columns = rows.reduce((most, row) => Math.max(most, row.length), 0);
  const widths = Array.from({ length: columns }, (_, c) =>
    rows.reduce((most, row) => Math.max(most, widthOf(row[c] ?? "")), 0),
  );
  return rows
    .map((row) =>
      widths
        .map((width, c) => {
          const cell = printable(row[c] ?? "");
          const fill = " ".repeat(width - widthOf(cell));
          return alignment[c] === "l" ? cell + fill : fill + cell;
        })
        .join(GAP)
        .trimEnd(),
    )
    .join("\n");
}

/** Code points, not code units; good enough for names of classes and files. */
function widthOf(text: string): number {
  return [...printable(text)].length;
}

/** Names come from files: a control character in one must not move the cursor or colour the terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, "\uFFFD");
}

/** "97.31 %"; a dash where there is nothing to measure. */
export function percent(share: number | null): string {
  return share === null ? "-" : `${(100 * share).toFixed(2)} %`;
}

/** A bar of full blocks: `share` of `width` characters; nothing for shares of 0 and below. */
export function bar(share: number, width: number): string {
  return "\u2588".repeat(Math.round(width * Math.min(1, Math.max(0, share))));
}

/** A class for people: "7 Sneaker", or "7" alone where the name says no more. */
export function classLabel(index: number, classNames: readonly string[]): string {
  const name = classNames[index] ?? "";
  return name === String(index) ? name : `${index} ${name}`;
}

// Shares, durations and counts in words.

/** @example duration(125) // "2 min 5 s" */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** @example counted(1, "epoch") // "1 epoch"; of 3: "3 epochs" */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/** @example figure(0.123456) // "0.1235" */
export function figure(value: number): string {
  return Math.abs(value) >= 1000 || (value !== 0 && Math.abs(value) < 0.001) ? value.toPrecision(4) : value.toFixed(4);
}

// A confusion matrix for people.

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

// A decision as a table: how like each class's spike train the concept's spikes are, and its drive; of a non-spiking net each class's share (softmax) and output.

/** Characters of a bar of cosine 1. */
const BAR_WIDTH = 24;
/** Of many classes only the likeliest are shown. */
const MOST_CLASSES = 12;

/**
 * @param spiking whether the net has spikes to compare
 * @example
 * print(decisionTable(decide(pair, 1)[0], model.data.classNames));
 */
export function decisionTable(decision: Decision, classNames: readonly string[], spiking = true): string {
  const { cosines, drives } = decision;
  const likeliest = classNames
    .map((_, c) => c)
    .sort((a, b) => cosines[b]! - cosines[a]! || drives[b]! - drives[a]!)
    .slice(0, MOST_CLASSES);
  const shown = classNames.length > MOST_CLASSES ? likeliest : likeliest.sort((a, b) => a - b);
  // A silent concept has no cosines to show; the softmax of its drives says how near the classes are.
  const shares = !spiking || isSilent(decision) ? softmax(drives) : cosines;
  const rows = shown.map((c) => [
    c === decision.class ? ">" : "",
    classLabel(c, classNames),
    bar(shares[c]!, BAR_WIDTH).padEnd(BAR_WIDTH),
    (spiking ? cosines : shares)[c]!.toFixed(3),
    drives[c]!.toFixed(2),
  ]);
  const measures = spiking ? ["cosine", "drive"] : ["share", "output"];
  return alignTable([["", "class", "", ...measures], ...rows], "lllrr");
}

function softmax(values: Float64Array): Float64Array {
  const largest = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** Whether no neuron of the concept fired, so that its drive decided. */
function isSilent({ cosines }: Decision): boolean {
  return cosines.every((cosine) => cosine === 0);
}

/** How the decision came about, where that is out of the ordinary. */
export function decisionRemark(decision: Decision): string {
  return isSilent(decision) ? " (the concept is silent: decided by its drive)" : "";
}

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

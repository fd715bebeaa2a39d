/** Tables as CSV text (RFC 4180, with lines that end in LF): what `parseCsv` reads. */

/**
 * @param rows cells of text, numbers, or null for none
 * @example
 * writeCsv(["row", "OT"], [[0, 13.25], [1, null]]); // "row,OT\n0,13.25\n1,\n"
 */
export function writeCsv(header: readonly string[], rows: Iterable<readonly (string | number | null)[]>): string {
  const lines = [header.map(quoted).join(",")];
  for (const row of rows) lines.push(row.map((cell) => (cell === null ? "" : quoted(String(cell)))).join(","));
  return `${lines.join("\n")}\n`;
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** Significant digits of a float32. */
const DIGITS = 7;
const MOST_DECIMALS = 20;

/**
 * Rounds a value that was standardised in float32 and restored to the decimals that outlast it, seven digits of the larger of mean and deviation: a 0 is a 0 again.
 *
 * @example
 * roundRestored(3.2304e-8, 2.1, 1.4); // 0
 * roundRestored(13.300000190734863, 13.3, 8.6); // 13.3
 */
export function roundRestored(value: number, mean: number, std: number): number {
  const whole = Math.floor(Math.log10(Math.max(Math.abs(mean), std))) + 1;
  const rounded = Number(value.toFixed(Math.min(MOST_DECIMALS, Math.max(0, DIGITS - whole))));
  return rounded === 0 ? 0 : rounded;
}

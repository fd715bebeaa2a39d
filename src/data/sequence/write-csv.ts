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

/** A float32 in as many digits as it has: seven, without zeros at the end. */
export function sevenDigits(value: number): number {
  return Number(value.toPrecision(7));
}

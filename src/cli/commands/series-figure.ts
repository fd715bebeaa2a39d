/** Columns of a series and what a net makes of them, as a picture. */
import { writeSeries } from "../../node/figures.ts";
import { MOST_PANELS } from "../../node/plots/series.ts";
import { canDrawText } from "../../node/plots/svg-to-png.ts";
import { note } from "../process.ts";

export interface DrawnColumn {
  readonly name: string;
  readonly truth: ArrayLike<number | null>;
  readonly other: ArrayLike<number>;
}

const TRUTH = "#222222";
const OTHER = "#d55e00";

/** Draws the first 12 columns; says so where there are more. */
export function drawSeries(
  columns: readonly DrawnColumn[],
  { title, other, rows, first }: { title: string; other: string; rows: readonly string[] | null; first: number },
  file: string,
): void {
  const panels = columns.slice(0, MOST_PANELS).map((column) => ({
    title: column.name,
    lines: [
      { label: "truth", colour: TRUTH, width: 1.2, values: column.truth },
      { label: other, colour: OTHER, width: 1.4, values: column.other },
    ],
  }));
  writeSeries({ title, panels, rows, first }, file);
  if (columns.length > panels.length) note("note", `${file}: the first ${panels.length} of ${columns.length} columns`);
  if (/\.png$/i.test(file) && !canDrawText())
    note("warning", `${file}: this machine has no fonts, so the picture lacks its text; an .svg would be whole`);
}

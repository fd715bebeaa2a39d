/** Figures in words: as many digits as their spread leaves meaning in. */
import type { Spread } from "../measure/statistics.ts";
import type { Figure } from "./figures.ts";

/** What a figure's numbers are multiplied by, and the unit that follows. */
function scaleOf({ unit }: Figure): { readonly factor: number; readonly suffix: string } {
  if (unit === "share") return { factor: 100, suffix: " %" };
  return { factor: unit === "bytes" ? 1e-6 : 1, suffix: "" };
}

/** Figures without a spread, or with none, have this many significant digits. */
const DIGITS = 4;
/** Digits behind the point at most. */
const MOST_DECIMALS = 8;

/**
 * "93.12 ± 0.34 %": the sample's deviation to two digits and the mean to the same place; the mean alone of one run.
 *
 * @example
 * showSpread(accuracy, { n: 3, mean: 0.9312, std: 0.0034, least: 0.93, most: 0.935 });
 */
export function showSpread(figure: Figure, spread: Spread | undefined): string {
  if (!spread) return "-";
  const { factor, suffix } = scaleOf(figure);
  const mean = spread.mean * factor;
  const std = spread.std === null ? null : spread.std * factor;
  const decimals = decimalsOf(figure, mean, std);
  // Sizes are mostly the same in all runs.
  const plain = std === null || (std === 0 && (figure.unit === "count" || figure.role === "size"));
  const after = plain ? "" : ` ± ${std.toFixed(decimals)}`;
  return `${mean.toFixed(decimals)}${after}${suffix}`;
}

/** A difference with its sign, and its spread: "+1.20 ± 0.40 %", in percentage points for shares. */
export function showDifference(figure: Figure, mean: number, std: number | null): string {
  const { factor, suffix } = scaleOf(figure);
  const decimals = decimalsOf(figure, mean * factor, std === null ? null : std * factor);
  const after = std === null ? "" : ` ± ${(std * factor).toFixed(decimals)}`;
  const points = suffix === "" ? "" : " points";
  return `${mean > 0 ? "+" : ""}${(mean * factor).toFixed(decimals)}${after}${points}`;
}

/** One value. @example showValueOf(accuracy, 0.9312) // "93.12 %" */
export function showFigure(figure: Figure, value: number): string {
  return showSpread(figure, { n: 1, mean: value, std: null, least: value, most: value });
}

function decimalsOf({ unit }: Figure, mean: number, std: number | null): number {
  const place = (value: number, digits: number) => digits - 1 - Math.floor(Math.log10(Math.abs(value)));
  const inBounds = (decimals: number) => Math.min(MOST_DECIMALS, Math.max(0, decimals));
  if (std !== null && std > 0) return inBounds(place(std, 2));
  if (unit === "count") return Number.isInteger(mean) ? 0 : 1;
  if (unit === "share") return 2;
  if (unit === "seconds" || unit === "bytes") return 1;
  return mean === 0 ? 0 : inBounds(place(mean, DIGITS));
}

/** A p-value: three decimals, or below a thousandth its size. @example showP(0.0312) // "0.031" */
export function showP(p: number | null): string {
  if (p === null) return "-";
  return p < 0.001 ? p.toExponential(1) : p.toFixed(3);
}

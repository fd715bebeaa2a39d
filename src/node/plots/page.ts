/** A standalone SVG page: white ground, titles and legends around panels. */

/** A stroke of a legend: what it looks like and what it stands for. */
export interface LegendEntry {
  readonly label: string;
  readonly colour: string;
  readonly dashed?: boolean;
  readonly width?: number;
}

/**
 * @param parts SVG elements as text, in drawing order
 * @param title for screen readers and tooltips
 */
export function page(width: number, height: number, title: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" fill="${ink}" font-family="${fonts}">`,
    `<title>${escapeText(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

/** One line of text; y is its baseline. */
export function text(
  content: string,
  x: number,
  y: number,
  size: number,
  options: { bold?: boolean; anchor?: "start" | "middle"; colour?: string } = {},
): string {
  const weight = options.bold === true ? ` font-weight="bold"` : "";
  const anchor = options.anchor === "middle" ? ` text-anchor="middle"` : "";
  return `<text x="${x}" y="${y}" font-size="${size}" fill="${options.colour ?? ink}"${weight}${anchor}>${escapeText(content)}</text>`;
}

/** Legend entries one below the other; (x, y) is the middle of the first stroke's left end. */
export function legend(entries: readonly LegendEntry[], x: number, y: number): string {
  const lines = entries.map(({ label, colour, dashed = false, width = 2 }, index) => {
    const at = y + index * 17;
    const dash = dashed ? ` stroke-dasharray="5 3"` : "";
    return `<line x1="${x}" x2="${x + 24}" y1="${at}" y2="${at}" stroke="${colour}" stroke-width="${width}"${dash}/>${text(label, x + 31, at + 4, 12)}`;
  });
  return `<g aria-label="legend">${lines.join("")}</g>`;
}

/** Text as SVG content: markup escaped, characters XML cannot hold replaced. */
function escapeText(content: string): string {
  return content
    .replace(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, "\uFFFD")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;");
}

/** Colour of text and axes. */
export const ink = "#222";
/** Whatever sans-serif there is; the generic name comes last. */
export const fonts = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";

// A panel of curves over the steps of a training, and the ends and ticks of its axis.

export interface Curve extends LegendEntry {
  readonly colour: string;
  readonly dashed: boolean;
  readonly width: number;
  readonly points: readonly { readonly step: number; readonly value: number }[];
}

export interface Panel {
  readonly title: string;
  /** Title of the y axis. */
  readonly axis: string;
  readonly curves: readonly Curve[];
  /** The y axis starts at 0 (ignored when logarithmic). */
  readonly zero: boolean;
  /** No value can be larger. */
  readonly most: number;
  /** A logarithmic y axis, where all values allow it: the stages' losses would be flat lines under their sum. */
  readonly log: boolean;
  /** Mark each point: few, measured ones. */
  readonly dots: boolean;
}

/** Leaves curves without a finite value out, and a logarithmic axis where values have none. */
export function withoutEmptyCurves(panel: Panel): Panel {
  const curves = panel.curves.filter(({ points }) => points.some(({ value }) => Number.isFinite(value)));
  const values = finiteValues(curves);
  // Zero has no logarithm, and neither do extremes have room.
  return { ...panel, curves, log: panel.log && values.every((value) => value > 1e-12 && value < 1e12) };
}

const finiteValues = (curves: readonly Curve[]) =>
  curves.flatMap(({ points }) => points.map(({ value }) => value)).filter(Number.isFinite);

/** Least and largest of a panel's values. */
function rangeOf({ curves }: Panel): [low: number, high: number] {
  const values = finiteValues(curves);
  const low = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  return [low, high];
}

/** Room around values that are all but equal, as a part of them: an axis without extent has one tick, of arbitrary digits. */
const MARGIN = 0.01;

/** Ends of a linear axis, apart from each other even where a panel has one value: a single epoch, or stages that are all silent. */
export function linearDomain(panel: Panel): [low: number, high: number] {
  const [least, high] = rangeOf(panel);
  const low = panel.zero ? Math.min(0, least) : least;
  const margin = MARGIN * Math.max(Math.abs(low), Math.abs(high)) || MARGIN;
  if (high - low >= margin / 10) return [low, high];
  // Nothing measured here is negative.
  return [Math.max(Math.min(0, low), low - margin), Math.min(Math.max(panel.most, high), high + margin)];
}

/**
 * Ticks of a logarithmic axis over a panel's values: 1, 2, 5, 10, ... or, over more than three decades, powers of ten.
 * The nearest tick outside is kept at either end, so that the axis never has fewer than two.
 */
export function logTicks(panel: Panel): number[] {
  const [low, high] = rangeOf(panel);
  const decades = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))] as const;
  const digits = decades[1] - decades[0] > 3 ? ["1"] : ["1", "2", "5"];
  const ticks: number[] = [];
  for (let power = decades[0]; power <= decades[1]; power++)
    ticks.push(...digits.map((digit) => Number(`${digit}e${power}`)));
  const start = ticks.findLastIndex((tick) => tick <= low);
  const end = ticks.findIndex((tick) => tick >= high);
  return ticks.slice(Math.max(0, start), end < 0 ? undefined : Math.max(end, start + 1) + 1);
}

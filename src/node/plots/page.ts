/** A standalone SVG page: white ground, titles and legends around panels. */
import { fonts, ink } from "./panel.ts";

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

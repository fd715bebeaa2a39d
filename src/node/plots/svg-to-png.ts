/** Rasterises a figure. */

import { Resvg } from "@resvg/resvg-js";
import { BispikeError } from "../../errors.ts";

export interface RasterOptions {
  /** TTF or OTF files to draw text with, in place of the machine's fonts. Default: the machine's fonts. */
  readonly fontFiles?: readonly string[];
}

/**
 * PNG bytes of an SVG figure on a white ground.
 *
 * Text is drawn with the machine's own fonts, as none is shipped: letters differ a little between machines, and on
 * a machine without any (slim containers) they are **missing without an error**. Ask `canDrawText` first, name
 * `fontFiles`, or keep the SVG, which every browser draws in full. On one machine, same figure, same bytes.
 *
 * @param width pixels, 1 to 8192; the height keeps the figure's proportions
 * @throws BispikeError "shape" for a width out of range; "data" when the text is not SVG
 * @example
 * writeFileSync("curves.png", svgToPng(curvesPlot(lines), 1800));
 */
export function svgToPng(svg: string, width: number, options: RasterOptions = {}): Uint8Array {
  if (!Number.isInteger(width) || width < 1 || width > 8192)
    throw new BispikeError("shape", `png of a figure: expected a width from 1 to 8192 pixels, got ${width}`);
  try {
    return open(svg, width, options).render().asPng();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new BispikeError(
      "data",
      `png of a figure: expected an SVG document, got text that cannot be drawn (${why})`,
      { cause: error },
    );
  }
}

/** True when `svgToPng` with these options finds a font, so that a figure's text appears. */
export function canDrawText(options: RasterOptions = {}): boolean {
  const probe = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><text x="5" y="30" font-family="sans-serif" font-size="30">M</text></svg>`;
  const pixels = open(probe, 40, options).render().pixels;
  return pixels.some((value) => value !== 255);
}

function open(svg: string, width: number, { fontFiles }: RasterOptions): Resvg {
  const font =
    fontFiles === undefined ? { loadSystemFonts: true } : { loadSystemFonts: false, fontFiles: [...fontFiles] };
  return new Resvg(svg, { fitTo: { mode: "width", value: width }, background: "white", font });
}

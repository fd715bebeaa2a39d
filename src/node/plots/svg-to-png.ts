/** Rasterises a figure. */
import { Resvg } from "@resvg/resvg-js";
import { BispikeError } from "../../errors.ts";

/**
 * PNG bytes of an SVG figure on a white ground.
 *
 * @param width pixels, 1 to 8192; the height keeps the figure's proportions
 * @throws BispikeError "shape" for a width out of range; "data" when the text is not SVG
 * @example
 * writeFileSync("curves.png", svgToPng(curvesPlot(lines), 1800));
 */
export function svgToPng(svg: string, width: number): Uint8Array {
  if (!Number.isInteger(width) || width < 1 || width > 8192)
    throw new BispikeError("shape", `png of a figure: expected a width from 1 to 8192 pixels, got ${width}`);
  try {
    return new Resvg(svg, { fitTo: { mode: "width", value: width }, background: "white" }).render().asPng();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new BispikeError(
      "data",
      `png of a figure: expected an SVG document, got text that cannot be drawn (${why})`,
      { cause: error },
    );
  }
}

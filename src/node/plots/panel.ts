/** One panel of a figure by Observable Plot, drawn without a browser and made fit for a standalone SVG file. */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { fonts, ink } from "./page.ts";

/**
 * SVG text of a plot, to be placed at (x, y) of a page.
 *
 * Plot's style sheet is dropped, as rasterisers do not know its selectors; what it said is set on the element instead.
 */
export function drawPanel(options: Plot.PlotOptions, x: number, y: number): string {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const svg = Plot.plot({ className: "panel", ...options, document });
  for (const style of svg.querySelectorAll("style")) style.remove();
  for (const [name, value] of Object.entries({
    x,
    y,
    color: ink,
    fill: ink,
    overflow: "visible",
    "font-family": fonts,
  }))
    svg.setAttribute(name, String(value));
  return svg.toString();
}

/** Figures read back as a person reads them: by the ticks of their axes, and their legends. */
import { DOMParser } from "linkedom";

type Selected = { querySelectorAll(selector: string): Iterable<Element> };
const all = (root: Selected, selector: string) => [...root.querySelectorAll(selector)];

/** A line as the legend tells of it, and its points in the axes' units, rounded to what a pixel allows. */
export interface ReadCurve {
  readonly label: string;
  readonly colour: string | null;
  readonly dashed: boolean;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface ReadPanel {
  readonly title: string;
  readonly element: Element;
  readonly x: (pixel: number) => number;
  readonly y: (pixel: number) => number;
}

export const parseFigure = (svg: string) => new DOMParser().parseFromString(svg, "image/svg+xml");

/** From pixels to the numbers at an axis's ticks; undefined where they bear none. */
function axisOf(panel: Element, axis: "x" | "y"): ((pixel: number) => number) | undefined {
  const ticks = all(panel, `g[aria-label="${axis}-axis tick label"] text`).flatMap((text) => {
    const value = Number(text.textContent?.replace("\u2212", "-") || Number.NaN);
    const place = /translate\(([\d.]+),([\d.]+)\)/.exec(text.getAttribute("transform") ?? "");
    return Number.isFinite(value) && place ? [{ value, pixel: Number(place[axis === "x" ? 1 : 2]) }] : [];
  });
  const [first, last] = [ticks[0], ticks.at(-1)];
  if (!first || !last || first === last) return undefined;
  const log = axis === "y" && panel.textContent?.includes("(log scale)");
  const [of, back] = log ? [Math.log10, (value: number) => 10 ** value] : [Number, Number];
  const slope = (of(last.value) - of(first.value)) / (last.pixel - first.pixel);
  return (pixel) => back(of(first.value) + slope * (pixel - first.pixel));
}

/** Panels in the order they are drawn in; without numbers of its own, one has the last one's axis of x. */
export function readPanels(svg: string): ReadPanel[] {
  const elements = all(parseFigure(svg), 'g[aria-label="panel"]');
  const shared = axisOf(elements.at(-1)!, "x")!;
  return elements.map((element) => ({
    title: element.querySelector("text")?.textContent ?? "",
    element,
    x: axisOf(element, "x") ?? shared,
    y: axisOf(element, "y")!,
  }));
}

const rounded = (value: number) => Number(value.toPrecision(3));

/** The lines of a panel that has a legend of its own. */
export function readCurves({ element, x, y }: ReadPanel): ReadCurve[] {
  const lines = all(element, 'svg g[aria-label="line"]');
  const strokes = all(element, 'g[aria-label="legend"] line');
  return all(element, 'g[aria-label="legend"] text').map((text, k) => {
    const [line, stroke] = [lines[k]!, strokes[k]!];
    const look = [line, stroke].map((each) =>
      ["stroke", "stroke-dasharray"].map((name) => each.getAttribute(name)).join(),
    );
    if (look[0] !== look[1]) throw new Error(`${text.textContent}: drawn as ${look[0]}, in the legend ${look[1]}`);
    const places = [...line.innerHTML.matchAll(/[ML](-?[\d.]+),(-?[\d.]+)/g)];
    return {
      label: text.textContent ?? "",
      colour: line.getAttribute("stroke"),
      dashed: line.getAttribute("stroke-dasharray") !== null,
      points: places.map(([, px, py]) => [rounded(x(Number(px))), rounded(y(Number(py)))] as const),
    };
  });
}

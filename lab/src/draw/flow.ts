/** Spikes between two stages, as dots on their way. */
import type { Colour } from "./colours.ts";
import type { Traveller } from "./wave.ts";

/** Of a dot, in CSS pixels. */
const RADIUS = 1.8;

/** Whether any spike is on its way. */
export function isFlowing(steps: readonly (readonly Traveller[])[], since: number): boolean {
  const dots = steps[Math.floor(since)];
  return dots !== undefined && dots.length > 0;
}

/**
 * @param steps spikes of each step
 * @param since ticks since step 0 left
 */
export function drawFlow(
  canvas: HTMLCanvasElement,
  steps: readonly (readonly Traveller[])[],
  since: number,
  direction: "up" | "down",
  colour: Colour,
): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const { width, height } = canvas;
  context.clearRect(0, 0, width, height);
  const radius = RADIUS * devicePixelRatio;
  context.fillStyle = `rgb(${colour.join(" ")})`;
  for (const [t, dots] of steps.entries()) {
    const way = since - t;
    if (way < 0 || way >= 1) continue;
    const y = radius + (direction === "up" ? 1 - way : way) * (height - 2 * radius);
    context.beginPath();
    for (const { from, to } of dots) {
      const x = (from + (to - from) * way) * width;
      context.moveTo(x + radius, y);
      context.arc(x, y, radius, 0, 2 * Math.PI);
    }
    context.fill();
  }
}

/** Spike raster of one sample through both networks. */

import * as Plot from "@observablehq/plot";
import { BispikeError } from "../../errors.ts";
import { page, text } from "./page.ts";
import { drawPanel } from "./panel.ts";

/** Spikes of a stage. */
export interface RasterStage {
  readonly name: string;
  readonly neurons: number;
  readonly steps: number;
  /** steps x neurons values of 0 or 1, row-major. */
  readonly spikes: Uint8Array;
}

/** Spikes of one of the networks. */
export interface RasterNetwork {
  readonly name: "perception" | "recall";
  /** From the stimulus up to the concept, for both networks. */
  readonly stages: readonly RasterStage[];
}

/** Spikes of one sample through both networks. */
export interface Raster {
  readonly title?: string;
  readonly networks: readonly RasterNetwork[];
}

const looks = {
  perception: { heading: "Perception: stimulus to concept, upwards", colour: "#0072b2" },
  recall: { heading: "Recall: concept to stimulus, downwards", colour: "#d55e00" },
} as const;
const columnWidth = 440;
const left = 54;
const margin = 10;
const headHeight = 20;
const topMargin = 4;
/** Room under a panel for tick labels, and for the axis title too. */
const plainAxis = 22;
const titledAxis = 38;
const mostNeurons = 256;

/**
 * Spikes of one sample as SVG, 900 pixels wide: a panel a stage, time on x, neurons on y, one mark a spike. Perception
 * stands on the left and recall on the right, stimulus at the bottom; stages of the same name face each other. Of a stage with more than 256 neurons
 * every n-th is drawn, and the panel says so. Same spikes, same bytes.
 *
 * @throws BispikeError "shape": no stage, spikes that do not fill steps x neurons, a value other than 0 or 1, a network given twice
 * @example
 * writeFileSync("raster.svg", rasterPlot({ title: "A seven", networks: [perception, recall] }));
 */
export function rasterPlot(raster: Raster): string {
  check(raster);
  const networks = (["perception", "recall"] as const).flatMap((name) =>
    raster.networks.filter((network) => network.name === name),
  );
  const top = raster.title === undefined ? 12 : 40;
  const parts = raster.title === undefined ? [] : [text(raster.title, 16, 28, 17, { bold: true })];
  networks.forEach(({ name }, column) => {
    const { heading, colour } = looks[name];
    parts.push(text(heading, margin + column * columnWidth + left, top + 14, 14, { bold: true, colour }));
  });
  let y = top + 28;
  for (const row of stageRows(networks).reverse()) {
    const stages = networks.map(({ stages }) => stages.find(({ name }) => name === row));
    const room = Math.max(...stages.map((stage) => (stage === undefined ? 0 : neuronRoom(stage.neurons))));
    let below = 0;
    networks.forEach((network, column) => {
      const stage = stages[column];
      if (stage === undefined) return;
      // The time axis is titled once a column, under the stimulus's end.
      const titled = stage === network.stages[0];
      below = Math.max(below, titled ? titledAxis : plainAxis);
      parts.push(
        drawStage(stage, { colour: looks[network.name].colour, x: margin + column * columnWidth, y, room, titled }),
      );
    });
    y += headHeight + topMargin + room + below;
  }
  return page(2 * margin + networks.length * columnWidth, y + 6, raster.title ?? "Spike raster", parts);
}

/** Pixels for so many neurons: 36 up to 9 neurons, 150 from 256 on. */
const neuronRoom = (neurons: number) => Math.round(Math.min(150, Math.max(36, 24 * Math.log2(neurons) - 42)));

/** Names of all stages from the stimulus up: those of one network only keep their place among the shared ones. */
function stageRows(networks: readonly RasterNetwork[]): string[] {
  const rows: string[] = [];
  for (const { stages } of networks) {
    let place = 0;
    for (const { name } of stages) {
      const known = rows.indexOf(name);
      if (known >= 0) place = known + 1;
      else rows.splice(place++, 0, name);
    }
  }
  return rows;
}

interface Place {
  readonly colour: string;
  readonly x: number;
  readonly y: number;
  /** Height inside the axes. */
  readonly room: number;
  /** The time axis has a title. */
  readonly titled: boolean;
}

function drawStage(stage: RasterStage, { colour, x, y, room, titled }: Place): string {
  const { neurons, steps, spikes } = stage;
  const every = Math.ceil(neurons / mostNeurons);
  const shown = every === 1 ? `${neurons} neurons` : `every ${ordinal(every)} of ${neurons} neurons`;
  const rate = spikes.reduce((sum, spike) => sum + spike, 0) / spikes.length;
  const bottom = titled ? titledAxis : plainAxis;
  const dash = Math.min(6, Math.max(0.8, (0.7 * room) / Math.ceil(neurons / every)));
  const axis = { labelAnchor: "center", labelArrow: "none", tickFormat: "d" } as const;
  const svg = drawPanel(
    {
      width: columnWidth,
      height: topMargin + room + bottom,
      marginLeft: left,
      marginRight: 8,
      marginTop: topMargin,
      marginBottom: bottom,
      style: { fontSize: "11px" },
      x: {
        ...axis,
        domain: [0.5, steps + 0.5],
        ticks: timeTicks(steps),
        label: titled ? "time step" : null,
        labelOffset: 32,
      },
      y: {
        ...axis,
        domain: [-0.5, neurons - 0.5],
        ticks: neurons === 1 ? [0] : [0, neurons - 1],
        label: "neuron",
        labelOffset: 42,
      },
      marks: [
        Plot.frame({ stroke: "#bbb" }),
        Plot.line(spikeDashes(stage, every), {
          x: "time",
          y: "neuron",
          stroke: colour,
          strokeWidth: dash,
          strokeLinecap: "butt",
        }),
      ],
    },
    x,
    y + headHeight - 8,
  );
  return [
    `<g aria-label="panel">`,
    text(`${stage.name}: ${shown}, rate ${rate.toFixed(3)}`, x + left, y + 8, 12),
    svg,
    "</g>",
  ].join("\n");
}

/** Ends of one short dash a spike, with gaps between them: a whole stage is then one path, not thousands of elements. */
function spikeDashes({ neurons, steps, spikes }: RasterStage, every: number): { time: number; neuron: number }[] {
  const points: { time: number; neuron: number }[] = [];
  for (let neuron = 0; neuron < neurons; neuron += every)
    for (let step = 0; step < steps; step++) {
      if (spikes[step * neurons + neuron] !== 1) continue;
      points.push({ time: step + 0.6, neuron }, { time: step + 1.4, neuron }, { time: Number.NaN, neuron });
    }
  return points;
}

/** At most ten ticks: every step, or multiples of 2, 5, 10, 20, ... */
function timeTicks(steps: number): number[] {
  let stride = 1;
  for (let power = 1; steps / stride > 10; power *= 10)
    for (const digit of [1, 2, 5]) if (steps / stride > 10) stride = digit * power;
  return Array.from({ length: Math.floor(steps / stride) }, (_, index) => (index + 1) * stride);
}

function ordinal(n: number): string {
  const teens = n % 100 >= 11 && n % 100 <= 13;
  return `${n}${teens ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th")}`;
}

function check({ networks }: Raster): void {
  if (networks.every(({ stages }) => stages.length === 0))
    throw new BispikeError("shape", "spike raster: expected at least one stage, got none");
  if (new Set(networks.map(({ name }) => name)).size !== networks.length)
    throw new BispikeError("shape", "spike raster: expected each network once");
  for (const network of networks) {
    if (new Set(network.stages.map(({ name }) => name)).size !== network.stages.length)
      throw new BispikeError("shape", `spike raster: ${network.name}: expected stages of different names`);
    for (const stage of network.stages) checkStage(stage, `spike raster: ${network.name}: ${stage.name}`);
  }
}

function checkStage({ neurons, steps, spikes }: RasterStage, where: string): void {
  if (!Number.isInteger(neurons) || !Number.isInteger(steps) || neurons < 1 || steps < 1)
    throw new BispikeError(
      "shape",
      `${where}: expected whole numbers of steps and neurons from 1 up, got ${steps} x ${neurons}`,
    );
  if (spikes.length !== steps * neurons)
    throw new BispikeError(
      "shape",
      `${where}: expected ${steps} x ${neurons} = ${steps * neurons} spikes, got ${spikes.length}`,
    );
  const odd = spikes.findIndex((spike) => spike > 1);
  if (odd >= 0) throw new BispikeError("shape", `${where}: expected spikes of 0 or 1, got ${spikes[odd]} at ${odd}`);
}

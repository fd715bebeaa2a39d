/** Spike raster of one sample through both networks. */
import * as Plot from "@observablehq/plot";
import { BispikeError } from "../../errors.ts";
import { page, text } from "./page.ts";
import { drawPanel } from "./panel.ts";

export interface RasterStage {
  readonly name: string;
  readonly neurons: number;
  readonly steps: number;
  /** steps x neurons values of 0 or 1, row-major. */
  readonly spikes: Uint8Array;
}

export interface RasterNetwork {
  readonly name: "perception" | "recall";
  /** From the stimulus up to the concept, for both networks. */
  readonly stages: readonly RasterStage[];
}

export interface Raster {
  readonly title?: string;
  readonly networks: readonly RasterNetwork[];
}

const columns = {
  perception: { x: 10, colour: "#0072b2", flow: "stimulus to concept, upwards" },
  recall: { x: 455, colour: "#d55e00", flow: "concept to stimulus, downwards" },
} as const;
const width = 900;
const columnWidth = 435;
const left = 54;
const headHeight = 22;
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
  const rows = stageRows(raster.networks).reverse();
  const top = raster.title === undefined ? 12 : 40;
  const parts = raster.title === undefined ? [] : [text(raster.title, 16, 28, 17, { bold: true })];
  for (const { name } of raster.networks) {
    const { x, colour, flow } = columns[name];
    parts.push(
      text(`${name === "perception" ? "Perception" : "Recall"}: ${flow}`, x + left, top + 14, 14, {
        bold: true,
        colour,
      }),
    );
  }
  let y = top + 26;
  rows.forEach((row) => {
    const height = Math.max(...raster.networks.map((network) => panelHeight(find(network, row))));
    for (const network of raster.networks) {
      const stage = find(network, row);
      if (stage !== undefined) parts.push(drawStage(stage, network, y, height));
    }
    y += height + headHeight;
  });
  return page(width, y + 6, raster.title ?? "Spike raster", parts);
}

const find = (network: RasterNetwork, name: string) => network.stages.find((stage) => stage.name === name);

/** Few neurons need little room: 60 pixels for up to 16, 200 from 256 on. */
function panelHeight(stage: RasterStage | undefined): number {
  if (stage === undefined) return 0;
  return 44 + Math.round(Math.min(150, Math.max(36, 24 * Math.log2(Math.max(1, stage.neurons)) - 42)));
}

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

function drawStage(stage: RasterStage, network: RasterNetwork, y: number, height: number): string {
  const { x, colour } = columns[network.name];
  const every = Math.ceil(stage.neurons / mostNeurons);
  const shown = every === 1 ? `${stage.neurons} neurons` : `every ${ordinal(every)} of ${stage.neurons} neurons`;
  const rate = stage.spikes.reduce((sum, spike) => sum + spike, 0) / stage.spikes.length;
  const dash = Math.min(6, Math.max(0.8, (0.7 * (height - 44)) / Math.ceil(stage.neurons / every)));
  const svg = drawPanel(
    {
      width: columnWidth,
      height,
      marginLeft: left,
      marginRight: 8,
      marginTop: 4,
      marginBottom: 40,
      style: { fontSize: "11px" },
      x: {
        domain: [0.5, stage.steps + 0.5],
        ticks: timeTicks(stage.steps),
        tickFormat: "d",
        label: "time step",
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: 32,
      },
      y: {
        domain: [-0.5, stage.neurons - 0.5],
        ticks: [0, stage.neurons - 1],
        tickFormat: "d",
        label: "neuron",
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: 40,
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

function timeTicks(steps: number): number[] {
  const stride = Math.max(1, Math.ceil(steps / 10));
  return Array.from({ length: Math.ceil(steps / stride) }, (_, index) => 1 + index * stride);
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

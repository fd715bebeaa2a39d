// @ts-check
/**
 * How a step's time grows with T, batch, width and depth: an MLP, one thread, one size changed at a time. The exponent is the slope of a
 * straight line through log time against log size: 1 is linear; the one between the two largest sizes says more of what is to come. Work
 * grows with the firing rates too, so they are listed.
 */
import { ImageSource } from "./batches.mjs";
import { Team } from "./library.mjs";
import { netsOf } from "./nets.mjs";
import { exponent, median, timeInTurns } from "./statistics.mjs";
import { figure, rates, table } from "./table.mjs";
import { Trainee } from "./trainee.mjs";

/** @typedef {import("./nets.mjs").Net} Net */

/**
 * @typedef {object} GrowthResult
 * @property {string} axis what is changed
 * @property {number} value its size
 * @property {number} weights of both networks
 * @property {number} medianMs
 * @property {readonly number[]} perceptionRates
 */

/**
 * @typedef {object} Axis
 * @property {string} name
 * @property {readonly number[]} values
 * @property {(net: Net, value: number) => Net} at
 */

const WIDTH = 256;

/** @type {readonly Axis[]} */
export const AXES = [
  { name: "T", values: [1, 2, 4, 8, 16], at: (net, steps) => ({ ...net, steps }) },
  { name: "batch", values: [16, 32, 64, 128, 256], at: (net, batch) => ({ ...net, batch }) },
  { name: "width", values: [128, 256, 512, 1024], at: (net, width) => ({ ...net, hidden: [width, width, width] }) },
  {
    name: "depth",
    values: [1, 2, 3, 4, 5, 6],
    at: (net, depth) => ({ ...net, hidden: Array.from({ length: depth }, () => WIDTH) }),
  },
];

/** Enough that rates have settled after the start, at which they differ most from layer to layer. */
const PRETRAINED = 60;
const QUICK_PRETRAINED = 3;
const TIMED = 15;
const QUICK_TIMED = 3;

/** @type {import("./section.mjs").Section<GrowthResult>} */
export const growth = {
  open({ quick, repeat, cifar }) {
    const source = new ImageSource(cifar);
    const parts = AXES.map((axis) => ({
      key: axis.name,
      measure: () =>
        measure(axis, source, quick ? QUICK_PRETRAINED : PRETRAINED, repeat ?? (quick ? QUICK_TIMED : TIMED)),
    }));
    return { parts, close: () => source.close() };
  },

  report(results) {
    const rows = results.map((r) => [
      `${r.axis} ${r.value}`,
      (r.weights / 1e6).toFixed(2),
      figure(r.medianMs),
      rates(r.perceptionRates),
    ]);
    const about = `MLP 784-${WIDTH}-${WIDTH}-${WIDTH}-10 with one size changed at a time, else T = 4 and batch 128; one thread, medians.`;
    return [
      "## Growth",
      about,
      table(["size", "weights, millions", "step, ms", "perception rates"], rows),
      growthSummary(results),
    ].join("\n\n");
  },
};

/**
 * Builds a net a value, in one memory, and times them in turns.
 *
 * @param {Axis} axis
 * @param {ImageSource} source
 * @param {number} pretrained steps
 * @param {number} timed steps
 * @returns {Promise<GrowthResult[]>}
 */
async function measure(axis, source, pretrained, timed) {
  const [mlp] = netsOf(false);
  if (!mlp) throw new Error("no net to change");
  const base = { ...mlp, hidden: [WIDTH, WIDTH, WIDTH] };
  const team = await Team.create();
  try {
    const nets = axis.values.map((value) => axis.at(base, value));
    const trainees = [];
    for (const net of nets) trainees.push(new Trainee(team, net, await source.batches(net)));
    for (const trainee of trainees) trainee.train(pretrained);
    const times = timeInTurns(
      trainees.map((trainee) => () => trainee.train(1)),
      timed,
    );
    return trainees.map((trainee, index) => ({
      axis: axis.name,
      value: axis.values[index] ?? Number.NaN,
      weights: weightsOf(nets[index] ?? base),
      medianMs: median(times[index] ?? []),
      perceptionRates: trainee.report().perceptionRates,
    }));
  } finally {
    await team.close();
  }
}

/** @param {Net} net @returns {number} weights of perception and recall, whose layers have the same sizes */
function weightsOf({ hidden, side, channels }) {
  const sizes = [side * side * channels, ...hidden, 10];
  return sizes.slice(1).reduce((sum, size, stage) => sum + 2 * size * (sizes[stage] ?? 0), 0);
}

/**
 * @typedef {object} Growth
 * @property {string} against what is changed
 * @property {number} overall exponent of the fit through all sizes
 * @property {number} last exponent between the two largest
 */

/**
 * Of each axis that was measured; of width also against the number of weights, which grows faster than the width itself.
 *
 * @param {readonly GrowthResult[]} results
 * @returns {Growth[]}
 */
export function exponentsOf(results) {
  const measured = AXES.filter(({ name }) => results.some(({ axis }) => axis === name));
  return measured.flatMap(({ name }) => {
    const points = results.filter(({ axis }) => axis === name);
    const times = points.map(({ medianMs }) => medianMs);
    /** @type {(against: string, sizes: readonly number[]) => Growth} */
    const of = (against, sizes) => ({
      against,
      overall: exponent(sizes, times),
      last: exponent(sizes.slice(-2), times.slice(-2)),
    });
    const plain = of(
      name,
      points.map(({ value }) => value),
    );
    return name === "width"
      ? [
          plain,
          of(
            "width's weights",
            points.map(({ weights }) => weights),
          ),
        ]
      : [plain];
  });
}

/** @param {readonly GrowthResult[]} results */
export function growthSummary(results) {
  const exponents = exponentsOf(results);
  // Doubling the width more than doubles the weights: only their number says what is linear.
  const above = exponents.filter(({ against, overall, last }) => against !== "width" && Math.max(overall, last) > 1);
  const verdict = above.length === 0 ? "None is above 1" : `Above 1: ${above.map(({ against }) => against).join(", ")}`;
  const listed = exponents
    .map((each) => `${each.against} ${each.overall.toFixed(2)} (${each.last.toFixed(2)})`)
    .join(", ");
  return (
    `Exponents e of the fit time ~ size^e, in brackets between the two largest sizes: ${listed}. ` +
    `${verdict} (width is judged by its weights, whose number is nearly quadratic in it).`
  );
}

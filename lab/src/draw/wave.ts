/**
 * A wave: one image's T steps run through a network, stage by stage, slowly enough to be seen.
 *
 * Time is counted in ticks. The stage at place p, counted from where the spikes start (the stimulus going up, the concept going down), shows step t from
 * tick p + t on; its spikes are on their way to the next stage until tick p + t + 1.
 */
import type { SpikeRows } from "../worker/protocol.ts";
import type { FieldLayout } from "./spikes.ts";

/** Ticks between the last spike's arrival and the next wave. */
const REST = 2;
/** Milliseconds: a wave takes about this long, within what eyes follow. */
const WAVE = 1300;
const SHORTEST_TICK = 40;
const LONGEST_TICK = 130;
/** What is left of a neuron that fired at every step, once the wave is through. */
const AFTERGLOW = 0.6;

/** Ticks of a whole wave through so many stages, both ends included. */
export function waveTicks(stages: number, steps: number): number {
  return stages - 1 + steps + REST;
}

/** Milliseconds a tick. */
export function tickLength(ticks: number): number {
  return Math.min(LONGEST_TICK, Math.max(SHORTEST_TICK, WAVE / ticks));
}

/**
 * Brightness of each neuron, 0..255: full when it fires, half a step later less, and at last its firing rate.
 *
 * @param since ticks since step 0 arrived
 * @example
 * glow({ steps: 2, neurons: 2, spikes: Uint8Array.of(1, 0, 0, 0) }, 0); // [255, 0]
 */
export function glow({ steps, neurons, spikes }: SpikeRows, since: number): Uint8Array {
  const light = new Uint8Array(neurons);
  const newest = Math.min(steps - 1, Math.floor(since));
  const fades = Float64Array.from({ length: steps }, (_, t) => 2 ** -Math.max(0, since - t));
  for (let neuron = 0; neuron < neurons; neuron++) {
    let [count, flash] = [0, 0];
    for (let t = 0; t <= newest; t++) {
      if (!spikes[t * neurons + neuron]) continue;
      count++;
      flash = fades[t]!;
    }
    light[neuron] = Math.round(255 * Math.max(flash, (AFTERGLOW * count) / steps));
  }
  return light;
}

/** Across the field, 0..1: where some of the neurons are that fire at a step, spread over all that do. */
export function firingPlaces(
  { neurons, spikes }: SpikeRows,
  step: number,
  most: number,
  { columns, cells }: FieldLayout,
): number[] {
  const fired: number[] = [];
  for (let neuron = 0; neuron < neurons; neuron++) if (spikes[step * neurons + neuron]) fired.push(neuron);
  const shown = Math.min(most, fired.length);
  return Array.from({ length: shown }, (_, k) => {
    const neuron = fired[Math.floor((k * fired.length) / shown)]!;
    return ((cells[neuron]! % columns) + 0.5) / columns;
  });
}

/** A spike on its way: from and to, across, 0..1. */
export interface Traveller {
  readonly from: number;
  readonly to: number;
}

/** Spikes that leave for the next stage at a step, each towards a neuron that fires there. Where nothing fires above, none arrives and none is shown. */
export function travellers(from: readonly number[], to: readonly number[]): Traveller[] {
  const count = from.length === 0 || to.length === 0 ? 0 : Math.max(from.length, to.length);
  return Array.from({ length: count }, (_, k) => ({
    from: from[Math.floor((k * from.length) / count)]!,
    to: to[Math.floor((k * to.length) / count)]!,
  }));
}

/** A decision as a table: how like each class's spike train the concept's spikes are, and its drive; of a net of real numbers each class's share (softmax) and output. */
import type { Decision } from "../../measurement/decide.ts";
import { alignTable, bar, classLabel } from "../table.ts";

/** Characters of a bar of cosine 1. */
const BAR_WIDTH = 24;
/** Of many classes only the likeliest are shown. */
const MOST_CLASSES = 12;

/**
 * @param spiking whether the net has spikes to compare
 * @example
 * print(decisionTable(decide(pair, 1)[0], model.data.classNames));
 */
export function decisionTable(decision: Decision, classNames: readonly string[], spiking = true): string {
  const { cosines, drives } = decision;
  const likeliest = classNames
    .map((_, c) => c)
    .sort((a, b) => cosines[b]! - cosines[a]! || drives[b]! - drives[a]!)
    .slice(0, MOST_CLASSES);
  const shown = classNames.length > MOST_CLASSES ? likeliest : likeliest.sort((a, b) => a - b);
  // A silent concept has no cosines to show; the softmax of its drives says how near the classes are.
  const shares = !spiking || isSilent(decision) ? softmax(drives) : cosines;
  const rows = shown.map((c) => [
    c === decision.class ? ">" : "",
    classLabel(c, classNames),
    bar(shares[c]!, BAR_WIDTH).padEnd(BAR_WIDTH),
    (spiking ? cosines : shares)[c]!.toFixed(3),
    drives[c]!.toFixed(2),
  ]);
  const measures = spiking ? ["cosine", "drive"] : ["share", "output"];
  return alignTable([["", "class", "", ...measures], ...rows], "lllrr");
}

function softmax(values: Float64Array): Float64Array {
  const largest = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** Whether no neuron of the concept fired, so that its drive decided. */
function isSilent({ cosines }: Decision): boolean {
  return cosines.every((cosine) => cosine === 0);
}

/** How the decision came about, where that is out of the ordinary. */
export function decisionRemark(decision: Decision): string {
  return isSilent(decision) ? " (the concept is silent: decided by its drive)" : "";
}

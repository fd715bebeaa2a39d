/** Combinations of an autoencoder experiment's fields that are each valid alone and make no sense together. */
import { impossibleData } from "../config-rules.ts";
import type { AutoencoderConfig } from "./config.ts";

/** Most rows of the engine's lists: images x steps. */
const MOST_ROWS = 65_536;
/** A cnn halves its sides at every stage; images have at most 65535 pixels a side. */
const MOST_HALVINGS = 16;

/** @returns one sentence a fault */
export function impossible({ data, network, rule, train }: AutoencoderConfig): string[] {
  const faults = impossibleData(data);
  const { batch } = train;
  const { steps, kind, hidden } = network;
  if (batch * steps > MOST_ROWS)
    faults.push(
      `train.batch x network.steps: expected at most ${MOST_ROWS} rows, got ${batch} x ${steps} = ${batch * steps}; make one of them smaller`,
    );
  if (kind === "cnn" && hidden.length > MOST_HALVINGS)
    faults.push(
      `network.hidden: expected at most ${MOST_HALVINGS} stages with network.kind cnn, each of half the sides, got ${hidden.length}`,
    );
  if (rule.name === "bsd" && rule.redraw > 0 && rule.features !== "rate")
    faults.push(
      `rule.redraw: expected 0 with rule.features ${rule.features}, got ${rule.redraw}: a stage redraws what is below it from its firing rates; use rule.features=rate`,
    );
  // The other networks' samples of the batch are the negatives; a mean over one sample leaves nothing of it.
  if (batch === 1 && rule.name === "bsd" && (rule.centred || rule.loss !== "mse"))
    faults.push("train.batch: expected at least 2, got 1: rule bsd compares a sample with the batch's others");
  return faults;
}

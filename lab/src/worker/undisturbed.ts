/**
 * Asks a pair something and puts back what the newest training step left. Training itself reads none of it (each step makes all its spikes anew), but whoever looks at the
 * newest batch does, and must not be shown a drawing's spikes as the batch's.
 */
import type { Model } from "../../../src/index.ts";
import type { Population } from "../../../src/nets/population.ts";
import { pixelsOf, tilesOf } from "../../../src/nets/shape.ts";

/**
 * @param rows images of perception that the question overwrites
 * @param recalls rows of recall that it overwrites; 0 for none
 * @returns the question's answer
 */
export function undisturbed<T>(
  { pair }: Model,
  { rows, recalls }: { readonly rows: number; readonly recalls: number },
  question: () => T,
): T {
  const stimulus = pair.stimulus.view.slice(0, rows * pair.stimulusWidth);
  const ids = pair.imageIds.view.slice(0, rows);
  const seen = [...(pair.stimulusSpikes ? [pair.stimulusSpikes] : []), ...outputs(pair.perception)];
  // Presenting concepts clears those of every row.
  const concept = pair.concept.masks.view.slice();
  const kept = [
    ...seen.map((population) => keep(population, rows)),
    ...outputs(pair.recall).map((population) => keep(population, recalls)),
  ];
  try {
    return question();
  } finally {
    pair.stimulus.view.set(stimulus);
    pair.imageIds.view.set(ids);
    pair.concept.masks.view.set(concept);
    if (recalls > 0) pair.concept.list(recalls, false);
    for (const putBack of kept) putBack();
  }
}

function outputs(layers: readonly { readonly output: Population | undefined }[]): Population[] {
  return layers.flatMap(({ output }) => (output ? [output] : []));
}

/** Keeps the spikes of the first rows; the returned function puts them back, lists too. */
function keep(population: Population, rows: number): () => void {
  if (rows === 0) return () => {};
  const { shape, steps } = population;
  const masks = population.masks.view.slice(0, rows * steps * pixelsOf(shape) * tilesOf(shape));
  return () => {
    population.masks.view.set(masks);
    population.list(rows, false);
  };
}

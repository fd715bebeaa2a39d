/** How `bispike train --processes` cuts a pair: as asked for, or balanced; a run that was begun keeps its cut. */
import { loadDataset } from "../../data/load.ts";
import { balancedCuts, stageWork } from "../../distributed/balance.ts";
import { BispikeError } from "../../errors.ts";
import { areWhole, describeStages, rangesOf, type StageRange } from "../../network/pair.ts";
import { makePartFolders, PARTS_FOLDER, partFolder, partsOf, savedSteps } from "../../node/part-folder.ts";
import type { ExperimentConfig } from "../../training/config.ts";

export interface CutChoice {
  readonly processes: number;
  /** Last stages of all parts but the last one. Default: balanced. */
  readonly cut?: readonly number[];
  readonly resume?: string | true;
}

/**
 * The parts' stages, from the stimulus up.
 *
 * @throws BispikeError "usage" for cuts the pair does not have, or other ones than the run was begun with
 */
export async function rangesFor(request: CutChoice, config: ExperimentConfig, run: string): Promise<StageRange[]> {
  const { processes, cut, resume } = request;
  const before = resume === undefined ? [] : partsOf(run);
  if (before.length === 0) return askedRanges(request, config);
  const words = before.map(describeStages).join(", ");
  if (areWhole(before, config.network.hidden.length + 2)) {
    const begun = `${run} was begun with ${before.length} parts (stages ${words}), which stay`;
    if (before.length !== processes) throw new BispikeError("usage", `--processes: ${begun}; got ${processes}`);
    const cuts = before.slice(0, -1).map(({ last }) => last);
    if (cut && cut.join() !== cuts.join())
      throw new BispikeError("usage", `--cut: ${begun}: expected ${cuts.join() || "none"}, got ${cut.join()}`);
    return before;
  }
  // Parts begun anew would have the others begin again, too.
  if (before.some((range) => savedSteps(partFolder(run, range)).length > 0))
    throw new BispikeError(
      "usage",
      `${run}: holds stages ${words} alone of a training in parts; copy the folders of its other parts into ${run}/${PARTS_FOLDER}, or go on with each where it is by --stages`,
    );
  const asked = await askedRanges(request, config);
  const names = asked.map(describeStages);
  if (!before.every((range) => names.includes(describeStages(range))))
    throw new BispikeError(
      "usage",
      `${run}: was begun with stages ${words}, and ${processes} processes would have stages ${names.join(", ")}: give --cut as it was begun, or choose another folder with --out`,
    );
  makePartFolders(run, asked);
  return asked;
}

/** The cut asked for, or else a balanced one. */
async function askedRanges({ processes, cut }: CutChoice, { network, data }: ExperimentConfig): Promise<StageRange[]> {
  const stages = network.hidden.length + 2;
  if (cut) {
    const rising = cut.every((after, k) => after >= 1 && after < stages && after > (cut[k - 1] ?? 0));
    if (!rising || cut.length !== processes - 1)
      throw new BispikeError(
        "usage",
        `--cut: expected ${processes - 1} rising stages from 1 to ${stages - 1}, after which to cut, got ${cut.join(",")}`,
      );
    return rangesOf(cut, stages);
  }
  const { shape, classes } = await loadDataset(data);
  const concept = network.target === "one-hot" ? classes : network.targetSize || 4 * classes;
  return rangesOf(balancedCuts(stageWork(network, shape, concept), processes, network.stimulus === "direct"), stages);
}

/** Where some parts have begun, the others' folders tell a later session how the pair was cut. */
export function keepCut(run: string, ranges: readonly StageRange[]): void {
  const ours = ranges.map(describeStages);
  const there = partsOf(run);
  if (there.length > 0 && there.every((range) => ours.includes(describeStages(range)))) makePartFolders(run, ranges);
}

/** The text or series that a sequence run's commands work on: the one it was trained on, or another of the same alphabet or columns. */
import type { Sequence } from "../../data/sequence/assemble.ts";
import { loadSequence, type SequenceRequest } from "../../data/sequence/load.ts";
import type { Range } from "../../data/sequence/task.ts";
import { KNOWN_TEXTS } from "../../data/sequence/text.ts";
import { BispikeError } from "../../errors.ts";
import type { SequenceCheckpoint } from "../../training/checkpoint.ts";
import { sequenceRequest } from "../../training/sequence/request.ts";
import { note } from "../output.ts";
import type { Part } from "../parse.ts";
import { movedFrom } from "./moved-data.ts";

/** Parts as the command line names them, and as a set does. */
const SEQUENCE_PARTS = { test: "test", heldout: "heldOut", train: "train" } as const;

/**
 * Loads it, with the alphabet or the columns and statistics of the checkpoint, and remarks on files that are not what they were.
 *
 * @param told what differs from the checkpoint's configuration
 * @param option of the command that says where the data are; default --data.text or --data.series
 * @param saysUnknown its option for characters that the net does not know, if it has one
 * @throws BispikeError "data", "config" as `loadSequence`
 */
export async function sequenceFor(
  { config, data }: SequenceCheckpoint,
  told: Partial<SequenceRequest> = {},
  option = `--data.${config.data.text === undefined ? "series" : "text"}`,
  saysUnknown = "",
): Promise<Sequence> {
  const recorded =
    told.text === undefined && told.series === undefined ? (config.data.text ?? config.data.series) : undefined;
  const request = { ...sequenceRequest(config, data), ...told };
  const sequence = await loadSequence(request, option, saysUnknown).catch(movedFrom(recorded, `${option} FILE`));
  const { name, provenance } = sequence.about;
  for (const { verified, file } of provenance)
    note("warning", verified === false ? `${name}: not the published content: ${file}` : null);
  const trained = data.provenance.map(({ sha256 }) => sha256);
  const [other] = provenance.filter(({ sha256 }) => trained.length > 0 && !trained.includes(sha256));
  note("note", other ? `${other.file} is not the file that was trained on; its parts are divided as that one's` : null);
  return sequence;
}

/** What `sequenceFor` reads, so that it is not written over; nothing where a package brings it. */
export function sequenceFiles(
  { config }: Pick<SequenceCheckpoint, "config">,
  told: Partial<SequenceRequest> = {},
): string[] {
  const { text = config.data.text, series = config.data.series } = told;
  return [text, series].filter((path) => path !== undefined && !KNOWN_TEXTS.has(path)) as string[];
}

/**
 * Positions of a part.
 *
 * @throws BispikeError "usage" for a part the experiment does not have
 */
export function partOf({ set, windows }: Sequence, { config }: SequenceCheckpoint, part: Part): Range {
  const name = SEQUENCE_PARTS[part];
  if (windows[name].length > 0) return set.parts[name];
  const { trainPart, validation } = config.data;
  throw new BispikeError(
    "usage",
    `--part ${part}: this experiment has no such part (data.trainPart ${trainPart}, data.validation ${validation})`,
  );
}

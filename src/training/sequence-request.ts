/** What a configuration asks of the data side. */
import type { SequenceRequest } from "../data/sequence/load.ts";
import type { SequenceTask } from "../data/sequence/options.ts";
import type { SequenceSummary } from "../data/sequence/task.ts";
import type { SequenceConfig } from "./config.ts";
import type { Task } from "./settings/settings.ts";

/** What the data side calls the tasks. */
export const TASK_OF_DATA: Readonly<Record<Task, SequenceTask>> = {
  "next-character": "next",
  regression: "regression",
  forecast: "forecast",
};

/** Of the data's keys, those that a summary of earlier data brings along. */
const BROUGHT = ["newline", "targets", "columns", "horizon", "standardise"] as const;

/**
 * The request for `loadSequence` and `assembleSequence`.
 *
 * @param like the data a net was trained on, whose alphabet or columns and statistics are to be used
 */
export function sequenceRequest(config: SequenceConfig, like?: SequenceSummary): SequenceRequest {
  const { validation, ...data } = config.data;
  const request = { ...data, validation, task: TASK_OF_DATA[config.task] };
  if (like === undefined) return request;
  const own: Partial<SequenceRequest> = { ...request };
  for (const key of BROUGHT) delete (own as Record<string, unknown>)[key];
  return { ...own, task: request.task, like };
}

/** All settings of an experiment, a table a section. */
import { joinName, lastName, type RawValue } from "../config-raw.ts";
import { type Chosen, nowCalled, type Problem, renamed, value } from "../options.ts";
import { data } from "./data.ts";
import { network } from "./network.ts";
import { observe } from "./observe.ts";
import { rule } from "./rule.ts";
import { train } from "./train.ts";

/** What is learned at every position of a sequence: the next character of a text, or values of a series at the same or a later time. */
export const TASKS = ["next-character", "regression", "forecast"] as const;
/** A task of sequences. */
export type Task = (typeof TASKS)[number];
/** The task of autoencoders. */
export const AUTOENCODE = "autoencode";

const tasksOf: Readonly<Record<Problem, readonly string[]>> = {
  classify: [],
  sequence: TASKS,
  autoencode: [AUTOENCODE],
};

/** A run's name where none is given: `<data set>-<kind>`, `<text or series>-<rule>` or `<data set>-autoencoder-<rule>`. */
const usualName: Readonly<Record<Problem, (at: Chosen["at"]) => string>> = {
  classify: (at) => {
    const rule = ruleOf(at);
    return joinName(imagesOf(at), String(at("network.kind")), ...(rule === "bsd" ? [] : [rule]));
  },
  sequence: (at) => {
    const file = lastName((at("data.text") ?? at("data.series")) as RawValue | undefined).replace(/(\.gz)$/i, "");
    return joinName(file.replace(/(.)\.[^.]+$/, "$1"), ruleOf(at));
  },
  autoencode: (at) => joinName(imagesOf(at), "autoencoder", ruleOf(at)),
};

const ruleOf = (at: Chosen["at"]) => String(at("rule.name"));

/** A folder's last name stands in for the data set's. */
function imagesOf(at: Chosen["at"]): string {
  const name = at("data.name");
  return typeof name === "string" ? name : lastName(at("data.path") as RawValue | undefined);
}

export const SETTINGS = {
  name: value<string, Record<never, never>>({
    says: "Names the run folder: letters, digits, `.`, `_` and `-`.",
    default: ({ problem, at }) => usualName[problem](at),
    expected: () => "a folder name: 1 to 100 letters, digits, '.', '_' or '-', starting with a letter or digit",
    accepts: (name) => typeof name === "string" && /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name),
  }),
  task: value<string, { readonly classify: string }>({
    says: "What is learned: next-character, regression or forecast of sequences, or autoencode; images and their classes have none.",
    expected: (problem) => {
      const tasks = tasksOf[problem];
      return tasks.length === 1 ? tasks[0]! : `one of ${tasks.join(", ")}`;
    },
    accepts: (task, problem) => tasksOf[problem].includes(task as string),
    notIn: { classify: "an experiment without a task learns images and their classes" },
  }),
  data,
  network,
  rule,
  train,
  observe,
} as const;

/** What a key is called now; itself where it was never called otherwise. @example currentKey("data.validation") // "data.validation" */
export function currentKey(key: string): string {
  return nowCalled(SETTINGS, key) ?? key;
}

/**
 * A configuration of version 1 of this library (its checkpoints and run folders) by the names settings have now.
 *
 * @example
 * fromVersion1({ data: { name: "mnist", validation: 0.2 } }); // { data: { name: "mnist", validation: 0.2 } }
 */
export function fromVersion1(config: unknown): unknown {
  return renamed(SETTINGS, config);
}

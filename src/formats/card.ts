/**
 * A model card as Hugging Face has them: README.md with YAML at its head. It says what the run's own files say and nothing else: no licence unless given, no figure that was
 * not measured.
 */

import { stringify } from "yaml";

/** A figure of the run: what it is called to people and to the hub, where the hub has a name for it. */
export interface CardFigure {
  /** What people call it. */
  readonly label: string;
  /** As the hub takes it, such as 0.9761. */
  readonly value: number;
  /** As people read it, such as "97.61 %". */
  readonly shown: string;
  /** The hub's name, such as "accuracy". */
  readonly metric?: string;
}

/** What is known of a run. */
export interface CardFacts {
  /** Of the run, the card's title. */
  readonly name: string;
  /** Two sentences at most: what was trained on what, by which rule. */
  readonly what: string;
  /** The hub's name of the task, such as "image-classification". */
  readonly task: string;
  /** Name of the data. */
  readonly dataset: string;
  /** As the hub knows them. */
  readonly tags: readonly string[];
  /** What was measured. */
  readonly figures: readonly CardFigure[];
  /** Which part of the data the figures are of, and with which weights. */
  readonly figuresOf: string;
  /** Files of the run's folder that go with the card, and what they are. */
  readonly files: readonly (readonly [file: string, what: string])[];
  /** Pictures among them. */
  readonly pictures: readonly (readonly [file: string, what: string])[];
  /** The command line that trained the run. */
  readonly command: string | undefined;
  /** The versions and machine it ran on, by name. */
  readonly environment: readonly (readonly [name: string, value: string])[];
  /** The resolved configuration as YAML. */
  readonly config: string;
  /** What the model is not good for, from what is known of it. */
  readonly limits: readonly string[];
  /** SPDX or hub name. */
  readonly license: string | undefined;
}

/**
 * Text of a README.md.
 *
 * @example
 * writeFileSync("README.md", modelCard(facts));
 */
export function modelCard(facts: CardFacts): string {
  return `---\n${frontMatter(facts)}---\n\n${body(facts).join("\n")}\n`;
}

function frontMatter({ name, task, dataset, tags, figures, license }: CardFacts): string {
  const known = figures.filter(({ metric }) => metric !== undefined);
  const metrics = known.map(({ label, value, metric }) => ({ type: metric, value, name: label }));
  const results = [{ task: { type: task }, dataset: { name: dataset, type: dataset }, metrics }];
  return stringify({
    library_name: "bispike",
    ...(license === undefined ? {} : { license }),
    tags: [...tags],
    datasets: [dataset],
    ...(known.length > 0 && {
      metrics: [...new Set(known.map(({ metric }) => metric))],
      "model-index": [{ name, results }],
    }),
  });
}

function body(facts: CardFacts): string[] {
  const { name, what, figures, figuresOf, files, pictures, command, environment, config, limits } = facts;
  const table = (head: readonly string[], rows: readonly (readonly string[])[]) => [
    `| ${head.join(" | ")} |`,
    `|${head.map(() => "---").join("|")}|`,
    ...rows.map((row) => `| ${row.map(cell).join(" | ")} |`),
  ];
  return [
    ...[`# ${oneLine(name)}`, "", what, ""],
    ...[
      "## Results",
      "",
      figuresOf,
      "",
      ...table(
        ["figure", "value"],
        figures.map(({ label, shown }) => [label, shown]),
      ),
      "",
    ],
    ...pictures.flatMap(([file, about]) => [`![${about}](${file})`, ""]),
    ...["## How to reproduce", ""],
    ...(command === undefined
      ? ["The run's folder does not say which command trained it; its configuration is below.", ""]
      : ["```sh", command, "```", "", "The same seed gives the same bytes, whatever the number of threads.", ""]),
    ...(environment.length > 0 ? [...table(["where it was trained", ""], environment), ""] : []),
    ...["```yaml", config.trimEnd(), "```", ""],
    ...["## Files", "", ...files.map(([file, about]) => `- \`${file}\`: ${about}`), ""],
    ...["## Limits", "", ...limits.map((limit) => `- ${limit}`)],
  ];
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}

function cell(text: string): string {
  return oneLine(text).replaceAll("|", "\\|");
}

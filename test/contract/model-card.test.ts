/** The text of a model card: what the hub reads, and tables that stay tables. */
import { expect, it } from "vitest";
import { parse } from "yaml";
import { type CardFacts, modelCard } from "../../src/formats/card.ts";

const FACTS: CardFacts = {
  ...{
    name: "a  run\nof two lines",
    what: "What it is.",
    task: "text-generation",
    dataset: "alice",
    tags: ["bispike"],
  },
  figures: [
    { label: "accuracy | top", value: 0.5, shown: "50 %\n(half)", metric: "accuracy" },
    { label: "bits", value: 2, shown: "2.00" },
  ],
  ...{ figuresOf: "Of the test part.", files: [["a.json", "figures"]], pictures: [["b.png", "Curves"]] },
  ...{
    command: "bispike train a.yaml",
    environment: [["node", "v20"]],
    config: "a: 1\n",
    limits: ["None."],
    license: undefined,
  },
};
const parts = (facts: CardFacts) => {
  const [, head = "", body = ""] = /^---\n([\s\S]*?)---\n([\s\S]*)$/.exec(modelCard(facts)) ?? [];
  return { head: parse(head) as Record<string, unknown>, lines: body.split("\n") };
};

it("gives the hub the figures it has names for, and no licence unless one is stated", () => {
  const { head } = parts(FACTS);
  expect(Object.keys(head)).toEqual(["library_name", "tags", "datasets", "metrics", "model-index"]);
  expect(head.metrics).toEqual(["accuracy"]);
  expect(head["model-index"]).toMatchObject([
    { results: [{ task: { type: "text-generation" }, metrics: [{ type: "accuracy", value: 0.5 }] }] },
  ]);
  const unnamed = parts({ ...FACTS, figures: FACTS.figures.slice(1), license: "mit" });
  expect(Object.keys(unnamed.head)).toEqual(["library_name", "license", "tags", "datasets"]);
});

it("keeps each row of a table on a line, and bars within cells escaped", () => {
  const { lines } = parts(FACTS);
  for (const line of [
    "# a run of two lines",
    "| accuracy \\| top | 50 % (half) |",
    "| bits | 2.00 |",
    "| node | v20 |",
    "![Curves](b.png)",
    "- `a.json`: figures",
    "bispike train a.yaml",
    "- None.",
  ])
    expect(lines).toContain(line);
  const unknown = parts({ ...FACTS, command: undefined }).lines;
  expect(unknown).toContain("The run's folder does not say which command trained it; its configuration is below.");
});

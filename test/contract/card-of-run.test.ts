/** What a model card tells of a run by its configuration and environment alone: its task for the hub, and its command as a shell takes it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { exportCard } from "../../src/cli/commands/export-card.ts";
import { temporaryFolders } from "../support/folder.ts";

const folder = temporaryFolders();
const SUMMARY = {
  testAccuracy: null,
  testDriveAccuracy: null,
  validationAccuracy: null,
  rates: [],
  recall: null,
  cost: null,
};
const RUN = { ...{ parameters: { perception: 1, recall: 0 }, epochs: 1, seconds: 1, seed: 1 }, ...SUMMARY };

/** The card of a folder that holds no checkpoint. */
async function cardOf(config: object, command: string[] = []) {
  const run = folder();
  writeFileSync(join(run, "config.yaml"), stringify(config));
  writeFileSync(join(run, "summary.json"), JSON.stringify(RUN));
  writeFileSync(join(run, "environment.json"), JSON.stringify({ command }));
  const { bytes, facts } = await exportCard({ run, options: {}, threads: 1 });
  return { text: new TextDecoder().decode(bytes), facts };
}

it.each([
  ["image-classification", "mnist", { data: { name: "mnist" } }],
  ["image-to-image", "mnist", { task: "autoencode", data: { name: "mnist" } }],
  ["text-generation", "alice.txt", { task: "next-character", data: { text: "books/alice.txt" } }],
  ["time-series-forecasting", "ett.csv", { task: "forecast", data: { series: "ett.csv" } }],
])("%s", async (task, dataset, config) => {
  const { text, facts } = await cardOf(config);
  expect(facts).toMatchObject({ task });
  expect((parse(text.split("---\n")[1] ?? "") as { datasets: string[] }).datasets).toEqual([dataset]);
});

it("quotes words of the command, and tells none that did not train", async () => {
  const config = { data: { name: "mnist" } };
  const words = ["bispike", "train", "my run.yaml", "--name=it's", "--train.epochs=2"];
  expect((await cardOf(config, words)).text).toContain(
    "bispike train 'my run.yaml' '--name=it'\\''s' --train.epochs=2\n",
  );
  expect((await cardOf(config, ["bispike", "join", "a"])).text).toContain("does not say which command trained it");
});

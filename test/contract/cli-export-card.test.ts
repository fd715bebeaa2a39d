/** A finished run's model card. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { runCli } from "../support/cli.ts";
import { runHere } from "../support/cli-here.ts";
import { expectRefusal, expectRefusalHere } from "../support/refusal.ts";
import { sharedWorkspace } from "../support/small-run.ts";

const workspace = sharedWorkspace();
const readJson = (file: string) => JSON.parse(readFileSync(join(workspace(), file), "utf8"));

describe("after training", () => {
  it("a card says what the run's files say", async () => {
    const cwd = workspace();
    const trained = await runCli(["train", "bars.yaml", "--out", "run", "--quiet"], cwd);
    expect(trained.code).toBe(0);

    const card = await runCli(["export", "run", "--format", "card", "--license", "mit", "--out", "run/README.md"], cwd);
    expect(card.stderr).toBe("");
    const text = readFileSync(join(cwd, "run/README.md"), "utf8");
    const [, head = "", body = ""] = /^---\n([\s\S]*?)---\n([\s\S]*)$/.exec(text) ?? [];
    const summary = readJson("run/summary.json");
    expect(parse(head)).toEqual({
      library_name: "bispike",
      license: "mit",
      tags: ["bispike", "spiking-neural-network", "bsd"],
      datasets: ["bars"],
      metrics: ["accuracy"],
      "model-index": [
        {
          name: "bars",
          results: [
            {
              task: { type: "image-classification" },
              dataset: { name: "bars", type: "bars" },
              metrics: [{ type: "accuracy", value: summary.testAccuracy, name: "test accuracy" }],
            },
          ],
        },
      ],
    });
    expect(body).toContain(`| test accuracy | ${(100 * summary.testAccuracy).toFixed(2)} % |`);
    expect(body).toContain("Of the test part, looked at once, with the weights that were best on the validation part.");
    expect(body).toContain("bispike train bars.yaml --out run --quiet");
    expect(body).toContain("![Learning curves](curves.png)");
    expect(body).toContain("  hidden:\n    - 32\n    - 16\n");
    await expectRefusal(
      ["export", "run", "--format", "card", "--out", "run/README.md"],
      cwd,
      2,
      /there is such a file/,
    );
  });

  it("a card of a configuration that was edited after training is refused: its figures are of another", async () => {
    const cwd = workspace();
    const train = ["train", "bars.yaml", "--train.epochs=1", "--out", "edited", "--quiet"];
    expect((await runHere(train, cwd)).code).toBe(0);
    const file = join(cwd, "edited", "config.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace("epochs: 1", "epochs: 3"));
    await expectRefusalHere(
      ["export", "edited", "--format", "card", "--out", "edited.md"],
      cwd,
      1,
      /edited: config\.yaml is not what the checkpoint was trained with: train\.epochs: expected 1, got 3; put it back\n/,
    );
  });

  it("a card of a run judged by validation images is of those alone, and says so", async () => {
    const cwd = workspace();
    const train = ["train", "bars.yaml", "--train.epochs=1", "--judge", "held-out", "--out", "tuned", "--quiet"];
    expect((await runHere(train, cwd)).code).toBe(0);
    expect((await runHere(["export", "tuned", "--format", "card", "--out", "tuned.md"], cwd)).code).toBe(0);
    const text = readFileSync(join(cwd, "tuned.md"), "utf8");
    const { validationAccuracy } = readJson("tuned/summary.json");
    expect(text).toContain(`| best validation accuracy | ${(100 * validationAccuracy).toFixed(2)} % |`);
    expect(text).toContain(
      "Of the validation part, by which the best epoch was chosen too; the test part was not looked at, with the weights",
    );
    expect(text).not.toMatch(/Of the test part|test accuracy/);
  });
});

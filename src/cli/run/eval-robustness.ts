/** `bispike eval --robustness`: accuracy by corruption and severity. */
import Papa from "papaparse";
import { CORRUPTIONS, DEFAULT_DRAWS, SEVERITIES } from "../../measurement/corruptions.ts";
import { type CorruptionScore, measureRobustness, type Robustness } from "../../measurement/robustness.ts";
import { spreadOf } from "../../measurement/statistics.ts";
import { writeDurably } from "../../node/durable.ts";
import type { OpenedModel } from "../../node/open.ts";
import type { EvalOptions } from "../eval.ts";
import { alignTable, percent } from "../table.ts";
import { filesRead } from "./data.ts";
import type { Measured, Section } from "./eval-sections.ts";
import { requireFolder, requireNotRead } from "./output-file.ts";
import { startProgress } from "./progress.ts";

/** @throws BispikeError "usage" for an `--out` that cannot be written */
export function robustnessSection(
  { model, checkpoint, file }: OpenedModel,
  { split, indices, dataset }: Measured,
  options: EvalOptions,
): Section {
  const { corruptions, severities, images, draws, seed, out } = options;
  if (out !== undefined) {
    requireFolder("--out", out);
    requireNotRead("--out", out, file, filesRead(dataset, checkpoint, options));
  }
  const asked = {
    ...(corruptions && { corruptions }),
    ...(severities && { severities }),
    ...(images !== undefined && { images }),
    ...(draws !== undefined && { draws }),
    ...(seed !== undefined && { seed }),
  };
  return {
    finish: async () => {
      const progress = startProgress("passes over the images", passesOf(options), { silent: options.json });
      let passes = 0;
      const pause = async () => progress.at(++passes);
      const robustness = await measureRobustness(model, split, indices, { ...asked, pause }).finally(progress.end);
      if (out !== undefined) writeDurably(out, robustnessCsv(robustness));
      return { json: { robustness }, text: report(robustness) };
    },
  };
}

/** One over the clean images, one a severity of each corruption, and of noise on the weights one a draw. */
function passesOf({ corruptions = CORRUPTIONS, severities = SEVERITIES, draws = DEFAULT_DRAWS }: EvalOptions): number {
  return corruptions.reduce((sum, name) => sum + severities.length * (name === "weights" ? draws : 1), 1);
}

/** CSV (RFC 4180): a line a corruption and severity, first the clean images as severity 0; full digits. */
function robustnessCsv({ images, clean, corruptions }: Robustness): string {
  const head = ["corruption", "severity", "amount", "quantity", "images", "accuracy", "drop", "draws", "std"];
  const rows = corruptions.flatMap(({ name, quantity, severities }) =>
    severities.map(({ severity, amount, accuracy, draws }) => [
      ...[name, severity, amount, quantity, images, accuracy, clean - accuracy],
      ...(draws ? [draws.length, spreadOf(draws)?.std ?? null] : [null, null]),
    ]),
  );
  const first = ["none", 0, null, null, images, clean, 0, null, null];
  return `${Papa.unparse([head, first, ...rows], { newline: "\n" })}\n`;
}

function report({ images, seed, clean, mean, drop, corruptions }: Robustness): string {
  const severities = corruptions[0]!.severities.map(({ severity }) => severity);
  const row = (score: CorruptionScore) => [
    score.name,
    ...score.severities.map(({ accuracy }) => percent(accuracy)),
    percent(score.mean),
    points(score.drop),
  ];
  const drawn = corruptions.find(({ name }) => name === "weights")?.severities[0]?.draws?.length;
  return [
    `robustness: ${images} images, ${percent(clean)} right when not corrupted; draws by seed ${seed}`,
    alignTable(
      [
        ["accuracy at severity", ...severities.map(String), "mean", "drop, points"],
        ...corruptions.map(row),
        ...(mean === null || drop === null
          ? []
          : [["all corruptions of images", ...severities.map(() => ""), percent(mean), points(drop)]]),
      ],
      "l",
    ),
    alignTable(
      [
        ["amounts", ...severities.map(String)],
        ...corruptions.map(({ name, quantity, severities: lines }) => [
          name,
          ...lines.map(({ amount }) => amount.toString()),
          quantity,
        ]),
      ],
      `l${"r".repeat(severities.length)}l`,
    ),
    ...(drawn === undefined
      ? []
      : [`weights: of perception alone, not biases or norms; mean of ${drawn} draw${drawn === 1 ? "" : "s"}`]),
  ].join("\n\n");
}

/** Percentage points. */
const points = (share: number) => `${(100 * share).toFixed(2)}`;

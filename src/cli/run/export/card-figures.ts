/** The figures of a run's summary that its model card shows. */
import type { CardFigure } from "../../../export/model-card.ts";
import type { AutoencoderRunSummary } from "../autoencoder-summary.ts";
import type { AnySummary } from "../job.ts";
import type { SequenceRunSummary } from "../sequence-summary.ts";
import type { Summary } from "../summary.ts";

export function figuresOf(summary: AnySummary): CardFigure[] {
  const own =
    "testAccuracy" in summary
      ? ofImages(summary)
      : summary.task === "autoencode"
        ? ofAutoencoder(summary as AutoencoderRunSummary)
        : ofSequence(summary as SequenceRunSummary);
  const { perception, recall } = summary.parameters;
  return [
    ...own,
    count("parameters of perception", perception),
    ...(recall > 0 ? [count("parameters of recall", recall)] : []),
    ...[
      count("epochs", summary.epochs),
      { label: "seconds of training", value: summary.seconds, shown: summary.seconds.toFixed(0) },
    ],
  ];
}

function share(label: string, value: number, metric?: string): CardFigure {
  return { label, value, shown: `${(100 * value).toFixed(2)} %`, ...(metric && { metric }) };
}

function count(label: string, value: number): CardFigure {
  return { label, value, shown: value.toLocaleString("en") };
}

function plain(label: string, value: number, metric?: string): CardFigure {
  return { label, value, shown: String(Number(value.toPrecision(4))), ...(metric && { metric }) };
}

function ofImages(summary: Summary): CardFigure[] {
  const { testAccuracy, testDriveAccuracy, validationAccuracy, rates, recall, cost } = summary;
  return [
    // A run that is judged by its held-out images has looked at no test image.
    ...(testAccuracy === null ? [] : [share("test accuracy", testAccuracy, "accuracy")]),
    ...(cost && testDriveAccuracy !== null
      ? [share("test accuracy by the concept's mean drive", testDriveAccuracy)]
      : []),
    ...(validationAccuracy === null
      ? []
      : [share("best held-out accuracy", validationAccuracy, testAccuracy === null ? "accuracy" : undefined)]),
    ...rates.map((rate, k) => plain(`firing rate of stage ${k + 2}, spikes a step`, rate)),
    ...(recall
      ? [
          {
            label: "recalled classes nearest to their own mean image",
            value: recall.ownIsNearest,
            shown: `${recall.ownIsNearest} of ${recall.classes}`,
          },
        ]
      : []),
    ...(cost ? [count("accumulates an image (NeuroBench's effective ACs)", cost.inference.acs)] : []),
    ...(cost ? [count("multiply-accumulates an image (effective MACs)", cost.inference.macs)] : []),
  ];
}

function ofSequence({ test, heldOut }: SequenceRunSummary): CardFigure[] {
  const figures = (part: string, measured: SequenceRunSummary["test"]) => {
    if (!measured) return [];
    return measured.kind === "characters"
      ? [
          share(`${part} accuracy of the next character`, measured.accuracy, "accuracy"),
          plain(`${part} bits a character`, measured.bits),
        ]
      : [
          plain(`${part} mean squared error, standardised`, measured.mse, "mse"),
          plain(`${part} mean absolute error, standardised`, measured.mae, "mae"),
        ];
  };
  // The hub's names go with one set of figures: those of the test part, where there is one.
  return [
    ...figures("test", test),
    ...figures("held-out", heldOut).map(({ label, value, shown, metric }) => ({
      label,
      value,
      shown,
      ...(test || !metric ? {} : { metric }),
    })),
  ];
}

function ofAutoencoder({ test, heldOut }: AutoencoderRunSummary): CardFigure[] {
  const [part, measured] = test ? ["test", test] : ["held-out", heldOut];
  return (["perception", "recall"] as const).flatMap((network) => {
    const figures = measured?.[network];
    if (!figures) return [];
    return [
      plain(
        `${part} mean squared error of ${network}'s drawings`,
        figures.mse,
        ...(network === "perception" ? (["mse"] as const) : []),
      ),
      plain(`${part} PSNR of ${network}'s drawings, dB`, figures.psnr),
    ];
  });
}

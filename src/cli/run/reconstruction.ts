/** How well the networks of an autoencoder redraw a part of the data. */
import type { Split } from "../../data/dataset.ts";
import type { AutoencoderModel } from "../../learning/autoencoder/model.ts";
import { redrawnErrors } from "../../measurement/redrawn-images.ts";
import type { Network } from "../../network/autoencoder/pair.ts";
import { alignTable } from "../table.ts";
import { figure } from "./lines-sequence.ts";

/** One network's drawings, pixels from 0 to 1. */
export interface DrawingFigures {
  readonly mse: number;
  /** Of that error, in dB; null where there is none. */
  readonly psnr: number | null;
}

/** Null for a network that was not asked for or does not draw. */
export interface Reconstruction {
  readonly images: number;
  readonly perception: DrawingFigures | null;
  readonly recall: DrawingFigures | null;
}

export interface ReconstructionOptions {
  /** Default: all that draw. */
  readonly networks?: readonly Network[];
  /** Awaited between batches; may throw to give up. */
  readonly pause?: () => Promise<void>;
}

/** Redraws the images at `indices` and measures them. */
export async function measureReconstruction(
  model: AutoencoderModel,
  split: Split,
  indices: Int32Array,
  { networks = model.learner.redrawers, pause }: ReconstructionOptions = {},
): Promise<Reconstruction> {
  const errors = await redrawnErrors(model, split, indices, networks, pause);
  const figuresOf = (by: Network): DrawingFigures | null => {
    const mse = errors[networks.indexOf(by)];
    return mse === undefined ? null : { mse, psnr: mse === 0 ? null : -10 * Math.log10(mse) };
  };
  return { images: indices.length, perception: figuresOf("perception"), recall: figuresOf("recall") };
}

/** The figures of both networks side by side, for a person. */
export function reconstructionTable({ perception, recall }: Reconstruction): string {
  const columns = [
    ["perception", perception],
    ["recall", recall],
  ].flatMap(([name, figures]) => (figures ? [{ name: name as string, figures: figures as DrawingFigures }] : []));
  const row = (title: string, value: (figures: DrawingFigures) => string, unit: string) => [
    title,
    ...columns.map(({ figures }) => value(figures)),
    unit,
  ];
  return alignTable(
    [
      ["", ...columns.map(({ name }) => name)],
      row("MSE", ({ mse }) => figure(mse), "pixels 0 to 1"),
      row("PSNR", ({ psnr }) => (psnr === null ? "-" : psnr.toFixed(2)), "dB"),
    ],
    `l${"r".repeat(columns.length)}l`,
  );
}

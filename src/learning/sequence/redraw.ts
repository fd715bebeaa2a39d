/**
 * Stage 1 of a sequence: recall's last weights learn to redraw the stimulus x_n. A redrawn row is compared with every symbol of the alphabet, its own being the one to be told from the others;
 * or, for real values, with the stimuli of its block.
 */
import type { Address, Region } from "../../engine/memory.ts";
import { type AlignedStage, Alignment, type PartLoss } from "../../losses/align.ts";
import type { SequencePair } from "../../network/recurrent/sequence-pair.ts";

/** How redrawn rows are compared. */
export interface RedrawOptions {
  readonly centred: boolean;
  /** Values: rows compared with each other at most. */
  readonly block: number;
  readonly loss: PartLoss;
}

export class Redraw {
  readonly #pair: SequencePair;
  readonly #alignment: Alignment;
  readonly #stage: AlignedStage;
  /** Symbols: the alphabet's one-hot codes. Values: the stimulus, centred. */
  readonly #rows: Region<Float32Array>;

  constructor(pair: SequencePair, { centred, block, loss }: RedrawOptions) {
    const { team, stimulusWidth: width } = pair;
    const { window, maxRows, inputs } = pair.options;
    const rows = window * maxRows;
    const symbols = inputs.kind === "symbols";
    const columns = symbols ? inputs.width : rows;
    this.#pair = pair;
    this.#stage = { width, features: inputs.width, loss };
    this.#alignment = new Alignment(team, {
      rivals: symbols ? "prototypes" : "literal",
      block,
      centred,
      rows,
      columns,
      stages: [this.#stage],
    });
    this.#rows = team.arena.f32(columns * width);
  }

  /** Loss of `images` redrawn rows, which centring changes, and the address of their gradient. */
  align(redrawn: Address, images: number): { loss: number; gradient: Address } {
    const { options, stimulus, symbols, stimulusWidth } = this.#pair;
    const rows = this.#rows;
    if (options.inputs.kind === "values") {
      const sides = { v: stimulus.at, centredAt: rows.at, rows: images, w: redrawn, columns: images };
      const { loss, columns: gradient } = this.#alignment.align(this.#stage, sides, { rows: false, columns: true });
      return { loss, gradient };
    }
    const columns = options.inputs.width;
    rows.view.fill(0);
    for (let c = 0; c < columns; c++) rows.view[c * stimulusWidth + c] = 1;
    const sides = { v: redrawn, rows: images, w: rows.at, columns, labels: symbols };
    const { loss, rows: gradient } = this.#alignment.align(this.#stage, sides, { rows: true, columns: false });
    return { loss, gradient };
  }
}

/**
 * Stage 1 of a sequence: recall's last weights learn to redraw the stimulus x_n. A redrawn row is compared with every symbol of the alphabet, its own being the one to be told from the others;
 * or, for real values, with the stimuli of its block.
 */

import type { Address, Region } from "../../engine/memory.ts";
import { type AlignmentLoss, type Pairing, pairing, pairingRoom } from "../../losses/affinity.ts";
import { StageAlignment } from "../../losses/align.ts";
import type { SequencePair } from "../../network/recurrent/sequence-pair.ts";
import { type BlockLoss, WindowAlignment } from "./window-alignment.ts";

export class Redraw {
  readonly #pair: SequencePair;
  readonly #centred: boolean;
  readonly #loss: AlignmentLoss;
  /** Symbols: every row against the alphabet's one-hot codes. */
  readonly #symbols: { alignment: StageAlignment; pairs: Pairing; codes: Region<Float32Array> } | undefined;
  /** Values: rows against rows, and a copy of the stimulus that centring may change. */
  readonly #values: { alignment: WindowAlignment; stimulus: Region<Float32Array> } | undefined;

  constructor(pair: SequencePair, block: number, centred: boolean, loss: BlockLoss) {
    const { team, stimulusWidth: width } = pair;
    const { window, maxRows, inputs } = pair.options;
    const images = window * maxRows;
    this.#pair = pair;
    this.#centred = centred;
    this.#loss = loss(1, inputs.width);
    if (inputs.kind === "symbols") {
      this.#symbols = {
        alignment: new StageAlignment(team, images, inputs.width, width),
        pairs: pairingRoom(team.arena, images, inputs.width),
        codes: team.arena.f32(inputs.width * width),
      };
    } else {
      this.#values = {
        alignment: new WindowAlignment(team, images, block, width, loss),
        stimulus: team.arena.f32(images * width),
      };
    }
  }

  /** Loss of `images` redrawn rows, which centring changes, and the address of their gradient. */
  align(redrawn: Address, images: number): { loss: number; gradient: Address } {
    const { stimulusWidth: width, options, stimulus, symbols } = this.#pair;
    if (this.#values) {
      const { alignment, stimulus: copy } = this.#values;
      copy.view.set(stimulus.view.subarray(0, images * width));
      const sides = { v: copy.at, w: redrawn, images, width, features: options.inputs.width };
      const loss = alignment.align(sides, { centred: this.#centred, rowGradient: false, columnGradient: true });
      return { loss, gradient: alignment.columnGradient.at };
    }
    const { alignment, pairs, codes } = this.#symbols!;
    const columns = options.inputs.width;
    codes.view.fill(0);
    for (let c = 0; c < columns; c++) codes.view[c * width + c] = 1;
    pairing("prototypes", symbols, columns, pairs);
    const sides = { v: redrawn, rows: images, w: codes.at, columns, width };
    const wanted = { centred: this.#centred, rowGradient: true, columnGradient: false };
    const loss = alignment.align(this.#loss, pairs, sides, wanted);
    return { loss, gradient: alignment.rowGradient.at };
  }
}

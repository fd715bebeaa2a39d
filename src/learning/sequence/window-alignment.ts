/**
 * Aligns the two networks' features over a window of a sequence: row k of perception belongs to row k of recall (the same position of the same window), the other rows of its
 * block are negatives. A window of 32 positions x 64 rows has 2,048 rows and four million pairs; blocks of a few hundred rows learn as well and cost less.
 */
import { type AlignmentLoss, type Pairing, pairing, pairingRoom } from "../../alignment/affinity.ts";
import { CENTRED_COLUMNS } from "../../engine/kernels.ts";
import type { Address, Region } from "../../engine/memory.ts";
import type { Team } from "../../engine/team.ts";
import { StageAlignment } from "../stage-alignment.ts";

export interface WindowSides {
  /** Feature rows of perception and of recall, `width` floats each; centring changes them. */
  readonly v: Address;
  readonly w: Address;
  readonly images: number;
  readonly width: number;
  /** Numbers a row, `width` less its padding. */
  readonly features: number;
}

/** Makes the loss of a block: its weight is the block's share of the rows. */
export type BlockLoss = (share: number, features: number) => AlignmentLoss;

export class WindowAlignment {
  /** Gradients of the last `align`, rows like the features'. */
  readonly rowGradient: Region<Float32Array>;
  readonly columnGradient: Region<Float32Array>;
  readonly #team: Team;
  readonly #block: number;
  readonly #alignment: StageAlignment;
  readonly #pairs: Pairing;
  /** Losses by `features` and share. */
  readonly #losses = new Map<string, AlignmentLoss>();
  readonly #loss: BlockLoss;

  /** @param block rows compared with each other at most */
  constructor(team: Team, images: number, block: number, width: number, loss: BlockLoss) {
    const rows = Math.min(block, images);
    this.#team = team;
    this.#block = rows;
    this.#loss = loss;
    this.rowGradient = team.arena.f32(images * width);
    this.columnGradient = team.arena.f32(images * width);
    this.#alignment = new StageAlignment(team, rows, rows, 0);
    this.#pairs = pairingRoom(team.arena, rows, rows);
  }

  /** Mean loss over the rows; fills the gradients that are asked for. With `labels`, rows of the same label are no negatives of each other. */
  align(
    sides: WindowSides,
    options: {
      centred: boolean;
      rowGradient: boolean;
      columnGradient: boolean;
      labels?: ArrayLike<number> | undefined;
    },
  ): number {
    const { v, w, images, width, features } = sides;
    if (options.centred) {
      const scratch = this.#team.scratch(CENTRED_COLUMNS * 4);
      const blocks = Math.ceil(width / CENTRED_COLUMNS);
      this.#team.run("centre", blocks, {
        rows: images,
        others: images,
        width,
        v,
        out: v,
        w,
        scratch: scratch.at,
        scratchStride: scratch.stride,
      });
    }
    let value = 0;
    for (let from = 0; from < images; from += this.#block) {
      const rows = Math.min(this.#block, images - from);
      const offset = from * width * 4;
      const labels = Array.from({ length: rows }, (_, k) => options.labels?.[from + k] ?? k);
      const pairs = pairing(options.labels ? "masked" : "literal", labels, rows, this.#pairs);
      value += this.#alignment.align(
        this.#lossOf(rows / images, features),
        pairs,
        { v: v + offset, rows, w: w + offset, columns: rows, width },
        {
          centred: false,
          rowGradient: options.rowGradient && this.rowGradient.at + offset,
          columnGradient: options.columnGradient && this.columnGradient.at + offset,
        },
      );
    }
    return value;
  }

  #lossOf(share: number, features: number): AlignmentLoss {
    const key = `${features} ${share}`;
    let loss = this.#losses.get(key);
    if (!loss) {
      loss = this.#loss(share, features);
      this.#losses.set(key, loss);
    }
    return loss;
  }
}

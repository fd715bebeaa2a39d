/** A real-valued net together with what it knows of its data: what rules on such nets train, as a `Model` has a spiking pair. */
import type { Frame } from "../../data/batch.ts";
import type { Region } from "../../engine/memory.ts";
import { type DataSummary, ImageModel } from "../model.ts";
import { assertRows } from "../rows.ts";
import type { Slot } from "../slots.ts";
import type { LayeredNet } from "./layered-net.ts";

/** A net with the rows its first stage reads. */
export interface RealImageRows {
  readonly net: LayeredNet;
  /** [image][stimulusWidth]: normalised pixels, channels last. */
  readonly stimulus: Region<Float32Array>;
  readonly stimulusWidth: number;
  /** Largest batch. */
  readonly maxImages: number;
}

/**
 * A net of real numbers with what it knows of its data, as a `Model` has a spiking pair.
 *
 * @example
 * const model = new RealModel({ net, stimulus, stimulusWidth, maxImages }, data, frame);
 * (await evaluate(model, dataset.test, indices)).accuracy;
 */
export class RealModel extends ImageModel {
  readonly net: LayeredNet;
  /** The net again, with what it reads. */
  override readonly rows: RealImageRows;

  /** @param frame the frame images are centred in, of the net's input */
  constructor(rows: RealImageRows, data: DataSummary, frame: Frame) {
    super(data, frame, true);
    this.net = rows.net;
    this.rows = rows;
  }

  override get maxImages(): number {
    return this.rows.maxImages;
  }

  override perceive(images: number): void {
    assertRows("images", images, this.maxImages);
    this.net.forward(images, false);
  }

  override rates(): number[] {
    return [];
  }

  override slots(optimiser: boolean): Iterable<Slot> {
    return this.net.slots(optimiser);
  }

  /** The read-out of the newest pass: rows of `stride` floats, classes first. */
  get logits(): { readonly view: Float32Array; readonly stride: number } {
    const { features, featureWidth } = this.net.readout;
    return { view: features.view, stride: featureWidth };
  }
}

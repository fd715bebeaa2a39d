/** What variants are drawn on: the frame of a net's images, where in it an image lies, and what a pixel becomes. The same for all images of a training. */
import { normalisationTable } from "../batch.ts";
import type { FrameLayout } from "../frame-rows.ts";

export interface Ground extends FrameLayout {
  /** 256 values a channel: what each pixel value becomes. */
  readonly table: Float32Array;
  /** The image's first row and column in its frame, where it is not moved. */
  readonly top: number;
  readonly left: number;
}

/** Where `fillBatch` puts an image, half a pixel up and left where the margin is odd. */
export function groundOf(layout: FrameLayout): Ground {
  const { shape, frame, statistics } = layout;
  return {
    ...layout,
    table: normalisationTable(statistics, shape.channels),
    top: Math.floor((frame.height - shape.height) / 2),
    left: Math.floor((frame.width - shape.width) / 2),
  };
}

/** Pictures of the data on canvases. */

export interface PictureShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Draws bytes [height][width][channel], grey or RGB; the canvas takes the picture's size. */
export function drawPicture(
  canvas: HTMLCanvasElement,
  bytes: Uint8Array,
  { height, width, channels }: PictureShape,
): void {
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext("2d");
  if (!context) return;
  const picture = context.createImageData(width, height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let c = 0; c < 3; c++) picture.data[4 * pixel + c] = bytes[pixel * channels + (channels >= 3 ? c : 0)]!;
    picture.data[4 * pixel + 3] = 255;
  }
  context.putImageData(picture, 0, 0);
}

/** What a person drew or took, how it is spoilt, and which concepts are chosen. One for the page: two runs side by side look at the same. */
import { computed, signal } from "@preact/signals";
import { type DrawingOptions, drawingDefaults, picture } from "../draw/centre.ts";
import type { PictureShape } from "../draw/picture.ts";
import { type Spoiling, spoil, unspoilt } from "../draw/spoil.ts";
import type { Point, Stroke } from "../draw/strokes.ts";

/** Places on the surface closer than this, in parts of its side, are one. */
const CLOSEST = 1 / 250;
/** Steps a run's test part is gone through by, as neighbours may be of one class; prime, so that all are met. */
const STRIDE = 7919;

export const strokes = signal<readonly Stroke[]>([]);
/** Width of the pen, in pixels of a picture of 28 a side. */
export const penWidth = signal(drawingDefaults.pen);
/** Whether drawings are scaled and centred as MNIST's digits are; null until a person says: then they are where the data are MNIST's. */
export const centred = signal<boolean | null>(null);
export const spoiling = signal<Spoiling>(unspoilt);
/** Number of the test image that is looked at in place of the drawing; null while there is none. */
export const testIndex = signal<number | null>(null);
/** Where the pen of the keyboard is, in parts of the surface's side, whether it draws, and whether keys are what is drawn with. */
export const pen = signal<Point & { readonly down: boolean; readonly shown: boolean }>({
  x: 0.5,
  y: 0.5,
  down: false,
  shown: false,
});
/** Classes that recall is asked for, and how far from the first to the second. */
export const mixture = signal({ a: 0, b: 1, share: 0 });

/** Whether there is nothing to perceive. */
export const blank = computed(() => testIndex.value === null && strokes.value.length === 0);

/** Puts the pen down. A test image gives way to the drawing. */
export function beginStroke(at: Point): void {
  if (testIndex.peek() !== null) clear();
  strokes.value = [...strokes.peek(), [at]];
}

/** Draws on to a place, if it is far enough from the last. */
export function extendStroke(to: Point): void {
  const all = strokes.peek();
  const stroke = all.at(-1);
  const last = stroke?.at(-1);
  if (!stroke || !last || Math.hypot(to.x - last.x, to.y - last.y) < CLOSEST) return;
  strokes.value = [...all.slice(0, -1), [...stroke, to]];
}

export function undo(): void {
  liftPen();
  strokes.value = strokes.peek().slice(0, -1);
}

export function clear(): void {
  liftPen();
  strokes.value = [];
  testIndex.value = null;
}

/** @param images of the test part */
export function takeTestImage(images: number): void {
  const last = testIndex.peek();
  clear();
  const stride = images % STRIDE === 0 ? 1 : STRIDE;
  testIndex.value = last === null ? 0 : (last + stride) % images;
}

/** Moves the keyboard's pen, within the surface; it draws where it is down. */
export function movePen(right: number, down: number): void {
  const { x, y, down: draws } = pen.peek();
  const within = (value: number) => Math.min(1, Math.max(0, value));
  const to = { x: within(x + right), y: within(y + down) };
  pen.value = { ...to, down: draws, shown: true };
  if (draws) extendStroke(to);
}

/** Puts the keyboard's pen down, or lifts it. */
export function togglePen(): void {
  const { x, y, down } = pen.peek();
  // First, as it may clear a test image, which lifts the pen.
  if (!down) beginStroke({ x, y });
  pen.value = { x, y, down: !down, shown: true };
}

export function liftPen(): void {
  if (pen.peek().down) pen.value = { ...pen.peek(), down: false };
}

/** Keys are no longer what is drawn with. */
export function hidePen(): void {
  pen.value = { ...pen.peek(), down: false, shown: false };
}

/** How strokes become a picture of data of a name. */
export function drawingOptions(dataName: string): DrawingOptions {
  return { pen: penWidth.value, centred: centred.value ?? dataName === "mnist" };
}

/**
 * What perception is shown: the drawing, or the test image where one is taken, spoilt as asked.
 *
 * @param taken pixels of the test image that `testIndex` names
 */
export function shownPicture(shape: PictureShape, dataName: string, taken: Uint8Array | null): Uint8Array {
  return spoil(taken ?? picture(strokes.value, shape, drawingOptions(dataName)), shape, spoiling.value);
}

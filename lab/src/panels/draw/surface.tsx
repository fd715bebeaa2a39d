/** Where a person draws: by mouse, pen or finger, or by keys. Always white on black, as the data are. */

import { useId, useRef } from "preact/hooks";
import { drawPicture } from "../../draw/picture.ts";
import type { Point } from "../../draw/strokes.ts";
import {
  beginStroke,
  centred,
  clear,
  drawingOptions,
  extendStroke,
  hidePen,
  liftPen,
  movePen,
  pen,
  penWidth,
  strokes,
  takeTestImage,
  testIndex,
  togglePen,
  undo,
} from "../../state/drawing.ts";
import { named } from "../../state/lab.ts";
import type { Looking } from "../../state/looking.ts";
import { Canvas } from "../canvas.tsx";

/** Pixels of the surface a side, whatever its size on screen. */
const SIDE = 560;
/** What an arrow key moves the pen by, in parts of the side. */
const STRIDE = 1 / 28;

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export function Surface({ looking }: { looking: Looking }) {
  const about = looking.run.about.value;
  const help = useId();
  if (!about) return null;
  const { centred: centres } = drawingOptions(about.dataName);
  const taken = looking.taken.value;
  return (
    <section aria-label={named(looking.run, "Draw")}>
      <Paper looking={looking} help={help} />
      <p id={help} class="note">
        Draw with mouse, pen or finger; or by keys: arrows move the pen, space puts it down and lifts it, Delete clears.
      </p>
      <p aria-live="polite">
        {taken
          ? `Test image ${taken.index}: ${about.classNames[taken.label]}`
          : pen.value.down
            ? "The pen is down: arrow keys draw."
            : ""}
      </p>
      <div class="controls">
        <button type="button" onClick={clear}>
          Clear
        </button>
        <button type="button" onClick={undo} disabled={strokes.value.length === 0 || testIndex.value !== null}>
          Undo
        </button>
        <button type="button" onClick={() => takeTestImage(about.images.test)}>
          {testIndex.value === null ? "Take a test image" : "Another test image"}
        </button>
      </div>
      <label class="slider">
        Pen
        <input
          type="range"
          min="1"
          max="8"
          step="0.2"
          value={penWidth.value}
          onInput={(event) => {
            penWidth.value = Number(event.currentTarget.value);
          }}
        />
        <output>{penWidth.value.toFixed(1)} px</output>
      </label>
      <label>
        <input
          type="checkbox"
          checked={centres}
          onChange={(event) => {
            centred.value = event.currentTarget.checked;
          }}
        />{" "}
        centre and scale it as MNIST’s digits are
      </label>
    </section>
  );
}

function Paper({ looking, help }: { looking: Looking; help: string }) {
  const paper = useRef<HTMLDivElement>(null);
  const pressed = useRef(new Set<string>());
  const place = (event: PointerEvent): Point => {
    const { left, top, width, height } = paper.current!.getBoundingClientRect();
    return { x: (event.clientX - left) / width, y: (event.clientY - top) / height };
  };
  const drawing = useRef<number | null>(null);
  return (
    <div
      ref={paper}
      class="paper"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: an application widget, driven by keys
      tabIndex={0}
      role="application"
      aria-roledescription="drawing surface"
      aria-label="Drawing surface"
      aria-describedby={help}
      onPointerDown={(event) => {
        if (event.button !== 0 || drawing.current !== null) return;
        drawing.current = event.pointerId;
        event.currentTarget.setPointerCapture(event.pointerId);
        hidePen();
        beginStroke(place(event));
      }}
      onPointerMove={(event) => {
        if (event.pointerId !== drawing.current) return;
        const all = event.getCoalescedEvents();
        for (const one of all.length > 0 ? all : [event]) extendStroke(place(one));
      }}
      onPointerUp={() => {
        drawing.current = null;
      }}
      onPointerCancel={() => {
        drawing.current = null;
      }}
      onKeyDown={(event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        if (event.key in ARROWS) {
          pressed.current.add(event.key);
          // Two arrows at a time draw slanted lines; Shift makes small moves.
          const ways = [...pressed.current].map((key) => ARROWS[key]!);
          const by = event.shiftKey ? STRIDE / 4 : STRIDE;
          movePen(by * ways.reduce((sum, [x]) => sum + x, 0), by * ways.reduce((sum, [, y]) => sum + y, 0));
        } else if (event.key === " ") togglePen();
        else if (event.key === "Escape") liftPen();
        else if (event.key === "Delete") clear();
        else if (event.key === "Backspace") undo();
        else return;
        event.preventDefault();
      }}
      onKeyUp={(event) => {
        pressed.current.delete(event.key);
      }}
      onBlur={() => {
        pressed.current.clear();
        hidePen();
      }}
    >
      <Canvas label="What is drawn" draw={(canvas) => drawPaper(canvas, looking)} />
    </div>
  );
}

function drawPaper(canvas: HTMLCanvasElement, looking: Looking): void {
  const about = looking.run.about.value;
  const taken = looking.taken.value;
  if (about && taken) {
    drawPicture(canvas, taken.image, about.shape);
    return;
  }
  canvas.width = canvas.height = SIDE;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.fillStyle = "black";
  context.fillRect(0, 0, SIDE, SIDE);
  context.strokeStyle = "white";
  context.lineCap = context.lineJoin = "round";
  context.lineWidth = (penWidth.value * SIDE) / 28;
  for (const stroke of strokes.value) {
    context.beginPath();
    // A line to its own start: a dot where there is one place.
    context.moveTo(stroke[0]!.x * SIDE, stroke[0]!.y * SIDE);
    for (const { x, y } of stroke) context.lineTo(x * SIDE, y * SIDE);
    context.stroke();
  }
  const { x, y, down, shown } = pen.value;
  if (!shown) return;
  context.beginPath();
  context.arc(x * SIDE, y * SIDE, SIDE / 40, 0, 2 * Math.PI);
  context.lineWidth = SIDE / 140;
  context.strokeStyle = "#f0954a";
  context.fillStyle = "#f0954a";
  context.stroke();
  if (down) context.fill();
}

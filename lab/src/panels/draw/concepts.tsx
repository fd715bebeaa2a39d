/** Recall asked by name: choose a concept, or drag from one to another. */

import { inks } from "../../draw/colours.ts";
import { drawPicture } from "../../draw/picture.ts";
import { drawRates } from "../../draw/rates.ts";
import { withoutRecall } from "../../draw/without-recall.ts";
import { mixture } from "../../state/drawing.ts";
import { named } from "../../state/lab.ts";
import type { Looking } from "../../state/looking.ts";
import { Canvas } from "../canvas.tsx";
import { percent, Slider } from "./spoil.tsx";

function change(to: Partial<{ a: number; b: number; share: number }>): void {
  mixture.value = { ...mixture.peek(), ...to };
}

export function Concepts({ looking }: { looking: Looking }) {
  const about = looking.run.about.value;
  if (!about) return null;
  const { classNames, shape, recalls, stages } = about;
  const { share } = mixture.value;
  const [a, b] = [mixture.value.a, mixture.value.b].map((c) => Math.min(c, classNames.length - 1)) as [number, number];
  return (
    <section aria-label={named(looking.run, "Ask recall for a concept")}>
      <h3>Ask recall for a concept</h3>
      {recalls ? (
        <>
          <div class="controls">
            {classNames.map((name, c) => (
              <button
                type="button"
                key={name}
                aria-pressed={c === a && share === 0}
                onClick={() => change({ a: c, share: 0 })}
              >
                {name}
              </button>
            ))}
          </div>
          <div class="controls mixing">
            <Slider
              label={`From ${classNames[a]} towards`}
              value={share}
              most={1}
              unit={percent(share)}
              set={(value) => change({ share: value })}
            />
            <select
              aria-label="Concept to go towards"
              onChange={(event) => change({ b: Number(event.currentTarget.value) })}
            >
              {classNames.map((name, c) => (
                <option key={name} value={c} selected={c === b}>
                  {name}
                </option>
              ))}
            </select>
          </div>
          <div class="recalling">
            <Canvas
              label={`What recall draws, ${percent(share)} of the way from ${classNames[a]} to ${classNames[b]}`}
              class="large picture"
              draw={(canvas) => {
                const { height, width, channels } = shape;
                const blank = new Uint8Array(height * width * channels);
                drawPicture(canvas, looking.recalled.value?.picture ?? blank, shape);
              }}
            />
            <div>
              <Canvas
                label="Spikes of the concept’s neurons, mean over the mixture"
                class="field rows"
                draw={(canvas) => {
                  drawRates(canvas, looking.recalled.value?.concept ?? new Uint8Array(1), inks().recall, "row");
                }}
              />
              <div class="fields">
                {stages
                  .map(({ name, neurons }, k) => (
                    <Canvas
                      key={name}
                      label={`Spikes of recall of this concept, ${name}, ${neurons} neurons`}
                      class="field"
                      draw={(canvas) => {
                        drawRates(canvas, looking.recalled.value?.stages[k] ?? new Uint8Array(1), inks().recall);
                      }}
                    />
                  ))
                  .toReversed()}
              </div>
            </div>
          </div>
          <p class="note">
            Part of the way, some of the concept’s neurons fire as for the one class and some as for the other; recall
            draws what comes of it.
          </p>
        </>
      ) : (
        <p class="note">{withoutRecall(about)}</p>
      )}
    </section>
  );
}

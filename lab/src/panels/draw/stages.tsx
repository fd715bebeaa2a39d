/** The spikes that the picture sends up perception, and those that the decided concept sends down recall. */

import { inks } from "../../draw/colours.ts";
import { drawRates } from "../../draw/rates.ts";
import { drawField } from "../../draw/spikes.ts";
import { named } from "../../state/lab.ts";
import type { Looking } from "../../state/looking.ts";
import type { SpikeRows } from "../../worker/protocol.ts";
import { Canvas } from "../canvas.tsx";
import { percent } from "./spoil.tsx";

const BLANK: SpikeRows = { steps: 1, neurons: 1, spikes: new Uint8Array(1) };

export function Stages({ looking }: { looking: Looking }) {
  const about = looking.run.about.value;
  if (!about) return null;
  if (!about.spikes) return <p class="note">Units of this net are real numbers: there are no spikes to show.</p>;
  const perceived = looking.perceived.value;
  const { recalls, stages } = about;
  return (
    <section class="networks" aria-label={named(looking.run, "Spikes of the drawing")}>
      <header>
        <h3 class="perception">What it sets off in perception</h3>
        {recalls && <h3 class="recall">and then in recall</h3>}
      </header>
      <div class="stage">
        <Canvas
          label="Spikes of the concept’s neurons, a row a time step"
          class="field rows"
          draw={(canvas) => drawRows(canvas, looking.perceived.value?.concept ?? BLANK)}
        />
        <span class="agreement">concept</span>
        {recalls && (
          <Canvas
            label="Spikes of the concept that recall starts from"
            class="field rows"
            draw={(canvas) => {
              drawRates(canvas, looking.perceived.value?.recall?.concept ?? BLANK.spikes, inks().recall, "row");
            }}
          />
        )}
      </div>
      {stages
        .map(({ name, neurons }, k) => (
          <div class="stage" key={name}>
            <Canvas
              label={`Spikes of perception for the drawing, ${name}, ${neurons} neurons`}
              class="field"
              draw={(canvas) => drawField(canvas, looking.perceived.value?.perception[k] ?? BLANK, inks().perception)}
            />
            <span class="agreement">
              {name}
              {perceived && <small>{percent(rateOf(perceived.perception[k]!))} fire</small>}
            </span>
            {recalls && (
              <Canvas
                label={`Spikes of recall of the decided concept, ${name}, ${neurons} neurons`}
                class="field"
                draw={(canvas) => {
                  drawRates(canvas, looking.perceived.value?.recall?.stages[k] ?? BLANK.spikes, inks().recall);
                }}
              />
            )}
          </div>
        ))
        .toReversed()}
      <p class="note">
        A cell is a neuron, the stronger its colour the more often it fires.{" "}
        {recalls
          ? "Perception goes from the bottom up, recall from the top down."
          : "Perception goes from the bottom up."}
      </p>
    </section>
  );
}

/** Mean firing rate: spikes a neuron and time step. */
function rateOf({ spikes }: SpikeRows): number {
  return spikes.reduce((sum, spike) => sum + spike, 0) / spikes.length;
}

/** Every time step a row. */
function drawRows(canvas: HTMLCanvasElement, { steps, neurons, spikes }: SpikeRows): void {
  canvas.width = neurons;
  canvas.height = steps;
  const context = canvas.getContext("2d");
  if (!context) return;
  const picture = context.createImageData(neurons, steps);
  for (const [at, spike] of spikes.entries()) picture.data.set([...inks().perception, 255 * spike], 4 * at);
  context.putImageData(picture, 0, 0);
}

/** The pair at work: spikes run up perception on the left and down recall on the right; between them how far the two agree. */

import { useEffect, useMemo, useRef } from "preact/hooks";
import { inks } from "../draw/colours.ts";
import { drawFlow, isFlowing } from "../draw/flow.ts";
import { drawPicture } from "../draw/picture.ts";
import { drawField, drawLight, type FieldLayout, flatLayout, planesLayout } from "../draw/spikes.ts";
import { firingPlaces, glow, type Traveller, travellers } from "../draw/wave.ts";
import { named } from "../state/lab.ts";
import type { Run } from "../state/run.ts";
import { Waves } from "../state/waves.ts";
import type { About, Snapshot, SpikeRows } from "../worker/protocol.ts";
import "../styles/networks.css";
import { Agreement } from "./agreement.tsx";
import { Painted } from "./painted.tsx";

type Side = "perception" | "recall";

/** Dots between two stages at a step, at most. */
const MOST_DOTS = 24;
/** Neurons of a field that is painted anew at every frame; larger ones are painted at every step of theirs. */
const LIGHT_FIELD = 20_000;
/** Pictures lie in the middle of their column, so wide. */
const PICTURE = 0.12;

export function Networks({ run }: { run: Run }) {
  const waves = useMemo(() => new Waves(run), [run]);
  useEffect(() => waves.start(), [waves]);
  const about = run.about.value;
  if (!about) return null;
  const { stages, recalls, shape } = about;
  const top = stages.length + 1;
  const sides: readonly Side[] = recalls ? ["perception", "recall"] : ["perception"];
  const flows = (below: number) =>
    sides.map((side) => <Flow key={side} waves={waves} about={about} side={side} below={below} />);
  return (
    <section class={recalls ? "networks" : "networks alone"} aria-label={named(run, "The two networks")}>
      <header>
        <h2 class="perception">Perception, upwards</h2>
        {recalls && <h2 class="recall">Recall, downwards</h2>}
      </header>
      <div class="between peak">
        {flows(stages.length)}
        <Concept waves={waves} about={about} place={top} />
      </div>
      {stages
        .map((stage, k) => (
          <div key={stage.name}>
            <div class="stage">
              {sides.map((side) => (
                <Field key={side} waves={waves} side={side} stage={k} about={about} />
              ))}
              <Agreement run={run} stage={k} name={stage.name} />
            </div>
            <div class="between">{flows(k)}</div>
          </div>
        ))
        .toReversed()}
      <div class="stage ends">
        <Painted
          waves={waves}
          label="The stimulus: an image of the newest batch"
          class="picture"
          paint={(canvas, { image }) => drawPicture(canvas, image, shape)}
        />
        {recalls && (
          <Painted
            waves={waves}
            label="The same class as recall reconstructs it"
            class="picture"
            paint={(canvas, { recalled, label }, tick) => {
              const size = shape.height * shape.width * shape.channels;
              if (recalled && tick >= top)
                drawPicture(canvas, recalled.subarray(label * size, (label + 1) * size), shape);
            }}
          />
        )}
        <span class="agreement">stimulus</span>
      </div>
      {!about.spikes && <p class="note">This rule trains a non-spiking net, so no spikes run here.</p>}
      {about.spikes && (
        <p class="note">
          A cell is a neuron, the stronger its colour the more often it fires; dots are spikes on their way.
          {recalls &&
            " The networks agree by the mean cosine of their firing rates for the same class, 1 where they are alike."}
        </p>
      )}
      {about.spikes && !recalls && <p class="note">This rule trains perception alone, so nothing comes down.</p>}
    </section>
  );
}

/** Spikes of a side of a snapshot, of a hidden stage. */
function rowsOf(snapshot: Snapshot, side: Side, stage: number): SpikeRows | undefined {
  return snapshot[side][stage];
}

function layoutOf({ stages }: About, stage: number): FieldLayout {
  const { neurons, pixels, width, channels } = stages[stage]!;
  return pixels === 1 ? flatLayout(neurons) : planesLayout(width, pixels / width, channels);
}

/** A stage's place in the way of the spikes: hidden stages are 0 and up, the stimulus is -1. */
function placeOf(side: Side, stage: number, { stages }: About): number {
  return side === "perception" ? stage + 1 : stages.length - stage;
}

function Field({ waves, side, stage, about }: { waves: Waves; side: Side; stage: number; about: About }) {
  const { name, neurons } = about.stages[stage]!;
  const layout = useMemo(() => layoutOf(about, stage), [about, stage]);
  const painted = useRef<{ snapshot?: Snapshot; at: number }>({ at: -1 });
  return (
    <Painted
      waves={waves}
      label={`Spikes of ${side}, ${name}, ${neurons} neurons`}
      class={`field ${side}`}
      paint={(canvas, snapshot, tick) => {
        const rows = rowsOf(snapshot, side, stage);
        if (!rows) return;
        const since = tick - placeOf(side, stage, about);
        // Until the wave comes by, what the one before left stays.
        if (since < 0) return;
        if (since === Number.POSITIVE_INFINITY) {
          drawField(canvas, rows, inks()[side], layout);
          return;
        }
        const at = neurons > LIGHT_FIELD ? Math.floor(since) : Math.floor(since * 8);
        if (painted.current.snapshot === snapshot && painted.current.at === at) return;
        painted.current = { snapshot, at };
        drawLight(canvas, glow(rows, since), inks()[side], layout);
      }}
    />
  );
}

/** Spikes on their way between a stage (-1 and up from the stimulus: `below - 1`) and the one above it. */
function Flow({ waves, about, side, below }: { waves: Waves; about: About; side: Side; below: number }) {
  const place = below - 1;
  const layouts = useMemo(() => about.stages.map((_, stage) => layoutOf(about, stage)), [about]);
  const made = useRef<{ snapshot?: Snapshot; steps: Traveller[][]; flowing: boolean }>({ steps: [], flowing: false });
  return (
    <Painted
      waves={waves}
      class="flow"
      paint={(canvas, snapshot, tick) => {
        const { current } = made;
        if (current.snapshot !== snapshot) {
          current.snapshot = snapshot;
          current.steps = waysOf(snapshot, side, place, layouts);
        }
        const since = tick - placeOf(side, side === "perception" ? place : place + 1, about);
        const flowing = isFlowing(current.steps, since);
        // Once after the last spike, to wipe it away.
        if (flowing || current.flowing)
          drawFlow(canvas, current.steps, since, side === "perception" ? "up" : "down", inks()[side]);
        current.flowing = flowing;
      }}
    />
  );
}

/** Of every step, the spikes that go from one stage to the next. */
function waysOf(snapshot: Snapshot, side: Side, place: number, layouts: readonly FieldLayout[]): Traveller[][] {
  const steps = snapshot[side][0]?.steps ?? 0;
  return Array.from({ length: steps }, (_, t) => {
    const [lower, upper] = [place, place + 1].map((stage) => placesAt(snapshot, side, stage, t, layouts));
    return side === "perception" ? travellers(lower!, upper!) : travellers(upper!, lower!);
  });
}

function placesAt(
  snapshot: Snapshot,
  side: Side,
  stage: number,
  step: number,
  layouts: readonly FieldLayout[],
): number[] {
  if (stage === -1) return Array.from({ length: 9 }, (_, k) => 0.5 + PICTURE * (k / 8 - 0.5));
  // The concept stands between the two networks.
  if (stage === layouts.length) return [side === "perception" ? 1 : 0];
  const rows = rowsOf(snapshot, side, stage);
  return rows ? firingPlaces(rows, step, MOST_DOTS, layouts[stage]!) : [];
}

/** Lights up where perception's spikes arrive. */
/** Its name is painted with the pictures, lest it be a frame behind them. */
function Concept({ waves, about, place }: { waves: Waves; about: About; place: number }) {
  return (
    <p class="concept">
      <small>concept</small>
      <Painted
        waves={waves}
        as="strong"
        paint={(element, { label }, tick) => {
          element.textContent = about.classNames[label] ?? "–";
          element.classList.toggle("lit", tick >= place || tick < 1);
        }}
      />
    </p>
  );
}

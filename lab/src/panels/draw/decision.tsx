/** What perception is shown, what it decides, how near it was to the other classes, and what recall draws of the decision. */

import { evidence } from "../../draw/evidence.ts";
import { drawPicture } from "../../draw/picture.ts";
import { withoutRecall } from "../../draw/without-recall.ts";
import { named } from "../../state/lab.ts";
import type { Looking } from "../../state/looking.ts";
import type { About } from "../../worker/protocol.ts";
import { Canvas } from "../canvas.tsx";

/** Bars at most; of more classes, the nearest. */
const BARS = 12;

export function Decision({ looking }: { looking: Looking }) {
  const about = looking.run.about.value;
  if (!about) return null;
  const perceived = looking.perceived.value;
  const decided = perceived && about.classNames[perceived.decision];
  return (
    <section aria-label={named(looking.run, "What the networks make of it")} class="decision">
      <div class="answers">
        <figure>
          <Canvas
            label="The picture as perception is shown it"
            class="picture"
            draw={(canvas) => {
              const { height, width, channels } = about.shape;
              drawPicture(canvas, looking.shown.value ?? new Uint8Array(height * width * channels), about.shape);
            }}
          />
          <figcaption>what perception is shown</figcaption>
        </figure>
        <p role="status" class="decided">
          {decided ?? "–"}
        </p>
        <Drawn looking={looking} about={about} />
      </div>
      <Bars looking={looking} about={about} />
    </section>
  );
}

/** The decided concept as recall draws it, or why there is none. */
function Drawn({ looking, about }: { looking: Looking; about: About }) {
  if (!about.recalls) return <p class="note">{withoutRecall(about)}</p>;
  const name = looking.perceived.value ? about.classNames[looking.perceived.value.decision] : undefined;
  return (
    <figure>
      <Canvas
        label={name ? `${name}, as recall draws it` : "Nothing is recalled yet"}
        class="picture"
        draw={(canvas) => {
          const { height, width, channels } = about.shape;
          const pixels = looking.perceived.value?.recall?.picture ?? new Uint8Array(height * width * channels);
          drawPicture(canvas, pixels, about.shape);
        }}
      />
      <figcaption>what recall draws of that</figcaption>
    </figure>
  );
}

function Bars({ looking, about }: { looking: Looking; about: About }) {
  const perceived = looking.perceived.value;
  if (!perceived) return <p class="note">Draw something, and each class gets a bar: how near the concept is to it.</p>;
  const { values, by } = evidence(perceived);
  const order = about.classNames.map((_, c) => c);
  const shown = order.length <= BARS ? order : order.toSorted((a, b) => values[b]! - values[a]!).slice(0, BARS);
  return (
    <>
      <ol class="bars">
        {shown.map((c) => {
          const decided = c === perceived.decision;
          return (
            <li key={c} class={decided ? "decision-bar" : undefined}>
              <span>{about.classNames[c]}</span>
              <meter
                min="0"
                max="1"
                value={values[c]}
                aria-label={`${about.classNames[c]}${decided ? ", decided" : ""}`}
              />
              <span>{values[c]!.toFixed(2)}</span>
            </li>
          );
        })}
      </ol>
      <p class="note">
        {by === "cosine"
          ? "A bar is the cosine between the concept’s spikes and the class’s own: 1 where they are the same."
          : about.spikes
            ? "The concept fired no spike, so its drive decides: bars are the drives’ softmax."
            : "This net does not spike: bars are the softmax of its outputs."}
      </p>
    </>
  );
}

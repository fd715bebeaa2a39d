/** The pair at work: spikes go up perception on the left and down recall on the right; between them how far the two agree. */
import { drawPicture } from "../draw/picture.ts";
import { drawField } from "../draw/spikes.ts";
import type { Run } from "../state/run.ts";
import { Canvas } from "./canvas.tsx";

/** Blue for perception, vermilion for recall: told apart by all eyes. */
export const PERCEPTION = [0, 114, 178] as const;
export const RECALL = [213, 94, 0] as const;

export function Networks({ run }: { run: Run }) {
  const about = run.about.value;
  if (!about) return null;
  const { stages, recalls } = about;
  return (
    <section class="networks" aria-label="The two networks">
      <header>
        <h2 class="perception">Perception, upwards</h2>
        {recalls && <h2 class="recall">Recall, downwards</h2>}
      </header>
      <Concept run={run} />
      {stages
        .map((stage, k) => (
          <div class="stage" key={stage.name}>
            <Canvas
              label={`Spikes of perception, ${stage.name}, ${stage.neurons} neurons`}
              class="field"
              draw={(canvas) => {
                const rows = run.snapshot.value?.perception[k];
                if (rows) drawField(canvas, rows, PERCEPTION);
              }}
            />
            <Agreement run={run} stage={k} name={stage.name} />
            {recalls && (
              <Canvas
                label={`Spikes of recall, ${stage.name}, ${stage.neurons} neurons`}
                class="field"
                draw={(canvas) => {
                  const rows = run.snapshot.value?.recall[k];
                  if (rows) drawField(canvas, rows, RECALL);
                }}
              />
            )}
          </div>
        ))
        .toReversed()}
      <div class="stage ends">
        <Canvas
          label="The stimulus: an image of the newest batch"
          class="picture"
          draw={(canvas) => {
            const snapshot = run.snapshot.value;
            if (snapshot) drawPicture(canvas, snapshot.image, about.shape);
          }}
        />
        <span>stimulus</span>
        {recalls && (
          <Canvas
            label="The same class as recall redraws it"
            class="picture"
            draw={(canvas) => {
              const snapshot = run.snapshot.value;
              const size = about.shape.height * about.shape.width * about.shape.channels;
              if (!snapshot?.recalled) return;
              drawPicture(
                canvas,
                snapshot.recalled.subarray(snapshot.label * size, (snapshot.label + 1) * size),
                about.shape,
              );
            }}
          />
        )}
      </div>
    </section>
  );
}

function Concept({ run }: { run: Run }) {
  const about = run.about.value;
  const snapshot = run.snapshot.value;
  if (!about) return null;
  return <p class="concept">concept: {snapshot ? about.classNames[snapshot.label] : "–"}</p>;
}

function Agreement({ run, stage, name }: { run: Run; stage: number; name: string }) {
  const agreement = run.snapshot.value?.agreement[stage];
  if (!agreement) return <span class="agreement">{name}</span>;
  return (
    <span class="agreement">
      {name}
      <meter
        min="0"
        max="1"
        value={Math.max(0, agreement.own)}
        aria-label={`Mean cosine of the two networks' firing rates, ${name}`}
      />
      <small>cos {agreement.own.toFixed(2)}</small>
    </span>
  );
}

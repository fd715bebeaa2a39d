/** Which neurons fire when, for several images of the newest batch. */
import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { inks } from "../../draw/colours.ts";
import { countActive, drawRaster } from "../../draw/raster.ts";
import { usePoll } from "../../state/poll.ts";
import type { Raster, Trains } from "../../worker/protocol-look.ts";
import type { TabProps } from "./inside.tsx";
import { Choice, Drawn, Table, Waiting } from "./parts.tsx";

type Side = "perception" | "recall";

export function RasterTab({ run, about, inside, stage, chooseStage }: TabProps) {
  const first = useSignal<number | null>(null);
  const slider = useId();
  const newest = usePoll(run, `raster ${stage}`, (api) => api.raster(stage, first.value), {
    variant: String(first.value),
  });
  const { units, shape, name } = inside.stages[stage]!;
  const spikes = inside.signal === "spikes";
  const shown = newest?.perception.units ?? units;
  const what = spikes ? "spikes" : "active units";
  return (
    <>
      <p>
        {spikes
          ? `Each row is a neuron, each group of columns the ${newest?.perception.steps ?? about.config.network.steps} time steps of one image, and each mark a spike: images of one class come to fire alike${inside.recalls ? ", and recall, which never sees the image, comes to fire as perception does" : ""}.`
          : "Each row is a unit and each column an image; the stronger the colour, the more active the unit: images of one class come to have like activations."}
      </p>
      <div class="choices">
        <Choice
          label="Stage"
          options={inside.stages.map(({ name, shape }) => `${name} (${shape})`)}
          chosen={stage}
          choose={(at) => {
            first.value = null;
            chooseStage(at);
          }}
        />
        {units > shown && (
          <span class="choice">
            <label for={slider}>
              {spikes ? "Neurons" : "Units"} {(newest?.first ?? 0) + 1} to {(newest?.first ?? 0) + shown} of {units}
            </label>{" "}
            <input
              id={slider}
              type="range"
              min="0"
              max={units - shown}
              step="1"
              value={first.value ?? newest?.first ?? 0}
              onInput={(event) => {
                first.value = Number(event.currentTarget.value);
              }}
            />
          </span>
        )}
      </div>
      {newest ? (
        <>
          <div class="pair">
            <Picture
              raster={newest}
              side="perception"
              trains={newest.perception}
              stage={`${name} (${shape})`}
              names={about.classNames}
            />
            {newest.recall ? (
              <Picture
                raster={newest}
                side="recall"
                trains={newest.recall}
                stage={`${name} (${shape})`}
                names={about.classNames}
              />
            ) : (
              <p class="note">{whyNoRecall(inside.recalls, spikes)}</p>
            )}
          </div>
          <Table
            summary={`${spikes ? "Spikes" : "Active units"} as a table`}
            head={["image of", `perception's ${what}`, ...(newest.recall ? ["recall's spikes"] : [])]}
            rows={newest.labels.map((label, k) => [
              about.classNames[label]!,
              String(countActive(newest.perception, k)),
              ...(newest.recall ? [String(countActive(newest.recall, k))] : []),
            ])}
          />
        </>
      ) : (
        <Waiting />
      )}
    </>
  );
}

/** Why there is nothing to show of recall at a stage. */
export function whyNoRecall(recalls: boolean, spikes: boolean): string {
  if (recalls) return "Recall has no spikes at the stimulus: it draws with real numbers there.";
  return spikes
    ? "This rule trains perception alone, so there is no recall to see."
    : "This rule trains a non-spiking net, so there are no spikes and there is no recall to see.";
}

function Picture(props: { raster: Raster; side: Side; trains: Trains; stage: string; names: readonly string[] }) {
  const { raster, side, trains, stage, names } = props;
  const title = side === "perception" ? "Perception of each image" : "Recall of its class";
  return (
    <figure class={`raster ${side}`}>
      <figcaption>{title}</figcaption>
      <div class="labels" aria-hidden="true">
        {raster.labels.map((label, k) => (
          <span key={k}>{names[label]}</span>
        ))}
      </div>
      <Drawn
        label={`${title} at ${stage}: ${trains.units} units over ${trains.steps} steps, ${trains.images} images`}
        class={trains.units > 16 ? "" : "few"}
        draw={(canvas) => {
          const { perception, recall } = inks();
          const [own, other] = side === "perception" ? [perception, recall] : [recall, perception];
          drawRaster(canvas, trains, own, other);
        }}
      />
    </figure>
  );
}

/** How often neurons of a stage fire. */
import { usePoll } from "../../state/poll.ts";
import type { RateHistogram } from "../../worker/protocol-look.ts";
import type { TabProps } from "./inside.tsx";
import { Bars, Choice, percent, Waiting } from "./parts.tsx";
import { whyNoRecall } from "./raster.tsx";

export function RatesTab({ run, inside, stage, chooseStage }: TabProps) {
  const rates = usePoll(run, `rates ${stage}`, (api) => api.rates(stage));
  const spikes = inside.signal === "spikes";
  const format = (value: number) => (spikes ? percent(value) : value.toFixed(2));
  const bars = (title: string, side: "perception" | "recall", histogram: RateHistogram) => (
    <Bars title={title} class={side} histogram={histogram} format={format} height={Math.sqrt}>
      {spikes
        ? `fire at ${percent(histogram.mean)} of steps on the mean; ${percent(histogram.dead)} never, ${percent(histogram.saturated)} nearly always`
        : `are ${histogram.mean.toFixed(3)} on the mean; ${percent(histogram.dead)} are always 0`}
    </Bars>
  );
  return (
    <>
      <p>
        {spikes
          ? "How many neurons (upwards) fire how often (to the right): few spikes are cheap, but neurons that never fire have nothing to say and cannot learn. Heights are square roots, so that few neurons are seen beside many."
          : "How many units (upwards) are how active on the mean (to the right): units that are always 0 have nothing to say. Heights are square roots, so that few units are seen beside many."}
      </p>
      <div class="choices">
        <Choice
          label="Stage"
          options={inside.stages.map(({ name, shape }) => `${name} (${shape})`)}
          chosen={stage}
          choose={chooseStage}
        />
      </div>
      {rates ? (
        <div class="pair">
          {bars(spikes ? "Perception's neurons" : "Units", "perception", rates.perception)}
          {rates.recall ? (
            bars("Recall's neurons", "recall", rates.recall)
          ) : (
            <p class="note">{whyNoRecall(inside.recalls, spikes)}</p>
          )}
        </div>
      ) : (
        <Waiting />
      )}
    </>
  );
}

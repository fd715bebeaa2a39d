/** How large the weights between two stages are. */
import { useSignal } from "@preact/signals";
import { usePoll } from "../../state/poll.ts";
import type { WeightHistogram } from "../../worker/protocol-look.ts";
import type { TabProps } from "./inside.tsx";
import { Bars, Choice, Waiting } from "./parts.tsx";

export function WeightsTab({ run, inside }: TabProps) {
  const chosen = useSignal(0);
  const joint = Math.min(chosen.value, inside.joints.length - 1);
  const weights = usePoll(run, `weights ${joint}`, (api) => api.weights(joint));
  const bars = (title: string, side: "perception" | "recall", histogram: WeightHistogram) => (
    <Bars title={title} class={side} histogram={histogram} format={(value) => value.toFixed(2)}>
      {`${histogram.weights.toLocaleString("en")} of them, mean ${histogram.mean.toFixed(4)}, standard deviation ${histogram.deviation.toFixed(4)}`}
    </Bars>
  );
  return (
    <>
      <p>
        How many weights (upwards) have which value (to the right): learning widens the bell they start as, and a few
        grow long tails, the connections that matter most.
      </p>
      <div class="choices">
        <Choice
          label="Between"
          options={inside.joints.map(({ name }) => name)}
          chosen={joint}
          choose={(at) => {
            chosen.value = at;
          }}
        />
      </div>
      {weights ? (
        <div class="pair">
          {bars("Perception's weights, upwards", "perception", weights.up)}
          {weights.down && bars("Recall's weights, downwards", "recall", weights.down)}
        </div>
      ) : (
        <Waiting />
      )}
    </>
  );
}

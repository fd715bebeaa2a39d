/** The page: a run or two, and the panels that look at them. */
import { useEffect } from "preact/hooks";
import { ChooseDoor } from "./panels/choose-door.tsx";
import { Controls } from "./panels/controls.tsx";
import { AccuracyCurve } from "./panels/curves.tsx";
import { Networks } from "./panels/networks.tsx";
import { Recalled } from "./panels/recalled.tsx";
import { SideBySide } from "./panels/side-by-side.tsx";
import { Status } from "./panels/status.tsx";
import { Work } from "./panels/work-door.tsx";
import { beginByAddress, followAddress } from "./state/address.ts";
import { runs } from "./state/lab.ts";
import { watch } from "./state/watch.ts";

export function App() {
  useEffect(() => {
    void beginByAddress();
    const stops = [watch(), followAddress()];
    return () => {
      for (const stop of stops) stop();
    };
  }, []);
  return (
    <>
      <header class="page">
        <h1>bispike lab</h1>
        <p>
          Two networks of spiking neurons teach each other: perception turns an image into a concept, recall turns the
          concept back into an image.
        </p>
      </header>
      <main>
        <ChooseDoor />
        {runs.value.length > 1 && <SideBySide runs={runs.value} />}
        <div class="runs">
          {runs.value.map((run, k) => (
            <article class="run" key={k}>
              <Status run={run} />
              <Controls run={run} />
              <Networks run={run} />
              <Recalled run={run} />
              {runs.value.length === 1 && <AccuracyCurve runs={[run]} />}
              <Work run={run} />
            </article>
          ))}
        </div>
      </main>
    </>
  );
}

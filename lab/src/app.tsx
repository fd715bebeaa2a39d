/** The page: a run or two, and the panels that look at them. */
import { useEffect } from "preact/hooks";
import { Controls } from "./panels/controls.tsx";
import { AccuracyCurve } from "./panels/curves.tsx";
import { Headline } from "./panels/headline.tsx";
import { Look } from "./panels/look.tsx";
import { Networks } from "./panels/networks.tsx";
import { Recalled } from "./panels/recalled.tsx";
import { Status } from "./panels/status.tsx";
import { begin, runs, setup } from "./state/lab.ts";
import { watch } from "./state/watch.ts";

export function App() {
  useEffect(() => {
    for (const run of runs.value) void begin(run, setup.value);
    return watch();
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
        {runs.value.map((run, k) => (
          <article class="run" key={k}>
            <div class="top">
              <Headline run={run} />
              <div>
                <Controls run={run} />
                <Status run={run} />
              </div>
            </div>
            <Networks run={run} />
            <Recalled run={run} />
            <AccuracyCurve run={run} />
            <Look run={run} />
          </article>
        ))}
      </main>
    </>
  );
}

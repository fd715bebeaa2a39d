/** The page: a run or two, and the panels that look at them. */
import { useEffect } from "preact/hooks";
import { ChooseDoor } from "./panels/choose-door.tsx";
import { Controls } from "./panels/controls.tsx";
import { AccuracyCurve } from "./panels/curves.tsx";
import { Draw } from "./panels/draw.tsx";
import { Follow } from "./panels/follow.tsx";
import { Headline } from "./panels/headline.tsx";
import { Keep } from "./panels/keep.tsx";
import { Look } from "./panels/look.tsx";
import { Networks } from "./panels/networks.tsx";
import { Recalled } from "./panels/recalled.tsx";
import { SideBySide } from "./panels/side-by-side.tsx";
import { Status } from "./panels/status.tsx";
import { Work } from "./panels/work-door.tsx";
import { beginByAddress, followAddress } from "./state/address.ts";
import { runs } from "./state/lab.ts";
import { askServed, served } from "./state/served.ts";
import { watch } from "./state/watch.ts";

/** Trains at once, but not beside a run of the command line that is followed: that one needs the cores. */
async function start(): Promise<void> {
  const following = (await askServed()).length > 0;
  await beginByAddress(!following);
}

export function App() {
  const following = (served.value?.length ?? 0) > 0;
  useEffect(() => {
    void start();
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
        {following && <Follow />}
        <ChooseDoor />
        {runs.value.length > 1 && <SideBySide runs={runs.value} />}
        <div class="runs">
          {runs.value.map((run) => (
            <article class="run" key={run.id}>
              <div class="top">
                <Headline run={run} />
                <div>
                  <Controls run={run} />
                  <Status run={run} />
                </div>
              </div>
              <Networks run={run} />
              <Recalled run={run} />
              {runs.value.length === 1 && <AccuracyCurve runs={[run]} />}
              <Draw run={run} />
              <Work run={run} />
              <Look run={run} />
              <Keep run={run} />
            </article>
          ))}
        </div>
        {served.value && !following && <Follow />}
      </main>
    </>
  );
}

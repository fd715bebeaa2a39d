/** What the newest batch cost in additions, multiplications and their energy, and what backprop would have needed on the same net. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import "../styles/choose.css";
import { joules, short } from "../draw/quantities.ts";
import type { Run } from "../state/run.ts";
import type { Work, WorkNow } from "../worker/protocol-choose.ts";

/** Milliseconds from one count to the next: counting takes some of training's time. */
const EVERY = 500;

export function WorkTable({ run }: { run: Run }) {
  const work = useSignal<WorkNow | null>(null);
  useEffect(() => follow(run, (now) => (work.value = now)), [run]);
  const about = run.about.value;
  const now = work.value;
  if (!about || !now) return <p>Counting begins with the next batch.</p>;
  const { name } = about.config.rule;
  const rows: readonly (readonly [string, Work | null])[] = [
    ["perceive an image", now.perception],
    ["recall a concept", now.recall],
    [`learn from an image by ${name}`, now.training],
    ["the same by backprop", name === "backprop" || name === "backprop-ann" ? null : now.backprop],
  ];
  const shown = rows.filter((row): row is readonly [string, Work] => row[1] !== null);
  const most = Math.max(...shown.map(([, { picojoules }]) => picojoules));
  const times = now.training && now.backprop.picojoules / now.training.picojoules;
  return (
    <>
      <table>
        <thead>
          <tr>
            <th scope="col">in the newest batch, to</th>
            <th scope="col">additions</th>
            <th scope="col">multiply-adds</th>
            <th scope="col">energy</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(([what, { acs, macs, picojoules }]) => (
            <tr key={what}>
              <th scope="row">{what}</th>
              <td>{short(acs)}</td>
              <td>{short(macs)}</td>
              <td>
                {joules(picojoules)}
                <meter min="0" max={most} value={picojoules} aria-label={`Energy to ${what}`} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {now.training === null && <p>A training step is not counted for this variant of {name}.</p>}
      {times !== null && name !== "backprop" && name !== "backprop-ann" && (
        <p>
          {Math.abs(Math.log(times)) < 0.05
            ? `A step of ${name} and one of backprop take about the same energy.`
            : times > 1
              ? `A step of backprop takes ${times.toFixed(1)} times the energy.`
              : `A step of ${name} takes ${(1 / times).toFixed(1)} times the energy of backprop's.`}
        </p>
      )}
      <p class="note">
        {about.spikes
          ? "A spike is 1 or nothing, so a synapse adds its weight instead of multiplying, and a silent neuron costs nothing. "
          : "Units are real numbers, so every synapse multiplies, but for units at 0. "}
        Arithmetic only: synapses' operations as NeuroBench counts them, at 4.6 pJ a multiply-add and 0.9 pJ an addition
        (45 nm, 32 bits; Horowitz 2014). Moving data costs more.
      </p>
    </>
  );
}

/** Counts after a snapshot at most every so often: recall runs anew for it, which must not be seen in the snapshot's stead. */
function follow(run: Run, tell: (work: WorkNow | null) => void): () => void {
  let last: object | null = null;
  // A worker that was ended while it was asked never answers: what is asked belongs to the run that was open then.
  let asked: object | null = null;
  const ask = async () => {
    const about = run.about.peek();
    const snapshot = run.snapshot.peek();
    if (!about) tell(null);
    if (!about || asked === about || snapshot === null || snapshot === last) return;
    asked = about;
    last = snapshot;
    const work = await run.ask((api) => api.work());
    if (asked === about) asked = null;
    if (work !== undefined && run.about.peek() === about) tell(work);
  };
  const timer = setInterval(() => void ask(), EVERY);
  void ask();
  return () => clearInterval(timer);
}

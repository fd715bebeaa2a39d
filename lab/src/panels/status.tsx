/** Where a run stands, in a line; and what went wrong, if anything did. */
import type { Arrival } from "../data/arrival.ts";
import type { Run } from "../state/run.ts";

export function Status({ run }: { run: Run }) {
  const about = run.about.value;
  const newest = run.newest.value;
  const failure = run.failure.value;
  return (
    <div class="status">
      {failure && (
        <p role="alert" class="failure">
          {failure.message}{" "}
          <button type="button" onClick={() => (run.failure.value = null)}>
            Dismiss
          </button>
        </p>
      )}
      {about?.singleThreaded && <p class="note">Training on one thread: {about.singleThreaded}.</p>}
      {run.warnings.value.map((warning) => (
        <p class="note" key={warning}>
          {warning}
        </p>
      ))}
      <p aria-live="off">
        {run.opening.value
          ? `Fetching the images${megabytes(run.arrival.value)} …`
          : about
            ? `Step ${run.step.value} of ${about.totalSteps}${newest ? `, ${Math.round(newest.imagesPerSecond)} images/s, batch accuracy ${(100 * newest.accuracy).toFixed(1)} %` : ""}`
            : "No run"}
        <span role="status">{run.finished.value && ", done"}</span>
      </p>
    </div>
  );
}

/** Nothing until something has come. */
function megabytes(arrival: Arrival | null): string {
  if (!arrival) return "";
  const [come, all] = [arrival.bytes, arrival.of].map((bytes) => bytes && (bytes / 1e6).toFixed(1));
  return all ? `: ${come} of ${all} MB` : `: ${come} MB`;
}

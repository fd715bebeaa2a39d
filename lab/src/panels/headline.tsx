/** How well it does, to be read across a room. */
import { computed } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { Run } from "../state/run.ts";

/** Batches that the share is taken over: one alone jumps about. */
const BATCHES = 10;

export function Headline({ run }: { run: Run }) {
  const share = useMemo(
    () =>
      computed(() => {
        void run.lineCount.value;
        const newest = run.lines.slice(-BATCHES);
        if (run.newest.value === null || newest.length === 0) return null;
        return newest.reduce((sum, { accuracy }) => sum + accuracy, 0) / newest.length;
      }),
    [run],
  );
  const about = run.about.value;
  const held = run.epochs.value.at(-1)?.validationAccuracy ?? null;
  const chance = about && Math.round(100 / about.classNames.length);
  return (
    <p class="headline">
      <strong>
        {share.value === null ? "–" : `${(100 * share.value).toFixed(share.value < 0.995 ? 0 : 1)}\u00a0%`}
      </strong>
      <span>
        named right{chance !== null && ` (guessing: ${chance}\u00a0%)`}
        <br />
        <span role="status">{held !== null && `${(100 * held).toFixed(1)} % of images it never learned from`}</span>
      </span>
    </p>
  );
}

/** How alike the two networks fire at a stage: a meter, its number, and the way it took since training began. */
import { useSignalEffect } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { Run } from "../state/run.ts";
import { Trace } from "../state/trace.ts";

const WIDTH = 96;
const HEIGHT = 24;

export function Agreement({ run, stage, name }: { run: Run; stage: number; name: string }) {
  const trace = useMemo(() => new Trace(WIDTH), []);
  useSignalEffect(() => {
    const own = run.snapshot.value?.agreement[stage]?.own;
    if (run.snapshot.value === null) trace.clear();
    else if (own !== undefined) trace.add(own);
  });
  const agreement = run.snapshot.value?.agreement[stage];
  if (!agreement) return <span class="agreement">{name}</span>;
  // The newest is shown whether or not the trace keeps it.
  const values = [...trace.values, agreement.own];
  const points = values.map((value, k) => `${across(k, values.length)},${height(value)}`).join(" ");
  return (
    <span class="agreement">
      {name}
      <meter
        min="0"
        max="1"
        value={Math.max(0, agreement.own)}
        aria-label={`Agreement of the two networks at ${name}: mean cosine of their firing rates`}
      />
      <small>agree {agreement.own.toFixed(2)}</small>
      <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <line x1="0" x2={WIDTH} y1={height(0)} y2={height(0)} />
        <polyline points={points} />
      </svg>
    </span>
  );
}

function across(k: number, count: number): string {
  return (count > 1 ? (WIDTH * k) / (count - 1) : 0).toFixed(1);
}

/** From -0.1 at the bottom to 1 at the top. */
function height(cosine: number): string {
  return (HEIGHT * (1 - (Math.max(-0.1, cosine) + 0.1) / 1.1)).toFixed(1);
}

/** Draw or take a picture, spoil it, and see both networks answer; below, ask recall for concepts by themselves. */
import { useEffect, useMemo } from "preact/hooks";
import "../../styles/draw.css";
import { Looking } from "../../state/looking.ts";
import type { Run } from "../../state/run.ts";
import { Concepts } from "./concepts.tsx";
import { Decision } from "./decision.tsx";
import { Spoil } from "./spoil.tsx";
import { Stages } from "./stages.tsx";
import { Surface } from "./surface.tsx";

export function DrawPanel({ run }: { run: Run }) {
  const looking = useMemo(() => new Looking(run), [run]);
  useEffect(() => looking.start(), [looking]);
  return (
    <>
      <div class="drawing">
        <Surface looking={looking} />
        <Decision looking={looking} />
        <Spoil />
      </div>
      <Stages looking={looking} />
      <Concepts looking={looking} />
    </>
  );
}

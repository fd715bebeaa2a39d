/** Draw a digit, and ask recall for concepts: opened when a person asks for it, and fetched then. */
import { useSignal } from "@preact/signals";
import type { Run } from "../state/run.ts";
import { Later } from "./later.tsx";

const part = async () => (await import("./draw/panel.tsx")).DrawPanel;

export function Draw({ run }: { run: Run }) {
  const open = useSignal(false);
  const digits = (run.about.value?.dataName ?? "mnist") === "mnist";
  return (
    <details onToggle={(event) => (open.value = event.currentTarget.open)}>
      <summary>
        <h2>Draw a {digits ? "digit" : "picture"}, ask for a concept</h2>
      </summary>
      {open.value && run.about.value && <Later part={part} props={{ run }} />}
    </details>
  );
}

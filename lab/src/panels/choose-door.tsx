/** The door to the choices: a closed panel that loads them when it is opened, or when files are dragged over it. */
import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import "../styles/door.css";
import { notice } from "../state/address.ts";

export function ChooseDoor() {
  const open = useSignal(false);
  const panel = useSignal<ComponentType | null>(null);
  useEffect(() => keepPage(), []);
  useEffect(() => {
    if (open.value && !panel.value) void import("./choose.tsx").then(({ Choose }) => (panel.value = Choose));
  }, [open.value]);
  const Panel = panel.value;
  return (
    <section class="door" aria-label="Choose">
      {notice.value && (
        <p role="alert" class="failure">
          {notice.value}{" "}
          <button type="button" onClick={() => (notice.value = null)}>
            Dismiss
          </button>
        </p>
      )}
      <details
        open={open.value}
        onToggle={(event) => (open.value = event.currentTarget.open)}
        onDragEnter={() => (open.value = true)}
      >
        <summary>Choose images, net and rule; compare two; share</summary>
        {Panel ? <Panel /> : open.value && <p>Loading …</p>}
      </details>
    </section>
  );
}

/** A file that is dropped beside every place for files would have the browser leave the page for it. */
function keepPage(): () => void {
  const keep = (event: DragEvent) => {
    if (event.defaultPrevented || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "none";
  };
  addEventListener("dragover", keep);
  addEventListener("drop", keep);
  return () => {
    removeEventListener("dragover", keep);
    removeEventListener("drop", keep);
  };
}

/** The door to the choices: a closed panel that loads them when it is opened, or when files are dragged over it. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import "../styles/door.css";
import { notice } from "../state/address.ts";
import { Later } from "./later.tsx";

const part = async () => (await import("./choose.tsx")).Choose;

export function ChooseDoor() {
  const open = useSignal(false);
  // What was typed stays when the door is closed and opened again.
  const opened = useRef(false);
  opened.current ||= open.value;
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
        {opened.current && <Later part={part} props={{}} />}
      </details>
    </section>
  );
}

/** Keep what was trained, and open what was kept. What the buttons do is loaded when the first is pressed. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { named } from "../state/lab.ts";
import "../styles/keep.css";
import type { Run } from "../state/run.ts";
import { Press } from "./press.tsx";

type Actions = typeof import("../keep/actions.ts");

export function Keep({ run }: { run: Run }) {
  const busy = useSignal(false);
  const over = useSignal(false);
  const chooser = useRef<HTMLInputElement>(null);
  const act = async (action: (actions: Actions) => Promise<string>) => {
    busy.value = true;
    run.said.value = "";
    try {
      run.said.value = await action(await import("../keep/actions.ts"));
    } catch {
      run.said.value = "The page's server does not answer. Press again once it does: what was trained is still here.";
    } finally {
      busy.value = false;
    }
  };
  const open = (file: File | undefined) => {
    if (file) void act((actions) => actions.openCheckpoint(run, file));
  };
  useEffect(() => catchCheckpoints(open), [run]);
  const off = !run.ready.value || busy.value;
  const recalls = run.about.value?.recalls ?? false;
  const best = run.epochs.value.reduce<number | null>(
    (most, { validationAccuracy: here }) => (here === null || (most !== null && most > here) ? most : here),
    null,
  );
  return (
    <section
      class={over.value ? "keep over" : "keep"}
      aria-label={named(run, "Keep")}
      onDragOver={(event) => {
        event.preventDefault();
        over.value = true;
      }}
      onDragLeave={() => (over.value = false)}
      onDrop={(event) => {
        event.preventDefault();
        over.value = false;
        open(event.dataTransfer?.files[0]);
      }}
    >
      <h2>Keep</h2>
      <div class="controls">
        <Press off={off} act={() => act((actions) => actions.saveCheckpoint(run, "last"))}>
          Save checkpoint
        </Press>
        <Press off={off || best === null} act={() => act((actions) => actions.saveCheckpoint(run, "best"))}>
          Save the best{best === null ? "" : `, ${(100 * best).toFixed(1)} %`}
        </Press>
        <Press off={off} act={() => act((actions) => actions.saveRunFolder(run))}>
          Save run folder
        </Press>
        <Press off={busy.value} act={() => chooser.current?.click()}>
          Open checkpoint …
        </Press>
        <input
          ref={chooser}
          type="file"
          hidden
          aria-label="Checkpoint to open"
          accept=".safetensors"
          onChange={(event) => {
            open(event.currentTarget.files?.[0]);
            event.currentTarget.value = "";
          }}
        />
        <Press off={off} act={() => act((actions) => actions.saveOnnx(run, "perception"))}>
          Perception as ONNX
        </Press>
        {recalls && (
          <>
            <Press off={off} act={() => act((actions) => actions.saveOnnx(run, "recall"))}>
              Recall as ONNX
            </Press>
            <Press off={off} act={() => act((actions) => actions.savePicture(run))}>
              Recalled picture as PNG
            </Press>
          </>
        )}
      </div>
      <p class="note" role="status">
        {busy.value
          ? "…"
          : run.said.value || "Files are the command line's own. A checkpoint can also be dropped here."}
      </p>
    </section>
  );
}

/** A checkpoint that is dropped anywhere on the page is opened, not shown by the browser in the page's place. Returns how to stop. */
function catchCheckpoints(open: (file: File | undefined) => void): () => void {
  const allow = (event: DragEvent) => event.preventDefault();
  const drop = (event: DragEvent) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file?.name.endsWith(".safetensors")) open(file);
  };
  document.addEventListener("dragover", allow);
  document.addEventListener("drop", drop);
  return () => {
    document.removeEventListener("dragover", allow);
    document.removeEventListener("drop", drop);
  };
}

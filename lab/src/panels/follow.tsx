/** Curves of a run that the command line trains: chosen here, read and drawn by what is loaded then. */
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { served } from "../state/served.ts";
import type { Followed } from "./followed.tsx";
import "../styles/follow.css";

/** What draws it; null before the first run is followed. */
const shown = signal<{ readonly Panel: typeof Followed; readonly follow: Parameters<typeof Followed>[0] } | null>(null);
const failure = signal<string | null>(null);

type Parts = typeof import("../follow/source.ts");

async function follow(
  open: (parts: Parts) => ReturnType<Parts["servedRun"]> | Promise<ReturnType<Parts["servedRun"]>>,
) {
  failure.value = null;
  try {
    const [parts, { Followed: Panel }] = await Promise.all([import("../follow/source.ts"), import("./followed.tsx")]);
    shown.value = { Panel, follow: { source: await open(parts) } };
  } catch (error) {
    // A person who closes the chooser has changed their mind.
    if (error instanceof DOMException && error.name === "AbortError") return;
    failure.value = error instanceof Error ? error.message : String(error);
  }
}

export function Follow() {
  const chooser = useRef<HTMLInputElement>(null);
  const names = served.value ?? [];
  useEffect(() => {
    const [first] = names;
    if (first !== undefined && !shown.peek()) void follow((parts) => parts.servedRun(0, first));
  }, [served.value]);
  return (
    <section class="follow" aria-label="Follow a run">
      <h2>Follow a run of the command line</h2>
      <div class="controls">
        {names.map((name, place) => (
          <button type="button" key={name} onClick={() => follow((parts) => parts.servedRun(place, name))}>
            {name}
          </button>
        ))}
        {window.showDirectoryPicker && (
          <button
            type="button"
            onClick={() =>
              follow(async (parts) => parts.folderRun(await window.showDirectoryPicker!({ mode: "read" })))
            }
          >
            Follow a run folder …
          </button>
        )}
        <button type="button" onClick={() => chooser.current?.click()}>
          Open a run folder …
        </button>
        <input
          ref={(input) => {
            chooser.current = input;
            input?.setAttribute("webkitdirectory", "");
          }}
          type="file"
          hidden
          aria-label="Run folder to open"
          onChange={(event) => {
            const files = [...(event.currentTarget.files ?? [])];
            event.currentTarget.value = "";
            if (files.length > 0) void follow((parts) => parts.chosenRun(files));
          }}
        />
      </div>
      {failure.value && (
        <p role="alert" class="failure">
          {failure.value}
        </p>
      )}
      {shown.value ? (
        <shown.value.Panel key={shown.value.follow.source.name} {...shown.value.follow} />
      ) : (
        <p class="note">
          A folder that <code>bispike train</code> writes: its curves are drawn here and grow while it trains.
        </p>
      )}
    </section>
  );
}

declare global {
  interface Window {
    /** Where a browser lets a page read a folder again and again. */
    showDirectoryPicker?: (options: { mode: "read" }) => Promise<FileSystemDirectoryHandle>;
  }
}

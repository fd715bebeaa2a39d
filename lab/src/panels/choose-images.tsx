/** Which images to train on: the site's, or a person's own files, which are read before anything is started anew. */
import { useSignal } from "@preact/signals";
import { fromChooser, fromDrop, type Given } from "../data/from-drop.ts";
import { images, own } from "../state/draft.ts";
import { runs } from "../state/lab.ts";
import type { Failure } from "../worker/protocol.ts";
import type { FilesHeld } from "../worker/protocol-choose.ts";

/** Class names that are shown. */
const SHOWN = 8;

export function ChooseImages() {
  const reading = useSignal(false);
  const wrong = useSignal<string | null>(null);
  const over = useSignal(false);
  const take = async (pending: Given | Promise<Given>) => {
    reading.value = true;
    wrong.value = null;
    try {
      const given = await pending;
      // The running worker reads them, between two steps; its run goes on.
      const held = await runs.peek()[0]!.api.describeFiles(given.name, given.files);
      own.value = { ...given, held };
      images.value = "own";
    } catch (error) {
      wrong.value = (error as Failure | Error).message;
    }
    reading.value = false;
  };
  const choose = (event: { currentTarget: HTMLInputElement }) => {
    const { files } = event.currentTarget;
    if (files && files.length > 0) void take(fromChooser(files));
  };
  return (
    <fieldset>
      <legend>Images</legend>
      <div class="radios">
        <ImageRadio value="mnist" label="MNIST, handwritten digits" />
        <ImageRadio value="fashion-mnist" label="Fashion-MNIST, clothes" />
        {own.value && <ImageRadio value="own" label={`your own: ${own.value.name}`} />}
      </div>
      <fieldset
        aria-label="Your own images"
        class={over.value ? "drop over" : "drop"}
        onDragOver={(event) => {
          event.preventDefault();
          over.value = true;
        }}
        onDragLeave={() => (over.value = false)}
        onDrop={(event) => {
          event.preventDefault();
          over.value = false;
          if (event.dataTransfer) void take(fromDrop(event.dataTransfer));
        }}
      >
        <p>
          Drop your own images here, or{" "}
          <label class="file">
            choose files <input type="file" multiple onChange={choose} />
          </label>{" "}
          or{" "}
          <label class="file">
            a folder <input ref={wholeFolder} type="file" onChange={choose} />
          </label>
        </p>
        <small>
          A zip or folder of PNG or JPEG pictures with one folder a class, IDX files as MNIST's (.gz too), or CIFAR's
          binary files. They stay on this machine.
        </small>
      </fieldset>
      <p role="status">
        {reading.value ? "Reading the files …" : own.value && !wrong.value ? heldIn(own.value.held) : ""}
      </p>
      {wrong.value && (
        <p class="fault" role="alert">
          {wrong.value}
        </p>
      )}
    </fieldset>
  );
}

/** Makes a file chooser one of folders. */
function wholeFolder(input: HTMLInputElement | null): void {
  input?.setAttribute("webkitdirectory", "");
}

function ImageRadio({ value, label }: { value: "mnist" | "fashion-mnist" | "own"; label: string }) {
  return (
    <label>
      <input type="radio" name="images" checked={images.value === value} onChange={() => (images.value = value)} />{" "}
      {label}
    </label>
  );
}

function heldIn({ shape, classNames, train, test }: FilesHeld): string {
  const { height, width, channels } = shape;
  const names = classNames.slice(0, SHOWN).join(", ") + (classNames.length > SHOWN ? " …" : "");
  const colour = channels === 1 ? "grey" : "colour";
  return `${train} images to train on and ${test} to test, ${height} × ${width} pixels, ${colour}; ${classNames.length} classes: ${names}`;
}

/** What one run makes of the drawing and of the concepts that are chosen. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { About } from "../worker/protocol.ts";
import type { Perceived, RecalledConcept, TestImage } from "../worker/protocol-draw.ts";
import { blank, mixture, shownPicture, testIndex } from "./drawing.ts";
import { follow } from "./follow.ts";
import type { Run } from "./run.ts";

export class Looking {
  readonly run: Run;
  /** The test image in the drawing's place; null while there is none, or it is on its way. */
  readonly taken: ReadonlySignal<TestImage | null>;
  /** What perception is shown, bytes of the data's size; null where there is nothing to perceive. */
  readonly shown: ReadonlySignal<Uint8Array | null>;
  readonly perceived = signal<Perceived | null>(null);
  readonly recalled = signal<RecalledConcept | null>(null);

  readonly #fetched = signal<{ readonly of: About; readonly image: TestImage } | null>(null);

  constructor(run: Run) {
    this.run = run;
    this.taken = computed(() => {
      const fetched = this.#fetched.value;
      return testIndex.value !== null && fetched && fetched.of === run.about.value ? fetched.image : null;
    });
    this.shown = computed(() => {
      const about = run.about.value;
      if (!about || blank.value) return null;
      if (testIndex.value !== null && !this.taken.value) return null;
      return shownPicture(about.shape, about.dataName, this.taken.value?.image ?? null);
    });
  }

  /** Returns how to stop. */
  start(): () => void {
    const { run, shown, perceived, recalled } = this;
    const stops = [
      follow(
        run,
        () => void testIndex.value,
        async (about) => {
          const chosen = testIndex.peek();
          if (chosen === null) return;
          const index = chosen % about.images.test;
          const fetched = this.#fetched.peek();
          // Training does not change it.
          if (fetched?.of === about && fetched.image.index === index) return;
          const image = await run.ask((api) => api.testImage(index));
          if (image) this.#fetched.value = { of: about, image };
        },
      ),
      follow(
        run,
        () => void shown.value,
        async (about) => {
          const pixels = shown.peek();
          const answer = pixels && (await run.ask((api) => api.perceive(pixels)));
          if (run.about.peek() === about) perceived.value = answer ?? null;
        },
      ),
      follow(
        run,
        () => void mixture.value,
        async (about) => {
          const { a, b, share } = mixture.peek();
          const last = about.classNames.length - 1;
          const answer = await run.ask((api) => api.recallMixture(Math.min(a, last), Math.min(b, last), share));
          if (run.about.peek() === about) recalled.value = answer ?? null;
        },
      ),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }
}

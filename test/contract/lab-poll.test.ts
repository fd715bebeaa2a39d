/** How often the lab's panels ask a run's worker, and which answer they show meanwhile. */
import { signal } from "@preact/signals";
import { parseHTML } from "linkedom";
import { h, render } from "preact";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type PollOptions, usePoll } from "../../lab/src/state/poll.ts";
import type { Run } from "../../lab/src/state/run.ts";

interface Asked {
  readonly key: string;
  readonly options?: PollOptions;
}

let page: { hidden: boolean };
let root: Element;
let asked: string[];
/** Milliseconds an answer takes, and what it is: by default the question itself and the step. */
let takes: number;
let answer: ((what: string) => string | undefined) | undefined;
const run = {
  ...{ about: signal<object | null>({}), step: signal(1), ready: signal(true) },
  ask: (question: (api: unknown) => Promise<string>) => question(null),
};

/** Shows the answer to a question as text. */
function Probe({ key_: key, options }: { key_: string; options?: PollOptions }) {
  const what = `${key}${options?.variant ?? ""}`;
  const found = usePoll<string | undefined>(
    run as unknown as Run,
    key,
    async () => {
      asked.push(what);
      const step = run.step.peek();
      if (takes > 0) await new Promise((resolve) => setTimeout(resolve, takes));
      return answer ? answer(what) : `${what}@${step}`;
    },
    options,
  );
  return h("p", null, found ?? "nothing");
}
const show = ({ key, options }: Asked) =>
  render(h(Probe, { key_: key, ...(options ? { options } : {}) }), root as unknown as Parameters<typeof render>[1]);
const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);
/** For effects, which wait for a frame. */
const drawn = () => pass(40);
const shown = () => root.textContent;

beforeEach(async () => {
  vi.useFakeTimers();
  const { document } = parseHTML("<main></main>");
  page = document as unknown as typeof page;
  Object.defineProperty(page, "hidden", { value: false, writable: true });
  vi.stubGlobal("document", document);
  root = document.querySelector("main") as unknown as Element;
  [asked, takes, answer] = [[], 0, undefined];
  [run.about.value, run.step.value, run.ready.value] = [{}, 1, true];
});
afterEach(async () => {
  render(null, root as unknown as Parameters<typeof render>[1]);
  await pass(1000);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("asks at once, and then when training has gone on, every 400 ms at most", async () => {
  show({ key: "a" });
  expect(shown()).toBe("nothing");
  await drawn();
  expect([asked, shown()]).toEqual([["a"], "a@1"]);
  await pass(2000);
  expect(asked).toHaveLength(1);
  for (let step = 2; step <= 41; step++) {
    run.step.value = step;
    await pass(50);
  }
  expect(asked.length).toBeGreaterThanOrEqual(5);
  expect(asked.length).toBeLessThanOrEqual(6);
  await pass(400);
  expect(shown()).toBe("a@41");
});

it("leaves a worker eight times as long alone as its answer took, or as long as it is told", async () => {
  takes = 100;
  show({ key: "a", options: { every: 500 } });
  await pass(140);
  expect(shown()).toBe("a@1");
  run.step.value = 2;
  await pass(780);
  expect(asked).toHaveLength(1);
  await pass(40);
  expect(asked).toHaveLength(2);
  takes = 0;
  await pass(880);
  run.step.value = 3;
  await pass(900);
  const before = asked.length;
  run.step.value = 4;
  await pass(400);
  run.step.value = 5;
  await pass(100);
  expect(asked.length).toBe(before + 1);
});

it("asks again where training has gone on during the answer", async () => {
  takes = 100;
  show({ key: "a" });
  await drawn();
  run.step.value = 2;
  await pass(100);
  expect(shown()).toBe("a@1");
  await pass(1000);
  expect([asked.length, shown()]).toEqual([2, "a@2"]);
});

it("does not ask a run that is not ready, or for a page that nobody sees", async () => {
  run.ready.value = false;
  show({ key: "a" });
  await pass(1000);
  run.ready.value = true;
  page.hidden = true;
  await pass(1000);
  expect([asked, shown()]).toEqual([[], "nothing"]);
  page.hidden = false;
  await pass(400);
  expect([asked, shown()]).toEqual([["a"], "a@1"]);
});

it("another question, or another run's, has no answer until it comes; an older one's is not shown", async () => {
  show({ key: "a" });
  await drawn();
  takes = 300;
  show({ key: "b" });
  expect(shown()).toBe("nothing");
  await drawn();
  show({ key: "c" });
  await drawn();
  expect(asked).toEqual(["a", "b", "c"]);
  await pass(280);
  expect(shown()).toBe("nothing");
  await pass(40);
  expect(shown()).toBe("c@1");
  run.about.value = {};
  await pass(0);
  expect(shown()).toBe("nothing");
  await pass(400);
  expect([asked.at(-1), asked.length, shown()]).toEqual(["c", 4, "c@1"]);
});

it("a variant is asked for once it has settled, and the answer before it stays until then", async () => {
  const variant = (name: string) => show({ key: "a", options: { variant: name } });
  variant("1");
  await drawn();
  expect([asked, shown()]).toEqual([["a1"], "a1@1"]);
  for (const name of ["2", "3", "4"]) {
    variant(name);
    await pass(60);
    expect(shown()).toBe("a1@1");
  }
  expect(asked).toEqual(["a1"]);
  await pass(100);
  expect([asked, shown()]).toEqual([["a1", "a4"], "a4@1"]);
});

it("keeps an answer where the next one fails, which is asked for anew only when training has gone on", async () => {
  show({ key: "a" });
  await drawn();
  answer = () => undefined;
  run.step.value = 2;
  await pass(2000);
  expect([asked.length, shown()]).toEqual([2, "a@1"]);
  answer = undefined;
  run.step.value = 3;
  await pass(400);
  expect(shown()).toBe("a@3");
});

it("asks no more once nobody looks", async () => {
  takes = 100;
  show({ key: "a" });
  await drawn();
  render(null, root as unknown as Parameters<typeof render>[1]);
  run.step.value = 2;
  await pass(5000);
  expect(asked).toEqual(["a"]);
});

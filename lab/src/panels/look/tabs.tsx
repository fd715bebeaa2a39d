/** Tabs as the ARIA practices have them: arrow keys, Home and End go from one to the next, Tab goes into what is shown. */
import type { Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";

export interface Tab {
  readonly name: string;
  readonly show: () => ComponentChildren;
}

interface TabsProps {
  /** What the tabs choose between. */
  readonly label: string;
  readonly tabs: readonly Tab[];
  /** Place of the one that is shown. */
  readonly chosen: Signal<number>;
}

export function Tabs({ label, tabs, chosen }: TabsProps) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const choose = (at: number) => {
    chosen.value = (at + tabs.length) % tabs.length;
    list.current?.querySelectorAll<HTMLElement>("[role=tab]")[chosen.value]?.focus();
  };
  const moves: Readonly<Record<string, () => number>> = {
    ArrowRight: () => chosen.value + 1,
    ArrowLeft: () => chosen.value - 1,
    Home: () => 0,
    End: () => tabs.length - 1,
  };
  return (
    <>
      <div
        ref={list}
        role="tablist"
        aria-label={label}
        onKeyDown={(event) => {
          const move = moves[event.key];
          if (!move) return;
          event.preventDefault();
          choose(move());
        }}
      >
        {tabs.map(({ name }, k) => (
          <button
            type="button"
            key={name}
            role="tab"
            id={`${id}-tab-${k}`}
            aria-controls={`${id}-panel`}
            aria-selected={chosen.value === k}
            tabIndex={chosen.value === k ? 0 : -1}
            onClick={() => choose(k)}
          >
            {name}
          </button>
        ))}
      </div>
      <div
        role="tabpanel"
        id={`${id}-panel`}
        aria-labelledby={`${id}-tab-${chosen.value}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a tab's panel is reached by keyboard even where it holds nothing to press
        tabIndex={0}
      >
        {tabs[chosen.value]!.show()}
      </div>
    </>
  );
}

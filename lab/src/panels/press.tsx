/** A button that keeps the focus while it cannot be pressed, which many cannot for a moment after they were: a disabled one would lose it. */
import type { ComponentChildren } from "preact";

interface PressProps {
  readonly off: boolean;
  readonly act: () => unknown;
  readonly children: ComponentChildren;
}

export function Press({ off, act, children }: PressProps) {
  return (
    <button type="button" aria-disabled={off} onClick={() => off || act()}>
      {children}
    </button>
  );
}

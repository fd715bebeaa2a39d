/** A canvas that draws itself anew whenever a signal it reads changes, without rendering the page again. */
import { useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";

export interface CanvasProps {
  /** Read by screen readers in the canvas's place. */
  readonly label: string;
  readonly class?: string;
  /** Reads signals; runs again when they change. */
  readonly draw: (canvas: HTMLCanvasElement) => void;
}

export function Canvas({ label, class: name, draw }: CanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useSignalEffect(() => {
    if (canvas.current) draw(canvas.current);
  });
  return <canvas ref={canvas} role="img" aria-label={label} class={name} width="1" height="1" />;
}

/** An element that a wave paints, once a frame while one is under way. */
import { useEffect, useRef } from "preact/hooks";
import type { Waves } from "../state/waves.ts";
import type { Snapshot } from "../worker/protocol.ts";

interface Common {
  readonly waves: Waves;
  readonly class?: string;
}

interface PaintedCanvas extends Common {
  /** Read by screen readers in the picture's place; without one it is decoration. */
  readonly label?: string;
  readonly as?: undefined;
  readonly paint: (canvas: HTMLCanvasElement, snapshot: Snapshot, tick: number) => void;
}

interface PaintedText extends Common {
  readonly as: "strong";
  readonly paint: (element: HTMLElement, snapshot: Snapshot, tick: number) => void;
}

export function Painted(props: PaintedCanvas | PaintedText) {
  const { waves } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const text = useRef<HTMLElement>(null);
  const paint = useRef(props);
  paint.current = props;
  useEffect(
    () =>
      waves.add((snapshot, tick) => {
        const { current } = paint;
        if (current.as) {
          if (text.current) current.paint(text.current, snapshot, tick);
        } else if (canvas.current) current.paint(canvas.current, snapshot, tick);
      }),
    [waves],
  );
  // Decoration is as sharp as the screen; pictures with a label have the size of what they show.
  useEffect(() => {
    const element = canvas.current;
    if (!element || element.hasAttribute("aria-label")) return;
    const observer = new ResizeObserver(() => {
      element.width = Math.max(1, Math.round(element.clientWidth * devicePixelRatio));
      element.height = Math.max(1, Math.round(element.clientHeight * devicePixelRatio));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  if (props.as) {
    return (
      <strong ref={text} class={props.class}>
        –
      </strong>
    );
  }
  const { label, class: name } = props;
  if (label) return <canvas ref={canvas} role="img" aria-label={label} class={name} width="1" height="1" />;
  return <canvas ref={canvas} class={name} width="1" height="1" />;
}

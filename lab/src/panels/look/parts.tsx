/** What the tabs share: a choice, bars of a histogram, a table for who does not see the picture. */
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import type { Histogram } from "../../worker/protocol-look.ts";

/** A labelled choice by place. */
export function Choice(props: {
  label: string;
  options: readonly string[];
  chosen: number;
  choose: (at: number) => void;
}) {
  const id = useId();
  return (
    <span class="choice">
      <label for={id}>{props.label}</label>{" "}
      <select id={id} onChange={(event) => props.choose(Number(event.currentTarget.value))}>
        {props.options.map((option, k) => (
          <option key={option} value={k} selected={k === props.chosen}>
            {option}
          </option>
        ))}
      </select>
    </span>
  );
}

/** A canvas drawn anew at every rendering. */
export function Drawn(props: { label: string; class?: string; draw: (canvas: HTMLCanvasElement) => void }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    if (canvas.current) props.draw(canvas.current);
  });
  return <canvas ref={canvas} role="img" aria-label={props.label} class={props.class} width="1" height="1" />;
}

const HEIGHT = 40;

/**
 * Bars of a histogram.
 *
 * @param height of a bar from its share of the fullest bin, both 0..1. Default: the same
 */
export function Bars(props: {
  title: string;
  class: "perception" | "recall";
  histogram: Histogram;
  format: (value: number) => string;
  height?: (share: number) => number;
  children: ComponentChildren;
}) {
  const { counts, from, to } = props.histogram;
  const height = props.height ?? ((share: number) => share);
  const most = Math.max(1, ...counts);
  const ends = [from, (from + to) / 2, to].map(props.format);
  return (
    <figure class={`bars ${props.class}`}>
      <figcaption>
        <strong>{props.title}</strong> {props.children}
      </figcaption>
      <svg viewBox={`0 0 ${counts.length} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={props.title}>
        {counts.map((count, bin) => {
          const tall = HEIGHT * height(count / most);
          return <rect key={bin} x={bin + 0.05} width="0.9" y={HEIGHT - tall} height={tall} />;
        })}
      </svg>
      <div class="ends" aria-hidden="true">
        {ends.map((end) => (
          <span key={end}>{end}</span>
        ))}
      </div>
      <Table
        summary={`${props.title} as a table`}
        head={["from", "to", "count"]}
        rows={counts.map((count, bin) => [
          props.format(from + ((to - from) * bin) / counts.length),
          props.format(from + ((to - from) * (bin + 1)) / counts.length),
          String(count),
        ])}
      />
    </figure>
  );
}

/** Numbers behind a picture, closed until asked for. The first cell of a row names it. */
export function Table(props: { summary: string; head: readonly string[]; rows: readonly (readonly string[])[] }) {
  return (
    <details class="numbers">
      <summary>{props.summary}</summary>
      <table>
        <thead>
          <tr>
            {props.head.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map(([first, ...others], row) => (
            <tr key={row}>
              <th scope="row">{first}</th>
              {others.map((cell, k) => (
                <td key={k}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

export function Waiting() {
  return <p class="note">Waiting for the training worker …</p>;
}

/** A share in percent. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

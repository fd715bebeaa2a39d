/** Sliders that make the picture harder to see. */
import { SIDES } from "../../../../src/data/cue.ts";
import { type Spoiling, unspoilt } from "../../draw/spoil.ts";
import { spoiling } from "../../state/drawing.ts";

function change(to: Partial<Spoiling>): void {
  spoiling.value = { ...spoiling.peek(), ...to };
}

export function Spoil() {
  const { side, hidden, noise, seed, blur } = spoiling.value;
  return (
    <fieldset class="spoil">
      <legend>Make it harder to see</legend>
      <Slider
        label="Hide"
        value={hidden}
        most={0.9}
        unit={percent(hidden)}
        set={(value) => change({ hidden: value })}
      />
      <label class="slider">
        from
        <select
          onChange={(event) => {
            const chosen = SIDES.find((known) => known === event.currentTarget.value);
            if (chosen) change({ side: chosen });
          }}
        >
          {SIDES.map((known) => (
            <option key={known} value={known} selected={known === side}>
              {known === "centre" ? "the centre" : `the ${known}`}
            </option>
          ))}
        </select>
      </label>
      <Slider label="Noise" value={noise} most={1} unit={noise.toFixed(2)} set={(value) => change({ noise: value })} />
      <Slider
        label="Blur"
        value={blur}
        most={4}
        unit={`${blur.toFixed(1)} px`}
        set={(value) => change({ blur: value })}
      />
      <div class="controls">
        <button type="button" onClick={() => change({ seed: seed + 1 })} disabled={noise === 0}>
          Other noise
        </button>
        <button
          type="button"
          onClick={() => {
            spoiling.value = unspoilt;
          }}
        >
          As it was
        </button>
      </div>
    </fieldset>
  );
}

interface SliderProps {
  readonly label: string;
  readonly value: number;
  /** From 0. */
  readonly most: number;
  /** The value as it is read out. */
  readonly unit: string;
  readonly set: (value: number) => void;
}

export function Slider({ label, value, most, unit, set }: SliderProps) {
  return (
    <label class="slider">
      {label}
      <input
        type="range"
        min="0"
        max={most}
        step={most / 100}
        value={value}
        aria-valuetext={unit}
        onInput={(event) => set(Number(event.currentTarget.value))}
      />
      <output>{unit}</output>
    </label>
  );
}

export function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

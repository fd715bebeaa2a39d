/** Every class as recall reconstructs it from the concept alone. */

import { drawPicture } from "../draw/picture.ts";
import { named } from "../state/lab.ts";
import type { Run } from "../state/run.ts";
import { Canvas } from "./canvas.tsx";

export function Recalled({ run }: { run: Run }) {
  const about = run.about.value;
  if (!about?.recalls) return null;
  const { shape, classNames } = about;
  const size = shape.height * shape.width * shape.channels;
  const nearest = run.snapshot.value?.ownIsNearest;
  return (
    <section aria-label={named(run, "What recall draws")}>
      <h2>What recall draws of each concept</h2>
      <ol class="recalled">
        {classNames.map((name, c) => (
          <li key={name}>
            <Canvas
              label={`${name}, as recall reconstructs it`}
              class="picture"
              draw={(canvas) => {
                const recalled = run.snapshot.value?.recalled;
                if (recalled) drawPicture(canvas, recalled.subarray(c * size, (c + 1) * size), shape);
              }}
            />
            <span>{name}</span>
          </li>
        ))}
      </ol>
      {nearest !== null && nearest !== undefined && (
        <p>
          {nearest} of {classNames.length} are most like their own class's mean image.
        </p>
      )}
    </section>
  );
}

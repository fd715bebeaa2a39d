/** Which classes are taken for which, on images kept for testing; measured when asked for. */
import { useSignal, useSignalEffect } from "@preact/signals";
import { named } from "../../state/lab.ts";
import type { TabProps } from "./inside.tsx";
import { percent } from "./parts.tsx";

interface Tested {
  readonly step: number;
  readonly accuracy: number;
  readonly images: number;
  readonly confusion: readonly (readonly number[])[];
}

/** Shades of a cell. */
const SHADES = 8;

export function ConfusionTab({ run, about }: TabProps) {
  const tested = useSignal<Tested | null>(null);
  const testing = useSignal(false);
  useSignalEffect(() => {
    void run.about.value;
    tested.value = null;
  });
  const test = async () => {
    if (testing.value) return;
    testing.value = true;
    const step = run.step.peek();
    const result = await run.ask((api) => api.test());
    testing.value = false;
    if (result) tested.value = { step, ...result };
  };
  const result = tested.value;
  return (
    <>
      <p>
        Each row is what the images are, each column what perception takes them for: the diagonal is right, and a large
        number elsewhere is a pair of classes that it mixes up.
      </p>
      <p>
        <button type="button" aria-disabled={testing.value} onClick={test}>
          {testing.value ? "Testing …" : `Test on ${about.images.test.toLocaleString("en")} images it never saw`}
        </button>{" "}
        <span role="status">
          {result && !testing.value && `${percent(result.accuracy)} right at step ${result.step}`}
        </span>
      </p>
      {result && <Confusion label={named(run, "Confusions")} confusion={result.confusion} names={about.classNames} />}
    </>
  );
}

function Confusion(props: { label: string; confusion: Tested["confusion"]; names: readonly string[] }) {
  const { label, confusion, names } = props;
  const mistakes = confusion.flatMap((row, truth) => row.filter((_, decision) => decision !== truth));
  const most = Math.max(1, ...mistakes);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolled by keyboard where it is wider than the page
    <section class="confusion" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <td />
            {names.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {confusion.map((row, truth) => {
            const total = row.reduce((sum, count) => sum + count, 0);
            return (
              <tr key={names[truth]}>
                <th scope="row">{names[truth]}</th>
                {row.map((count, decision) => (
                  <td
                    key={names[decision]}
                    class={
                      truth === decision ? `right shade-${shade(count, total)}` : `wrong shade-${shade(count, most)}`
                    }
                  >
                    {count}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

/** Square roots, so that rare mistakes are seen. */
function shade(count: number, most: number): number {
  return most === 0 ? 0 : Math.ceil(SHADES * Math.sqrt(count / most));
}

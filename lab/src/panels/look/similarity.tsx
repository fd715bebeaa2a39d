/** How alike the two networks fire, image by image and class by class. */
import { useSignal } from "@preact/signals";
import { inks } from "../../draw/colours.ts";
import { drawMatrix } from "../../draw/matrix.ts";
import { likenessByClass } from "../../state/likeness.ts";
import { usePoll } from "../../state/poll.ts";
import type { Compared } from "../../worker/protocol-look.ts";
import type { TabProps } from "./inside.tsx";
import { Choice, Drawn, Table, Waiting } from "./parts.tsx";

const CHOICES: readonly { readonly compared: Compared; readonly name: string; readonly meaning: string }[] = [
  {
    compared: "both",
    name: "perception with recall",
    meaning:
      "Each row is an image as perception sees it, each column a class as recall thinks of it, both in the order of the classes: blue means that they fire alike, so a staircase of blue means that the two networks mean the same by the same class.",
  },
  {
    compared: "perception",
    name: "perception with itself",
    meaning:
      "Rows and columns are the same images, in the order of their classes: blue squares along the diagonal mean that images of one class look alike to the network.",
  },
  {
    compared: "recall",
    name: "recall with itself",
    meaning:
      "Rows and columns are the classes as recall thinks of them: where the diagonal alone is blue, recall tells them all apart.",
  },
];

export function SimilarityTab({ run, about, inside, stage, chooseStage }: TabProps) {
  const chosen = useSignal(0);
  const choices = CHOICES.filter(({ compared }) => compared === "perception" || inside.stages[stage]!.recalled);
  const { compared, meaning } = choices[Math.min(chosen.value, choices.length - 1)]!;
  const similarity = usePoll(run, `similarity ${stage} ${compared}`, (api) => api.similarity(stage, compared));
  const format = (value: number | null) => (value === null ? "–" : value.toFixed(2));
  return (
    <>
      <p>{meaning}</p>
      <div class="choices">
        <Choice
          label="Stage"
          options={inside.stages.map(({ name, shape }) => `${name} (${shape})`)}
          chosen={stage}
          choose={chooseStage}
        />
        {choices.length > 1 && (
          <Choice
            label="Compare"
            options={choices.map(({ name }) => name)}
            chosen={Math.min(chosen.value, choices.length - 1)}
            choose={(at) => {
              chosen.value = at;
            }}
          />
        )}
      </div>
      {similarity ? (
        <>
          <div class="matrix">
            <Names labels={similarity.columns} names={about.classNames} class="columns" />
            <Names labels={similarity.rows} names={about.classNames} class="rows" />
            <Drawn
              label={`Cosines of firing rates: ${similarity.rows.length} rows by ${similarity.columns.length} columns, in the order of the classes`}
              draw={(canvas) => {
                const { perception, recall } = inks();
                drawMatrix(canvas, similarity.columns.length, similarity.cosines, perception, recall);
              }}
            />
          </div>
          <p class="note">
            <span class="perception">Blue</span>: alike, up to 1. Empty: nothing in common, 0.{" "}
            <span class="recall">Orange</span>: opposite, down to −1. Each neuron's mean is taken away first.
          </p>
          <Table
            summary="Similarity as a table"
            head={["class", "with the same class", "with other classes"]}
            rows={likenessByClass(similarity, compared !== "both").map(({ label, own, others }) => [
              about.classNames[label]!,
              format(own),
              format(others),
            ])}
          />
        </>
      ) : (
        <Waiting />
      )}
    </>
  );
}

/** The classes along one side of the matrix, each as long as it has rows. */
function Names(props: { labels: readonly number[]; names: readonly string[]; class: "rows" | "columns" }) {
  const counts = new Map<number, number>();
  for (const label of props.labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return (
    <div class={props.class} aria-hidden="true">
      {[...counts].map(([label, count]) => (
        <span key={label} title={props.names[label]} style={{ flexGrow: count }}>
          {props.names[label]}
        </span>
      ))}
    </div>
  );
}

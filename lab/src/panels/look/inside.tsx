/** The tabs of look inside. */
import { type Signal, useSignal } from "@preact/signals";
import { usePoll } from "../../state/poll.ts";
import type { Run } from "../../state/run.ts";
import type { About } from "../../worker/protocol.ts";
import type { Inside as Insides } from "../../worker/protocol-look.ts";
import "../../styles/look.css";
import { AlignmentTab, useAlignments } from "./alignment.tsx";
import { ConfusionTab } from "./confusion.tsx";
import { Waiting } from "./parts.tsx";
import { RasterTab } from "./raster.tsx";
import { RatesTab } from "./rates.tsx";
import { SimilarityTab } from "./similarity.tsx";
import { Tabs } from "./tabs.tsx";
import { WeightsTab } from "./weights.tsx";

/** What a tab knows. */
export interface TabProps {
  readonly run: Run;
  readonly about: About;
  readonly inside: Insides;
  /** The chosen stage, which tabs share. */
  readonly stage: number;
  readonly chooseStage: (stage: number) => void;
}

export function Inside({ run }: { run: Run }) {
  const about = run.about.value;
  const inside = usePoll(run, "inside", (api) => api.inside());
  // Kept here, so that who resets a run sees the same of the next.
  const tab = useSignal(0);
  const chosen = useSignal(0);
  if (!about || !inside) return <Waiting />;
  return <Shown run={run} about={about} inside={inside} tab={tab} chosen={chosen} />;
}

interface ShownProps extends Pick<TabProps, "run" | "about" | "inside"> {
  readonly tab: Signal<number>;
  readonly chosen: Signal<number>;
}

function Shown({ run, about, inside, tab, chosen }: ShownProps) {
  const alignments = useAlignments(run);
  const props = {
    ...{ run, about, inside },
    stage: Math.min(chosen.value, inside.stages.length - 1),
    chooseStage: (stage: number) => {
      chosen.value = stage;
    },
  };
  return (
    <Tabs
      label="Look inside"
      chosen={tab}
      tabs={[
        { name: inside.signal === "spikes" ? "Spikes" : "Activations", show: () => <RasterTab {...props} /> },
        { name: inside.signal === "spikes" ? "Firing rates" : "Activity", show: () => <RatesTab {...props} /> },
        { name: "Weights", show: () => <WeightsTab {...props} /> },
        { name: "Alignment", show: () => <AlignmentTab {...props} alignments={alignments} /> },
        { name: "Similarity", show: () => <SimilarityTab {...props} /> },
        { name: "Confusions", show: () => <ConfusionTab {...props} /> },
      ]}
    />
  );
}

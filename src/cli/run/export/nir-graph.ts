/** The work of `bispike export --format nir`. */
import { BispikeError } from "../../../errors.ts";
import type { NirGraph } from "../../../export/nir/node.ts";
import { AutoencoderPair, type Network } from "../../../network/autoencoder-pair.ts";
import { autoencoderFrame } from "../../../network/specs.ts";
import { autoencoderToNir, encodeNir, type NirOptions, perceptionToNir, recallToNir } from "../../../nir.ts";
import { buildRun, createTeam, type OpenedCheckpoint, openAnyCheckpoint } from "../../../node/open.ts";
import type { ProblemName } from "../../../problems/problem.ts";
import { autoencoderSlots } from "../../../rules/autoencoder-learners.ts";
import type { AnyCheckpoint, AutoencoderCheckpoint, CheckpointFor } from "../../../training/checkpoint.ts";
import { importSlots } from "../../../training/slots.ts";
import type { Exported, ExportRequest } from "./format.ts";

/** What `--network`, `--dt`, `--comparison`, `--readout` and `--until` give. */
interface NirRequest extends NirOptions {
  readonly network?: Network;
  readonly until?: "image" | "latent";
}

export async function exportNir({ run, options, threads }: ExportRequest): Promise<Exported> {
  const asked = options as NirRequest;
  const { file, checkpoint } = openAnyCheckpoint(run);
  const graph = await (GRAPHS[checkpoint.problem] as GraphOf<AnyCheckpoint>)({ file, checkpoint }, asked, threads);
  const names = [...graph.nodes].map(([name, { type }]) => `${name} (${type})`);
  const { dt, steps, comparison } = graph.metadata;
  const input = [...graph.nodes.values()][0]!;
  const inclusive = comparison === ">=";
  return {
    bytes: await encodeNir(graph),
    lines: [
      `NIR graph: ${names.join(" -> ")}`,
      `${steps} steps of dt = ${dt} s; membranes reset to 0; fires at v ${comparison} v_threshold${inclusive ? "" : ", as NIR itself has it"}`,
      ...("shape" in input ? [`input [${input.shape.join(", ")}]: ${graph.metadata.input_values}`] : []),
    ],
    facts: {
      nodes: Object.fromEntries([...graph.nodes].map(([name, { type }]) => [name, type])),
      dt,
      steps,
      comparison,
    },
    warnings: [
      ...(inclusive
        ? [
            "NIR's neurons fire at v > v_threshold, these were trained with v >= v_threshold: a membrane exactly at it may differ; --comparison '>' writes thresholds for NIR's rule",
          ]
        : []),
      ...(dt === 1e-4 ? [] : [`snnTorch's importer takes dt = 1e-4 for granted, this graph has ${dt}`]),
    ],
  };
}

type GraphOf<C extends AnyCheckpoint> = (
  opened: OpenedCheckpoint<C>,
  asked: NirRequest,
  threads: number,
) => Promise<NirGraph>;

const GRAPHS: { readonly [P in ProblemName]: GraphOf<CheckpointFor<P>> } = {
  async classify(opened, asked, threads) {
    if (asked.until)
      throw new BispikeError("usage", `--until: ${opened.file} is no autoencoder; its networks have one end`);
    if (asked.readout && asked.network === "recall")
      throw new BispikeError(
        "usage",
        "--readout: is perception's, of the concept; recall ends in the redrawn stimulus",
      );
    const { model, team } = await buildRun(opened, threads);
    try {
      return asked.network === "recall" ? recallToNir(model, asked) : perceptionToNir(model, asked);
    } finally {
      await team.close();
    }
  },
  async sequence({ file }) {
    throw new BispikeError(
      "usage",
      `${file}: NIR cannot express nets of sequences: an element has its own time steps, before which membranes go back to 0, and NIR has no such reset`,
    );
  },
  autoencode: ({ checkpoint }, asked) => autoencoderGraph(checkpoint, asked),
};

/** The pair of a checkpoint, without its learner. */
async function autoencoderGraph(
  { config, data, tensors }: AutoencoderCheckpoint,
  asked: NirRequest,
): Promise<NirGraph> {
  const { network, rule, train } = config;
  if (rule.name === "backprop-ann")
    throw new BispikeError(
      "usage",
      "a NIR graph needs a spiking pair, but this is a net of real numbers, without spikes",
    );
  if (asked.readout)
    throw new BispikeError("usage", "--readout: an autoencoder has no concept to read out; see --until");
  const team = await createTeam(1);
  try {
    const image = autoencoderFrame(network, data.shape);
    const networks = rule.name === "bsd" ? "both" : "perception";
    const pair = new AutoencoderPair(team, { ...network, image, maxImages: 1, seed: train.seed, networks });
    importSlots(autoencoderSlots(pair, false), tensors);
    return autoencoderToNir(pair, data, asked);
  } finally {
    await team.close();
  }
}

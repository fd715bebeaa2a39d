/**
 * What a format of `bispike export` is. `FORMATS` in export.ts lists them. They are loaded with the command's help, so this file imports
 * types, commander and options alone; `write` loads its work when it runs.
 */

import { statSync } from "node:fs";
import { join } from "node:path";
import type { Option } from "commander";
import type { Split } from "../../data/dataset.ts";
import { BispikeError } from "../../errors.ts";
import type { NirGraph } from "../../formats/nir-graph.ts";
import { encodeNpz, type NpyArray } from "../../formats/npz.ts";
import { type OnnxExport, type OnnxExportOptions, perceptionOnnx, recallOnnx } from "../../formats/onnx.ts";
import type { Port } from "../../formats/onnx-graph.ts";

import type { Tensor } from "../../formats/safetensors.ts";
import { encodeEvents, scalarsOf } from "../../formats/tensorboard.ts";

import { encodeWeights, plainWeights } from "../../formats/weights.ts";
import { decideImages } from "../../measure/decide.ts";
import { AutoencoderPair, type Network } from "../../nets/autoencoder-pair.ts";
import { spikingModel } from "../../nets/model.ts";
import type { Slot } from "../../nets/parameters.ts";
import { pixelsOf, sizeOf } from "../../nets/shape.ts";
import { autoencoderFrame } from "../../nets/specs.ts";
import {
  autoencoderToNir,
  encodeNir,
  encodeSpikeTrains,
  type NirOptions,
  perceptionToNir,
  recallToNir,
  recordSpikes,
} from "../../nir.ts";
import { readJsonObject } from "../../node/files.ts";
import { buildRun, createTeam, type OpenedCheckpoint, openAnyCheckpoint, openModel } from "../../node/open.ts";
import { RUN_FILES, readMetrics } from "../../node/run-folder.ts";
import { packageVersion } from "../../node/version.ts";
import type { ProblemName } from "../../problems/problem.ts";
import type { AnyCheckpoint, AutoencoderCheckpoint, Checkpoint, CheckpointFor } from "../../training/checkpoint.ts";
import { assertRecall } from "../../training/read-checkpoint.ts";
import { importSlots } from "../../training/state.ts";
import type { Part } from "../arguments.ts";
import { type DataOptions, datasetFor, partImages, placeOf, unverified } from "../data.ts";

export interface ExportFormat {
  /** As `--format` takes it. */
  readonly name: string;
  /** A line for the help: what is written, without the format's name. */
  readonly describe: string;
  /**
   * The options this format takes beside those of every format. Options that several formats take are one object. Leave commander's defaults out: `write` fills them in, and the
   * help's text says them.
   */
  readonly options: readonly Option[];
  /** Lines of the help's examples, after `bispike export `. */
  readonly examples: readonly string[];
  /** File that is written where there is no `--out`. */
  file(options: FormatOptions): string;
  /** Makes the file's bytes. The command has checked that it may be written, and writes it. */
  write(request: ExportRequest): Promise<Exported>;
}

/** Values of the format's own options, by commander's attribute names; what was not given is absent. */
export type FormatOptions = Readonly<Record<string, unknown>>;

export interface ExportRequest {
  /** A run folder or a checkpoint file. */
  readonly run: string;
  readonly options: FormatOptions;
  /** Threads to compute with; 0 for all cores. */
  readonly threads: number;
}

export interface Exported {
  readonly bytes: Uint8Array;
  /** For a person: what is in the file, its interface, a line each. */
  readonly lines: readonly string[];
  /** The same for programs; beside `file`, `format` and `bytes` in `--json`. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** What a person should know although the export went well: written to stderr. */
  readonly warnings?: readonly string[];
}

/** Images an export is made from. */

export interface ChosenImages {
  readonly split: Split;
  readonly part: Part;
  /** Numbers within the part, and where they are in the split. */
  readonly numbers: readonly number[];
  readonly places: readonly number[];
  readonly warnings: readonly string[];
}

/**
 * Images that `--index`, `--part`, `--data.name` and `--data.path` choose.
 *
 * @param otherwise numbers where no `--index` was given; the whole part where absent
 * @throws BispikeError "usage" for an image that is not there, "data" for a set that is not the model's
 */
export async function chosenImages(
  checkpoint: Checkpoint,
  file: string,
  options: FormatOptions,
  otherwise?: readonly number[],
): Promise<ChosenImages> {
  const { part = "test", index } = options as { part?: Part; index?: readonly number[] };
  const dataset = await datasetFor(checkpoint, file, options as DataOptions);
  const images = partImages(dataset, checkpoint, part);
  const numbers = index ?? otherwise ?? Array.from(images.indices, (_, k) => k);
  const places = numbers.map((number) => placeOf(images, number, part));
  const warning = unverified(dataset);
  return { split: images.split, part, numbers, places, warnings: warning === null ? [] : [warning] };
}

/** Runs `use` with the slots of a checkpoint's net, of any kind. */
export async function withSlots<T>(
  run: string,
  use: (slots: readonly Slot[], checkpoint: AnyCheckpoint, file: string) => T,
): Promise<T> {
  const opened = await buildRun(openAnyCheckpoint(run), 1);
  try {
    return use([...opened.slots()], opened.checkpoint, opened.file);
  } finally {
    await opened.team.close();
  }
}

/** Lines and facts of tensors. */
export function describeTensors(tensors: ReadonlyMap<string, Pick<Tensor, "shape">>) {
  const shapes = Object.fromEntries([...tensors].map(([name, { shape }]) => [name, [...shape]]));
  const numbers = [...tensors.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const lines = Object.entries(shapes).map(([name, shape]) => `  ${name} [${shape.join(", ")}]`);
  return {
    lines: [`${tensors.size} tensors of ${numbers.toLocaleString("en")} numbers:`, ...lines],
    facts: { tensors: shapes },
  };
}

export function exportWeights({ run }: ExportRequest): Promise<Exported> {
  return withSlots(run, (slots, { config, data }) => {
    const about = { bispike: packageVersion(), config: JSON.stringify(config), data: JSON.stringify(data) };
    return { bytes: encodeWeights(slots, about), ...describeTensors(plainWeights(slots)) };
  });
}

const NOT_WRITTEN = { sequence: "recurrent nets of sequences", autoencode: "autoencoders" } as const;

/** As commander gives them. */
interface Given {
  readonly network?: "perception" | "recall";
  readonly mode?: "unrolled" | "step";
  readonly spikes?: boolean;
  readonly concept?: "class" | "code";
}

export async function exportOnnx({ run, options, threads }: ExportRequest): Promise<Exported> {
  const { network = "perception", mode = "unrolled", spikes = false, concept }: Given = options;
  if (concept !== undefined && network !== "recall")
    throw new BispikeError("usage", "--concept says what recall starts from; it goes with --network recall");
  const { file, checkpoint } = openAnyCheckpoint(run);
  if (!("classMeans" in checkpoint))
    throw new BispikeError(
      "usage",
      `${file}: --format onnx writes networks of image classes; ${NOT_WRITTEN[checkpoint.problem]} are not written yet`,
    );
  if (network === "recall") assertRecall(checkpoint, file, "--network recall");
  const { model, team } = await buildRun({ file, checkpoint }, threads);
  try {
    const { classMeans, config, position } = checkpoint;
    const metadata = {
      "run.name": config.name,
      "run.rule": config.rule.name,
      "run.seed": String(config.train.seed),
      "run.step": String(position.step),
    };
    const common: OnnxExportOptions = { mode, spikes, version: packageVersion(), metadata };
    const made =
      network === "perception"
        ? perceptionOnnx(model, common)
        : recallOnnx(spikingModel(model, "--network recall"), { ...common, classMeans, concept: concept ?? "class" });
    return { bytes: made.bytes, lines: linesOf(made), facts: factsOf(made, { network, mode, checkpoint: file }) };
  } finally {
    await team.close();
  }
}

function linesOf({ inputs, outputs, states }: OnnxExport): string[] {
  const next = new Set(Object.values(states));
  const describe = (port: Port) => `  ${port.name}  ${port.element} [${port.dimensions.join(", ")}]  ${port.about}`;
  const state = Object.keys(states).length > 0 ? ["State, an output NAME.next for each input NAME:"] : [];
  return [
    "Inputs (N images at once, any number):",
    ...inputs.filter(({ name }) => !(name in states)).map(describe),
    "Outputs:",
    ...outputs.filter(({ name }) => !next.has(name)).map(describe),
    ...state,
    ...inputs.filter(({ name }) => name in states).map(describe),
  ];
}

function factsOf(
  { inputs, outputs, states }: OnnxExport,
  about: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const ports = (list: readonly Port[]) =>
    list.map(({ name, element, dimensions, about: text }) => ({ name, type: element, shape: dimensions, about: text }));
  return { ...about, inputs: ports(inputs), outputs: ports(outputs), states };
}

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
        "--readout: is perception's, of the concept; recall ends in the reconstructed stimulus",
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
    throw new BispikeError("usage", "a NIR graph needs a spiking pair, but this is a non-spiking net, without spikes");
  if (asked.readout)
    throw new BispikeError("usage", "--readout: an autoencoder has no concept to read out; see --until");
  const team = await createTeam(1);
  try {
    const image = autoencoderFrame(network, data.shape);
    const networks = rule.name === "bsd" ? "both" : "perception";
    const pair = new AutoencoderPair(team, { ...network, image, maxImages: 1, seed: train.seed, networks });
    importSlots(pair.slots(false), tensors);
    return autoencoderToNir(pair, data, asked);
  } finally {
    await team.close();
  }
}

/** Most numbers in one file; more are exported in parts. */
const MOST_VALUES = 2 ** 28;

export function exportNpz(request: ExportRequest): Promise<Exported> {
  const { contents = "weights" } = request.options;
  if (contents === "rates") return exportRates(request);
  const wrong = ["index", "part", "data.name", "data.path"].find((name) => request.options[name] !== undefined);
  if (wrong !== undefined)
    throw new BispikeError("usage", `--${wrong}: weights are of no images; with --contents rates it chooses some`);
  return withSlots(request.run, (slots) => {
    const tensors = plainWeights(slots) as ReadonlyMap<string, NpyArray>;
    return { bytes: encodeNpz(tensors), ...describeTensors(tensors) };
  });
}

/** rates.<stage> [image][height][width][channel] or [image][neuron], labels, decisions, indices. */
async function exportRates({ run, options, threads }: ExportRequest): Promise<Exported> {
  const { model, team, checkpoint, file } = await openModel(run, threads);
  try {
    const { pair } = spikingModel(model, `bispike export --format npz --contents rates of ${file}`);
    const images = await chosenImages(checkpoint, file, options);
    const count = images.places.length;
    const stages = pair.perception.flatMap(({ name, output }) =>
      output ? [{ name: name.slice(name.indexOf(".") + 1), output }] : [],
    );
    const values = stages.reduce((sum, { output }) => sum + count * sizeOf(output.shape), 0);
    if (values > MOST_VALUES) {
      throw new BispikeError(
        "usage",
        `rates of ${count} images are ${values} numbers, more than the ${MOST_VALUES} one file takes; choose fewer with --index, such as 0..${Math.floor((MOST_VALUES * count) / values) - 1}`,
      );
    }
    const rates = stages.map(({ output }) => new Float32Array(count * sizeOf(output.shape)));
    const decisions = new Uint16Array(count);
    const places = Int32Array.from(images.places);
    const { steps } = pair.options;
    for (let from = 0; from < count; from += model.maxImages) {
      const loaded = model.load(images.split, places, from, Math.min(model.maxImages, count - from));
      model.perceive(loaded);
      decisions.set(
        decideImages(model, loaded).map((decision) => decision.class),
        from,
      );
      for (const [k, { output }] of stages.entries()) {
        const { channels } = output.shape;
        for (let b = 0, at = from * sizeOf(output.shape); b < loaded; b++) {
          for (let p = 0; p < pixelsOf(output.shape); p++) {
            for (let c = 0; c < channels; c++, at++) {
              let spikes = 0;
              for (let t = 0; t < steps; t++) if (output.fired(b, t, p, c)) spikes++;
              rates[k]![at] = spikes / steps;
            }
          }
        }
      }
    }
    const arrays = new Map<string, NpyArray>();
    for (const [k, { name, output }] of stages.entries()) {
      const { height, width, channels } = output.shape;
      const shape = pixelsOf(output.shape) === 1 ? [count, channels] : [count, height, width, channels];
      arrays.set(`rates.${name}`, { shape, data: rates[k]! });
    }
    arrays.set("labels", {
      shape: [count],
      data: Uint16Array.from(images.places, (place) => images.split.labels[place]!),
    });
    arrays.set("decisions", { shape: [count], data: decisions });
    arrays.set("indices", { shape: [count], data: Uint32Array.from(images.numbers) });
    const shapes = Object.fromEntries([...arrays].map(([name, { shape }]) => [name, shape]));
    return {
      bytes: encodeNpz(arrays),
      lines: [
        `perception's firing rates for ${count} images of the ${images.part} part, 0 to 1:`,
        ...Object.entries(shapes).map(([name, shape]) => `  ${name} [${shape.join(", ")}]`),
      ],
      facts: { arrays: shapes, part: images.part },
      warnings: images.warnings,
    };
  } finally {
    await team.close();
  }
}

export async function exportSpikes({ run, options, threads }: ExportRequest): Promise<Exported> {
  const { model, team, checkpoint, file } = await openModel(run, threads);
  try {
    const spiking = spikingModel(model, `bispike export --format spikes of ${file}`);
    const images = await chosenImages(checkpoint, file, options, [0]);
    const { dt } = options as { dt?: number };
    const recording = recordSpikes(spiking, images.split, images.places, dt);
    const counts = [...recording.networks].map(([network, trains]) => ({
      network,
      nodes: [...trains].map(([name, { neurons, samples }]) => ({
        name,
        neurons,
        spikes: samples.reduce((sum, sample) => sum + sample.length, 0),
      })),
    }));
    return {
      bytes: await encodeSpikeTrains(recording),
      lines: [
        `spike trains of ${images.numbers.length} images of the ${images.part} part, ${recording.steps} steps of dt = ${recording.dt} s; events at the middle of a step`,
        ...counts.map(
          ({ network, nodes }) =>
            `${network}: ${nodes.map(({ name, neurons, spikes }) => `${name} (${neurons} neurons, ${spikes} spikes)`).join(", ")}`,
        ),
      ],
      facts: {
        steps: recording.steps,
        dt: recording.dt,
        part: images.part,
        images: images.numbers,
        decisions: recording.decisions,
        networks: counts,
      },
      warnings: images.warnings,
    };
  } finally {
    await team.close();
  }
}

export async function exportEvents({ run }: ExportRequest): Promise<Exported> {
  if (!statSync(run, { throwIfNoEntry: false })?.isDirectory())
    throw new BispikeError(
      "usage",
      `${run}: expected a run's folder, whose ${RUN_FILES.metrics} holds what is exported`,
    );
  const lines = readMetrics(join(run, RUN_FILES.metrics));
  const started = Date.parse(String(readJsonObject(join(run, RUN_FILES.environment))?.started)) / 1000;
  const start = Number.isFinite(started) ? started : 0;
  const events = lines.map((line) => scalarsOf(line, start));
  const tags = [...new Set(events.flatMap(({ scalars }) => scalars.map(([tag]) => tag)))];
  return {
    bytes: encodeEvents(events, start),
    lines: [
      `${events.length} moments of ${tags.length} scalars: ${tags.join(", ")}`,
      "show them with: tensorboard --logdir FOLDER",
    ],
    facts: { events: events.length, tags },
    warnings: Number.isFinite(started)
      ? []
      : [`${run}: ${RUN_FILES.environment} does not say when the run began; wall times count from 1970`],
  };
}

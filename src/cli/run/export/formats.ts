/** The formats of `bispike export`. */
import { Option } from "commander";
import type { ExportFormat } from "./format.ts";
import { dataOptions, dtOption, indexOption, networkOption, partOption } from "./options.ts";

/** All steps in one run of the graph, or one step a run with the membranes going in and out. */
const MODES = ["unrolled", "step"] as const;

const onnxFormat: ExportFormat = {
  name: "onnx",
  describe: "a network as an ONNX graph of standard operators, norm folded into the weights",
  options: [
    networkOption,
    new Option(
      "--mode <mode>",
      "onnx: all time steps in one run, or one a run, membranes in and out (default: unrolled)",
    ).choices(MODES),
    new Option(
      "--concept <start>",
      "onnx: what recall starts from, the index of a class or the concept's spikes (default: class)",
    ).choices(["class", "code"]),
    new Option("--spikes", "onnx: also give every stage's spikes"),
  ],
  examples: [
    "runs/mnist-mlp-seed1 --format onnx",
    "runs/mnist-cnn-seed1 --format onnx --network recall --mode step --out recall-step.onnx",
  ],
  file: ({ network = "perception" }) => `${network}.onnx`,
  write: async (request) => {
    const { exportOnnx } = await import("./onnx-model.ts");
    return exportOnnx(request);
  },
};

const nirFormat: ExportFormat = {
  name: "nir",
  describe:
    "a fully connected network as a graph that Norse, snnTorch, Lava and others read, norm folded into the weights",
  options: [
    networkOption,
    dtOption,
    new Option(
      "--comparison <sign>",
      "nir: neurons fire at v >= v_threshold (default), or write thresholds for v >",
    ).choices([">=", ">"]),
    new Option("--readout <kind>", "nir, perception: the concept's spikes (default), membrane, or drive").choices([
      "spikes",
      "membrane",
      "drive",
    ]),
    new Option("--until <end>", "nir, autoencoders: the redrawn image (default), or the latent's spikes").choices([
      "image",
      "latent",
    ]),
  ],
  examples: [
    "runs/mnist-mlp-seed1 --format nir",
    "runs/mnist-mlp-seed1 --format nir --network recall --dt 1e-3 --comparison '>'",
  ],
  file: ({ network = "perception" }) => `${network}.nir`,
  write: async (request) => {
    const { exportNir } = await import("./nir-graph.ts");
    return exportNir(request);
  },
};

const spikesFormat: ExportFormat = {
  name: "spikes",
  describe: "the spikes of every stage of both networks for some images, in NIR's event format (HDF5)",
  options: [indexOption, partOption, ...dataOptions, dtOption],
  examples: ["runs/mnist-mlp-seed1 --format spikes --index 0..9 --out spikes.h5"],
  file: () => "spikes.h5",
  write: async (request) => {
    const { exportSpikes } = await import("./spikes-record.ts");
    return exportSpikes(request);
  },
};

const safetensorsFormat: ExportFormat = {
  name: "safetensors",
  describe: "the weights alone, in PyTorch's layout; bispike train --init starts from such a file",
  options: [],
  examples: ["runs/mnist-mlp-seed1 --format safetensors --out model.safetensors"],
  file: () => "weights.safetensors",
  write: async (request) => {
    const { exportWeights } = await import("./weights-file.ts");
    return exportWeights(request);
  },
};

const npzFormat: ExportFormat = {
  name: "npz",
  describe: "weights, or firing rates of every stage for images with their labels, for NumPy",
  options: [
    new Option(
      "--contents <what>",
      "npz: weights (default), or rates: perception's firing rates, labels and decisions",
    ).choices(["weights", "rates"]),
    indexOption,
    partOption,
    ...dataOptions,
  ],
  examples: [
    "runs/mnist-mlp-seed1 --format npz",
    "runs/mnist-mlp-seed1 --format npz --contents rates --part heldout --out rates.npz",
  ],
  file: ({ contents = "weights" }) => `${contents}.npz`,
  write: async (request) => {
    const { exportNpz } = await import("./npz-arrays.ts");
    return exportNpz(request);
  },
};

const cardFormat: ExportFormat = {
  name: "card",
  describe: "a model card for Hugging Face: README.md of a finished run, from what its files say",
  options: [new Option("--license <id>", "card: licence of the weights, such as mit (default: none is stated)")],
  examples: ["runs/mnist-mlp-seed1 --format card --license mit --out runs/mnist-mlp-seed1/README.md"],
  file: () => "README.md",
  write: async (request) => {
    const { exportCard } = await import("./card-run.ts");
    return exportCard(request);
  },
};

const tensorboardFormat: ExportFormat = {
  name: "tensorboard",
  describe: "the metrics of a finished or running run as an event file of scalars",
  options: [],
  examples: ["runs/mnist-mlp-seed1 --format tensorboard --out board/events.out.tfevents.mnist --force"],
  file: () => "events.out.tfevents.bispike",
  write: async (request) => {
    const { exportEvents } = await import("./tensorboard-events.ts");
    return exportEvents(request);
  },
};

export const FORMATS: readonly ExportFormat[] = [
  onnxFormat,
  nirFormat,
  spikesFormat,
  safetensorsFormat,
  npzFormat,
  tensorboardFormat,
  cardFormat,
];

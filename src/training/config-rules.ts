/** Combinations of settings that are each valid alone and make no sense together. */
import { hasRivals } from "../losses/stage-loss.ts";
import type {
  AutoencoderConfig,
  ConfigOf,
  DataConfig,
  ExperimentConfig,
  SequenceConfig,
  SequenceDataConfig,
} from "./config.ts";
import type { Problem } from "./options.ts";
import { isAnnRule } from "./rule-names.ts";

/** Most rows of the engine's lists: images x steps, or windows x positions x steps. */
const MOST_ROWS = 65_536;

function tooManyRows(batch: number, steps: number): string[] {
  return batch * steps <= MOST_ROWS
    ? []
    : [
        `train.batch x network.steps: expected at most ${MOST_ROWS} rows, got ${batch} x ${steps} = ${batch * steps}; make one of them smaller`,
      ];
}

/** What is wrong with a section `data` of images; one sentence a fault. */
function impossibleData({ name, path }: DataConfig): string[] {
  return name === undefined && path === undefined
    ? ["data: expected a name (a known data set), a path (a folder of files) or both, got neither"]
    : [];
}

/** What is asked of a non-spiking net that it does not have. */
function unfitForAnn({ network, rule, train }: Pick<ExperimentConfig, "network" | "rule" | "train">): string[] {
  const faults: string[] = [];
  const expect = (key: string, expected: string, got: string) => {
    if (got !== expected)
      faults.push(`${key}: expected ${expected} with rule.name ${rule.name} (its net does not spike), got ${got}`);
  };
  expect("network.stimulus", "direct", network.stimulus);
  expect("network.target", "one-hot", network.target);
  expect("rule.top", "cross-entropy", rule.top);
  if (network.norm && network.kind === "mlp" && train.batch === 1)
    faults.push(
      `train.batch: expected at least 2, got 1: with network.norm, units of rule ${rule.name} see how an image differs from the batch's mean; use norm: false`,
    );
  return faults;
}

/** What is asked of rule bsd-ann that only its spiking form has. */
function unfitForAnnBsd({ network, rule }: Pick<ExperimentConfig, "network" | "rule">): string[] {
  const wanted: readonly (readonly [key: string, expected: unknown, got: unknown])[] = [
    ["network.recall", "chain", network.recall],
    ["rule.rivals", "prototypes", rule.rivals],
    ["rule.features", "rate", rule.features],
    ["rule.recallFeatures", "same", rule.recallFeatures],
    ["rule.codes", "recall", rule.codes],
    ["rule.detached", true, rule.detached],
    ["rule.errorDepth", 0, rule.errorDepth],
    ["rule.homeostasis.weight", 0, rule.homeostasis.weight],
    ["rule.pool", 0, rule.pool],
  ];
  return wanted.flatMap(([key, expected, got]) =>
    expected === got ? [] : [`${key}: expected ${expected} with rule.name bsd-ann, got ${got}`],
  );
}

/** Which networks learn, said in two ways that contradict, or of a network that is not there. */
function unfitFreeze({ rule, train }: Pick<ExperimentConfig, "rule" | "train">): string[] {
  const faults: string[] = [];
  const frozen = rule.freeze === "recall" || rule.freeze === "both";
  if (frozen && train.recallLearningRate !== 0 && train.recallLearningRate !== 1)
    faults.push(
      `train.recallLearningRate: expected 0, or 1 as by default, with rule.freeze ${rule.freeze} (recall does not learn at any rate), got ${train.recallLearningRate}`,
    );
  if (rule.name !== "bsd" || rule.codes !== "random") return faults;
  if (frozen)
    faults.push(
      `rule.freeze: expected none or perception with rule.codes random (there is no recall to freeze), got ${rule.freeze}`,
    );
  if (rule.rivals !== "prototypes")
    faults.push(
      `rule.rivals: expected prototypes with rule.codes random (there is one code a class), got ${rule.rivals}`,
    );
  return faults;
}

/** Stages that learn from each other's losses along a way that recall does not have. */
function unfitBroadcast({ network, rule }: Pick<ExperimentConfig, "network" | "rule">): string[] {
  return network.recall === "broadcast" && rule.name === "bsd" && rule.codes === "recall" && !rule.detached
    ? [
        "network.recall: expected chain with rule.detached false (a stage's loss then trains the stages of recall above it too, and in a broadcast none of them leads to it), got broadcast",
      ]
    : [];
}

/** Errors that are to reach stages where nothing carries them, or that reach all of them anyway. */
function unfitErrorDepth({ network, rule }: Pick<ExperimentConfig, "network" | "rule">): string[] {
  if (rule.errorDepth === 0 || rule.name !== "bsd") return [];
  const faults: string[] = [];
  if (!rule.detached)
    faults.push(
      `rule.errorDepth: expected 0 with rule.detached false (errors then reach all stages before theirs), got ${rule.errorDepth}`,
    );
  const fault =
    rule.codes === "random" ? "rule.codes random" : network.recall === "broadcast" ? "network.recall broadcast" : "";
  if (rule.errorWeights === "recall" && fault)
    faults.push(
      `rule.errorWeights: expected learned or transposes with rule.errorDepth ${rule.errorDepth} and ${fault} (recall's synapses carry errors where they run from stage to stage, down a chain), got recall`,
    );
  return faults;
}

/** Cells of a plane that is not there, and energies of no cells or of signed values. */
function unfitPooling({ network, rule }: Pick<ExperimentConfig, "network" | "rule">): string[] {
  const faults: string[] = [];
  if (network.kind !== "cnn" && rule.pool !== 0)
    faults.push(
      `rule.pool: expected 0 with network.kind ${network.kind} (only a cnn has space to pool over), got ${rule.pool}`,
    );
  if (rule.pooling !== "energy") return faults;
  if (rule.pool === 0)
    faults.push(
      "rule.pooling: expected mean with rule.pool 0 (no cells, no energies), got energy; say how many cells a side by rule.pool",
    );
  if (rule.features !== "rate")
    faults.push(
      `rule.features: expected rate with rule.pooling energy (drives and membranes are signed, the root of a mean square is not), got ${rule.features}`,
    );
  return faults;
}

function impossibleImages({ data, network, rule, train }: ExperimentConfig): string[] {
  const faults = impossibleData(data);
  if (network.target === "one-hot" && network.targetSize !== 0)
    faults.push(
      `network.targetSize: expected 0 with network.target one-hot (its width is the number of classes), got ${network.targetSize}; use target: random for a wider code`,
    );
  faults.push(...unfitPooling({ network, rule }));
  faults.push(...tooManyRows(train.batch, network.steps));
  if (rule.name === "r-stdp" && network.target !== "one-hot")
    faults.push(
      `network.target: expected one-hot with rule.name r-stdp (its winner is one neuron a class), got ${network.target}`,
    );
  if (rule.name === "r-stdp" && train.batch === 1)
    faults.push(
      "train.batch: expected at least 2, got 1: rule r-stdp compares an image's reward with the batch's mean",
    );
  if (isAnnRule(rule.name)) faults.push(...unfitForAnn({ network, rule, train }));
  if (rule.name === "bsd-ann") faults.push(...unfitForAnnBsd({ network, rule }));
  const aligns = rule.name === "bsd" || rule.name === "bsd-ann";
  if (aligns)
    faults.push(
      ...unfitFreeze({ rule, train }),
      ...unfitBroadcast({ network, rule }),
      ...unfitErrorDepth({ network, rule }),
    );
  const needsOthers = aligns && (rule.centred || (rule.rivals !== "prototypes" && hasRivals(rule.loss)));
  if (train.batch === 1 && needsOthers)
    faults.push(
      "train.batch: expected at least 2, got 1: rule.centred and rivals of the batch compare a sample with others; use centred: false and rivals: prototypes",
    );
  return faults;
}

const SERIES_KEYS: readonly (keyof SequenceDataConfig)[] = [
  "targets",
  "columns",
  "standardise",
  "fill",
  "missing",
  "delimiter",
  "header",
  "timeColumn",
  "key",
  "feature",
];

function impossibleSequences({ task, data, network, train }: SequenceConfig): string[] {
  const faults: string[] = [];
  const [wanted, other] = task === "next-character" ? (["text", "series"] as const) : (["series", "text"] as const);
  if (data[wanted] === undefined)
    faults.push(
      wanted === "text"
        ? "data.text: expected a known text (alice, hamlet, emma) or a text's path with task next-character, got nothing"
        : `data.series: expected a series' path with task ${task}, got nothing; give one, as in --data.series=ETTh1.csv`,
    );
  const foreign = [
    other,
    ...(task === "next-character" ? SERIES_KEYS : (["newline"] as const)),
    ...(task === "forecast" ? [] : (["horizon"] as const)),
  ];
  for (const key of foreign)
    if (data[key] !== undefined) faults.push(`data.${key}: expected nothing with task ${task}, got a value; remove it`);
  if (data.trainPart === 0)
    faults.push("data.trainPart: expected more than 0, got 0: there would be nothing to train on");
  const { window } = data;
  const { batch } = train;
  const { steps } = network;
  if (window * batch * steps > MOST_ROWS)
    faults.push(
      `data.window x train.batch x network.steps: expected at most ${MOST_ROWS} rows, got ${window} x ${batch} x ${steps} = ${window * batch * steps}; make one of them smaller`,
    );
  if (window * batch === 1)
    faults.push("data.window x train.batch: expected at least 2 positions, got 1: a position is compared with others");
  return faults;
}

/** A cnn halves its sides at every stage; images have at most 65535 pixels a side. */
const MOST_HALVINGS = 16;

function impossibleAutoencoders({ data, network, rule, train }: AutoencoderConfig): string[] {
  const { steps, kind, hidden } = network;
  const faults = [...impossibleData(data), ...tooManyRows(train.batch, steps)];
  if (kind === "cnn" && hidden.length > MOST_HALVINGS)
    faults.push(
      `network.hidden: expected at most ${MOST_HALVINGS} stages with network.kind cnn, each of half the sides, got ${hidden.length}`,
    );
  if (rule.name === "bsd" && rule.reconstruct > 0 && rule.features !== "rate")
    faults.push(
      `rule.reconstruct: expected 0 with rule.features ${rule.features}, got ${rule.reconstruct}: a stage draws what is below it from its firing rates; use rule.features=rate`,
    );
  // The other networks' samples of the batch are the rivals; a mean over one sample leaves nothing of it.
  if (train.batch === 1 && rule.name === "bsd" && (rule.centred || hasRivals(rule.loss)))
    faults.push("train.batch: expected at least 2, got 1: rule bsd compares a sample with the batch's others");
  return faults;
}

/** For each problem, what is impossible: one sentence a fault, which begins "key: expected VALUE with ..." where one value would do. */
export const impossible: { readonly [P in Problem]: (config: ConfigOf[P]) => string[] } = {
  classify: impossibleImages,
  sequence: impossibleSequences,
  autoencode: impossibleAutoencoders,
};

/** Combinations of an image experiment's fields that are each valid alone and make no sense together. */
import type { DataConfig, ExperimentConfig } from "./config.ts";
import { isRealRule } from "./rule-names.ts";

/** What is wrong with a section `data` of images; one sentence a fault. */
export function impossibleData({ name, path }: DataConfig): string[] {
  return name === undefined && path === undefined
    ? ["data: expected a name (a known data set), a path (a folder of files) or both, got neither"]
    : [];
}

/** What is asked of a net of real numbers that it does not have. */
function unfitForReal({ network, rule, train }: Pick<ExperimentConfig, "network" | "rule" | "train">): string[] {
  const faults: string[] = [];
  const expect = (key: string, expected: string, got: string) => {
    if (got !== expected)
      faults.push(
        `${key}: expected ${expected} with rule.name ${rule.name} (its net is of real numbers, not spikes), got ${got}`,
      );
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

/** What is asked of rule real-bsd that only its spiking form has. */
function unfitForRealBsd({ network, rule }: Pick<ExperimentConfig, "network" | "rule">): string[] {
  const wanted: readonly (readonly [key: string, expected: unknown, got: unknown])[] = [
    ["network.recall", "chain", network.recall],
    ["rule.negatives", "prototypes", rule.negatives],
    ["rule.features", "rate", rule.features],
    ["rule.recallFeatures", "same", rule.recallFeatures],
    ["rule.codes", "recall", rule.codes],
    ["rule.detached", true, rule.detached],
    ["rule.reach", 0, rule.reach],
    ["rule.homeostasis.weight", 0, rule.homeostasis.weight],
    ["rule.pool", 0, rule.pool],
  ];
  return wanted.flatMap(([key, expected, got]) =>
    expected === got ? [] : [`${key}: expected ${expected} with rule.name real-bsd, got ${got}`],
  );
}

/** Which networks learn, said in two ways that contradict, or of a network that is not there. */
function unfitFreeze({ rule, train }: Pick<ExperimentConfig, "rule" | "train">): string[] {
  const faults: string[] = [];
  const frozen = rule.freeze === "recall" || rule.freeze === "both";
  if (frozen && train.recallRate !== 0 && train.recallRate !== 1)
    faults.push(
      `train.recallRate: expected 0, or 1 as by default, with rule.freeze ${rule.freeze} (recall does not learn at any rate), got ${train.recallRate}`,
    );
  if (rule.name !== "bsd" || rule.codes !== "random") return faults;
  if (frozen)
    faults.push(
      `rule.freeze: expected none or perception with rule.codes random (there is no recall to freeze), got ${rule.freeze}`,
    );
  if (rule.negatives !== "prototypes")
    faults.push(
      `rule.negatives: expected prototypes with rule.codes random (there is one code a class), got ${rule.negatives}`,
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
function unfitReach({ network, rule }: Pick<ExperimentConfig, "network" | "rule">): string[] {
  if (rule.reach === 0 || rule.name !== "bsd") return [];
  const faults: string[] = [];
  if (!rule.detached)
    faults.push(
      `rule.reach: expected 0 with rule.detached false (errors then reach all stages before theirs), got ${rule.reach}`,
    );
  const fault =
    rule.codes === "random" ? "rule.codes random" : network.recall === "broadcast" ? "network.recall broadcast" : "";
  if (rule.carriers === "recall" && fault)
    faults.push(
      `rule.carriers: expected learned or transposes with rule.reach ${rule.reach} and ${fault} (recall's synapses carry errors where they run from stage to stage, down a chain), got recall`,
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

/** @returns one sentence a fault */
export function impossible({ data, network, rule, train }: ExperimentConfig): string[] {
  const faults = impossibleData(data);
  if (network.target === "one-hot" && network.targetSize !== 0)
    faults.push(
      `network.targetSize: expected 0 with network.target one-hot (its width is the number of classes), got ${network.targetSize}; use target: random for a wider code`,
    );
  faults.push(...unfitPooling({ network, rule }));
  if (train.batch * network.steps > 65536)
    faults.push(
      `train.batch x network.steps: expected at most 65536 rows, got ${train.batch} x ${network.steps} = ${train.batch * network.steps}; make one of them smaller`,
    );
  if (rule.name === "r-stdp" && network.target !== "one-hot")
    faults.push(
      `network.target: expected one-hot with rule.name r-stdp (its winner is one neuron a class), got ${network.target}`,
    );
  if (rule.name === "r-stdp" && train.batch === 1)
    faults.push(
      "train.batch: expected at least 2, got 1: rule r-stdp compares an image's reward with the batch's mean",
    );
  if (isRealRule(rule.name)) faults.push(...unfitForReal({ network, rule, train }));
  if (rule.name === "real-bsd") faults.push(...unfitForRealBsd({ network, rule }));
  const aligns = rule.name === "bsd" || rule.name === "real-bsd";
  if (aligns)
    faults.push(
      ...unfitFreeze({ rule, train }),
      ...unfitBroadcast({ network, rule }),
      ...unfitReach({ network, rule }),
    );
  const needsOthers = aligns && (rule.centred || (rule.negatives !== "prototypes" && rule.loss !== "mse"));
  if (train.batch === 1 && needsOthers)
    faults.push(
      "train.batch: expected at least 2, got 1: rule.centred and batch negatives compare a sample with others; use centred: false and negatives: prototypes",
    );
  return faults;
}

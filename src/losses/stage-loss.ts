/** The alignment loss that a configuration names, for one stage: one of this library, or one that somebody registered. */
import { BispikeError } from "../errors.ts";
import { HOW_TO_LOAD, Registry, refuse } from "../registry.ts";
import { type AlignmentLoss, lossOfCosines } from "./affinity.ts";
import type { PartLoss } from "./align.ts";
import { type AffinityKind, infonce } from "./infonce.ts";

// ReCo, the relaxed contrastive loss (Lin et al., WACV 2023):
//
// L = weight / K * ( sum_k (1 - C_k,k+)^2 + lambda sum_k sum_{rivals j} max(0, C_kj)^2 )
//
// Pairs that are already orthogonal or opposed cost nothing, and the loss is never negative: the error is unsigned.
//
// dL/dC_k,k+ = -2 weight / K (1 - C_k,k+),   dL/dC_kj = 2 weight lambda / K max(0, C_kj)

/** What ReCo is told. */
export interface RecoOptions {
  /** Weight of the rivals. */
  readonly lambda: number;
  /** Weight of the whole. */
  readonly weight: number;
}

/**
 * ReCo (Lin et al. 2023) as a stage loss, of the cosines C of K samples with their own recall, k+, and with the rivals; the sum runs in a kernel:
 *
 *     L = weight / K ( sum_k (1 - C_k,k+)^2 + lambda sum_k sum_{rivals j} max(0, C_kj)^2 )
 *
 * @example
 * reco({ lambda: 4, weight: 1 });
 */
export function reco(options: RecoOptions): AlignmentLoss {
  const { lambda, weight } = options;
  return lossOfCosines((team, rows, shared) => team.run("recoRows", rows, { ...shared, lambda }), weight);
}

// Mean squared difference of a sample's features and its own recall's, no rivals (the ablation that collapses):
//
// L = weight / (K n) sum_k |v_k - w_k+|^2,   dL/dv_k = 2 weight / (K n) (v_k - w_k+),   n features
//
// From the affinities: |v - w|^2 = |v|^2 - 2 v.w + |w|^2.

/** What the mean squared difference is told. */
export interface MseOptions {
  /** Features a row (without padding). */
  readonly features: number;
  /** Weight of the whole. */
  readonly weight: number;
}

/**
 * The mean squared difference of a sample's n features v_k and its own recall's w_k+, over K samples, as a stage loss; rivals play no part:
 *
 *     L = weight / (K n) sum_k |v_k - w_k+|^2
 *
 * @example
 * mse({ features: 256, weight: 1 });
 */
export function mse(options: MseOptions): AlignmentLoss {
  const { features, weight } = options;
  return (_team, { rows, columns, dots, rowSquares, columnSquares }, { positive }, out) => {
    const unit = weight / (rows * features);
    const [mix, rowOwn, columnOwn] = [out.mix.view, out.rowOwn.view, out.columnOwn.view];
    mix.fill(0, 0, rows * columns);
    columnOwn.fill(0, 0, columns);
    let loss = 0;
    for (let k = 0; k < rows; k++) {
      const j = positive.view[k]!;
      const square = rowSquares.view[k]! - 2 * dots.view[k * columns + j]! + columnSquares.view[j]!;
      loss += unit * Math.max(0, square);
      mix[k * columns + j] = -2 * unit;
      rowOwn[k] = 2 * unit;
      columnOwn[j]! += 2 * unit;
    }
    return loss;
  };
}

/** Which loss a stage has; the keys of section `rule` by these names. */
export interface StageLossOptions {
  readonly loss: StageLossName;
  /** ReCo: weight of the rivals. */
  readonly lambda: number;
  /** InfoNCE: temperature of the softmax over affinities. */
  readonly temperature: number;
  /** InfoNCE of hidden stages: by how many nats rivals stand higher than they are. Default 0. */
  readonly margin?: number;
  /** InfoNCE: what rows of hidden stages are told apart by. Default cosines. */
  readonly affinity?: AffinityKind;
}

/** Temperature of stage 1's InfoNCE where the hidden stages' is one of dots. */
const DRAWING_TEMPERATURE = 0.1;

/** What a registered loss is made from, a stage at a time. */
export interface StageLossSettings {
  /** Weight of the whole. */
  readonly weight: number;
  /** Features a row, without padding. */
  readonly features: number;
  /** `rule.lambda`, to use as a loss sees fit; ReCo's weight of the rivals. */
  readonly lambda: number;
  /** `rule.temperature`, to use as a loss sees fit; InfoNCE's. */
  readonly temperature: number;
  /** `rule.margin`, likewise. */
  readonly margin: number;
  /** `rule.affinity`, likewise. */
  readonly affinity: AffinityKind;
}

/** Makes the loss of one stage. */
export type StageLossFactory = (settings: StageLossSettings) => AlignmentLoss;

/** A stage loss of this library, and what is to be known of it. */
interface BuiltInLoss {
  readonly make: StageLossFactory;
  /** Which options it reads, in words. Default none. */
  readonly reads?: (options: Omit<StageLossOptions, "loss">) => string;
  /** Whether its errors have no sign: a square of one difference (criterion C5). Default false. */
  readonly unsigned?: boolean;
  /** Whether it compares a sample with its rivals. Default true. */
  readonly rivals?: boolean;
}

/** Every stage loss of this library: a new one is a line here. */
const builtIn = {
  reco: { make: reco, reads: ({ lambda }) => `lambda ${lambda}`, unsigned: true },
  infonce: {
    make: infonce,
    reads: ({ affinity, temperature, margin = 0 }) =>
      `${affinity === "dots" ? "dot products, " : ""}temperature ${temperature}${margin > 0 ? `, margin ${margin}` : ""}`,
  },
  mse: { make: mse, unsigned: true, rivals: false },
} satisfies Record<string, BuiltInLoss>;

/** Names of the stage losses of this library. */
export const builtInLosses = Object.keys(builtIn) as (keyof typeof builtIn)[];

/** One of this library's, or a registered name. */
export type StageLossName = keyof typeof builtIn | (string & {});

/** @internal */
export const stageLosses: Registry<StageLossFactory> = new Registry("stage loss", builtInLosses);

/** What is known of a loss; nothing of a registered one. */
const known = (loss: StageLossName): BuiltInLoss | undefined =>
  Object.hasOwn(builtIn, loss) ? builtIn[loss as keyof typeof builtIn] : undefined;

/** Whether the errors of a loss have no sign. Of a registered one nobody knows: false. */
export const isUnsigned = (loss: StageLossName): boolean => known(loss)?.unsigned ?? false;

/** Whether a loss compares a sample with its rivals. */
export const hasRivals = (loss: StageLossName): boolean => known(loss)?.rivals ?? true;

/** Such as "infonce (dot products, temperature 0.02, margin 2.5)": a loss with the options that it reads. */
export function describeLoss({
  loss,
  ...options
}: Omit<StageLossOptions, "lambda"> & { readonly lambda: number | string }): string {
  const reads = known(loss)?.reads?.(options as Omit<StageLossOptions, "loss">);
  return reads === undefined ? loss : `${loss} (${reads})`;
}

/**
 * Gives a stage loss a name, which `rule.loss` may then be in any experiment that aligns two networks. `cosineRows` makes losses of cosines from a formula a row.
 *
 * @param name 1 to 60 small letters, digits and '-', beginning with a letter
 * @throws BispikeError "usage" for a name that is taken or is none, or what is no function
 * @example
 * registerStageLoss("pull", ({ weight }) =>
 *   cosineRows(weight, ({ cosines, positive }, slopes) => {
 *     slopes[positive] = -1;
 *     return 1 - cosines[positive]!;
 *   }),
 * );
 * resolveConfig({ data: { name: "mnist" }, rule: { loss: "pull" } });
 */
export function registerStageLoss(name: string, factory: StageLossFactory): void {
  const what = `stage loss ${name}`;
  if (typeof factory !== "function") refuse(what, "a function that makes the loss");
  stageLosses.add(name, (settings) => {
    const made = factory(settings);
    return typeof made === "function" ? made : refuse(what, "a function from its factory");
  });
}

/**
 * @param features numbers a row, without padding
 * @throws BispikeError "config" for a name nobody registered
 */
export function stageLoss(options: StageLossOptions, weight: number, features: number): AlignmentLoss {
  const { loss, lambda, temperature, margin = 0, affinity = "cosines" } = options;
  const factory = known(loss)?.make ?? stageLosses.get(loss);
  if (!factory)
    throw new BispikeError(
      "config",
      `stage loss: expected one of ${stageLosses.names().join(", ")}, got ${loss}; ${HOW_TO_LOAD}`,
    );
  return factory({ weight, features, lambda, temperature, margin, affinity });
}

/**
 * The loss of stage 1, the stimulus and what recall reconstructs of it: as the hidden stages', but without a margin, and of cosines, at a temperature of 0.1 where theirs is of dots. What is drawn under dots is what sets
 * classes apart, not what they look like; and as stage 1's loss reaches recall's last weights alone, perception learns the same by either.
 *
 * @throws BispikeError as `stageLoss`
 */
export function stimulusLoss(options: StageLossOptions, weight: number, features: number): AlignmentLoss {
  const ofDots = options.loss === "infonce" && options.affinity === "dots";
  const drawn = ofDots ? { affinity: "cosines" as const, temperature: DRAWING_TEMPERATURE } : {};
  return stageLoss({ ...options, margin: 0, ...drawn }, weight, features);
}

/** The losses of the parts of a hidden stage (`make` stageLoss) or of stage 1 (stimulusLoss), which weigh `weight` together. A band's lambda takes the place of the options'. */
export function partLoss(options: StageLossOptions, weight: number, make = stageLoss): PartLoss {
  return ({ share, lambda = options.lambda, features }) => make({ ...options, lambda }, share * weight, features);
}

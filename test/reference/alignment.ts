/**
 * The stage loss between perception's features v_k and recall's w_j, float64, with gradients in closed form.
 *
 *   C_kj = cos(v_k, w_j),   own(k) = k (pairs) or label(k) (prototypes),   B = number of samples
 *   ReCo     L = (1/B) [ sum_k (1 - C_k,own)^2 + lambda sum over negatives of max(0, C_kj)^2 ]
 *   InfoNCE  L = (1/B) sum_k -log softmax_j(C_kj / temperature)[own], or of dots v_k . w_j / features in place of C_kj
 *   MSE      L = (1/B) sum_k mean over features of (v_k - w_own)^2
 *
 * Rivals: literal = every j but own; masked = samples of another class only; prototypes = every other class.
 * InfoNCE's softmax runs over own and the rivals.
 * Source: arXiv 2509.20284; ReCo is from Lin et al., WACV 2023. v [B][features], w [B or classes][features].
 */
import { crossEntropy } from "./softmax.ts";

export interface AlignmentOptions {
  readonly loss: "reco" | "infonce" | "mse";
  readonly rivals: "literal" | "masked" | "prototypes";
  /** Subtract the mean row on each side first; the mean is a constant to the gradient. */
  readonly centred: boolean;
  readonly lambda: number;
  readonly temperature: number;
  /** InfoNCE: what rivals' logits are raised by. Default 0. */
  readonly margin?: number;
  readonly classes: number;
  /** InfoNCE: what the softmax is of. Default cosines. */
  readonly affinity?: "cosines" | "dots";
  /**
   * Default false: a silent row has gradient 0, as the method says. True does what PyTorch's `normalize` does, dividing by
   * max(norm, 1e-12): the silent row's gradient is then about 1e12 long. The golden states were made that way.
   */
  readonly clampSilent?: boolean;
}

export interface Means {
  readonly v: Float64Array;
  readonly w: Float64Array;
}

export interface Alignment {
  readonly loss: number;
  /** dL/dv [B][features] and dL/dw [B or classes][features]. */
  readonly gradV: Float64Array;
  readonly gradW: Float64Array;
  /** The mean rows that were subtracted, [features]; zeros when not centred. */
  readonly means: Means;
}

/** A row no longer than this is silent: it has no direction, and its cosines are 0. */
const silent = 1e-12;

function meanRow(x: Float64Array, features: number): Float64Array {
  const rows = x.length / features;
  const mean = new Float64Array(features);
  for (let at = 0; at < x.length; at++) mean[at % features]! += x[at]! / rows;
  return mean;
}

interface Directions {
  readonly unit: Float64Array;
  readonly norms: Float64Array;
}

function directions(x: Float64Array, features: number): Directions {
  const norms = new Float64Array(x.length / features);
  for (let at = 0; at < x.length; at++) norms[Math.floor(at / features)]! += x[at]! ** 2;
  for (let row = 0; row < norms.length; row++) norms[row] = Math.sqrt(norms[row]!);
  const unit = x.map((value, at) => {
    const norm = norms[Math.floor(at / features)]!;
    return norm > silent ? value / norm : 0;
  });
  return { unit, norms };
}

/** dL/dx_k = (I - a_k a_k') p_k / |x_k|, with pull p_k = sum_j dL/dC_kj c_j. */
function throughDirection(
  { unit, norms }: Directions,
  pull: Float64Array,
  features: number,
  clampSilent: boolean,
): Float64Array {
  return pull.map((value, at) => {
    const row = Math.floor(at / features);
    if (norms[row]! <= silent) return clampSilent ? value / silent : 0;
    let along = 0;
    for (let f = row * features; f < (row + 1) * features; f++) along += unit[f]! * pull[f]!;
    return (value - unit[at]! * along) / norms[row]!;
  });
}

/** Says whether column j, not k's own, is a rival of row k. */
type Rivalry = (k: number, j: number) => boolean;

interface CosineLoss {
  readonly loss: number;
  /** dL/dC, [B][columns] */
  readonly gradient: Float64Array;
}

/** ReCo of C [B][columns], own column of each row [B]. */
function reco(cosines: Float64Array, own: readonly number[], isRival: Rivalry, lambda: number): CosineLoss {
  const columns = cosines.length / own.length;
  const gradient = new Float64Array(cosines.length);
  let loss = 0;
  for (let k = 0; k < own.length; k++) {
    for (let j = 0; j < columns; j++) {
      const c = cosines[k * columns + j]!;
      if (j === own[k]) {
        loss += (1 - c) ** 2 / own.length;
        gradient[k * columns + j] = (-2 * (1 - c)) / own.length;
      } else if (isRival(k, j)) {
        loss += (lambda * Math.max(0, c) ** 2) / own.length;
        gradient[k * columns + j] = (2 * lambda * Math.max(0, c)) / own.length;
      }
    }
  }
  return { loss, gradient };
}

/** InfoNCE of C [B][columns]; a column that is neither own nor a rival gets the logit -infinity. */
function infonce(
  cosines: Float64Array,
  own: readonly number[],
  isRival: Rivalry,
  { temperature, margin = 0 }: AlignmentOptions,
): CosineLoss {
  const columns = cosines.length / own.length;
  const logits = cosines.map((c, at) => {
    const [k, j] = [Math.floor(at / columns), at % columns];
    if (j === own[k]) return c / temperature;
    return isRival(k, j) ? c / temperature + margin : Number.NEGATIVE_INFINITY;
  });
  const { loss, gradient } = crossEntropy(logits, own.length, columns, own);
  return { loss, gradient: gradient.map((g) => g / temperature) };
}

function mse(v: Float64Array, w: Float64Array, own: readonly number[], features: number): Omit<Alignment, "means"> {
  const gradV = new Float64Array(v.length);
  const gradW = new Float64Array(w.length);
  const share = 1 / (features * own.length);
  let loss = 0;
  for (let at = 0; at < v.length; at++) {
    const partner = own[Math.floor(at / features)]! * features + (at % features);
    const gap = v[at]! - w[partner]!;
    loss += share * gap ** 2;
    gradV[at] = 2 * share * gap;
    gradW[partner]! -= 2 * share * gap;
  }
  return { loss, gradV, gradW };
}

/** InfoNCE of v_k . w_j / features; nothing is projected, and a silent row is a row like any other. */
function productLoss(
  v: Float64Array,
  w: Float64Array,
  own: readonly number[],
  isRival: Rivalry,
  features: number,
  options: AlignmentOptions,
): Omit<Alignment, "means"> {
  const columns = w.length / features;
  const products = new Float64Array(own.length * columns);
  for (let k = 0; k < own.length; k++)
    for (let j = 0; j < columns; j++)
      for (let f = 0; f < features; f++)
        products[k * columns + j]! += (v[k * features + f]! * w[j * features + f]!) / features;
  const { loss, gradient } = infonce(products, own, isRival, options);
  const gradV = new Float64Array(v.length);
  const gradW = new Float64Array(w.length);
  for (let k = 0; k < own.length; k++)
    for (let j = 0; j < columns; j++)
      for (let f = 0; f < features; f++) {
        const g = gradient[k * columns + j]! / features;
        gradV[k * features + f]! += g * w[j * features + f]!;
        gradW[j * features + f]! += g * v[k * features + f]!;
      }
  return { loss, gradV, gradW };
}

function contrastiveLoss(
  v: Float64Array,
  w: Float64Array,
  own: readonly number[],
  labels: ArrayLike<number>,
  features: number,
  options: AlignmentOptions,
): Omit<Alignment, "means"> {
  // Only a masked loss leaves columns out: for prototypes each class has one column, and that is the sample's own.
  const isRival = (k: number, j: number): boolean => options.rivals !== "masked" || labels[k] !== labels[j];
  if (options.loss === "infonce" && options.affinity === "dots")
    return productLoss(v, w, own, isRival, features, options);
  const columns = w.length / features;
  const a = directions(v, features);
  const c = directions(w, features);
  const cosines = new Float64Array(own.length * columns);
  for (let k = 0; k < own.length; k++)
    for (let j = 0; j < columns; j++)
      for (let f = 0; f < features; f++)
        cosines[k * columns + j]! += a.unit[k * features + f]! * c.unit[j * features + f]!;

  const { loss, gradient } =
    options.loss === "reco" ? reco(cosines, own, isRival, options.lambda) : infonce(cosines, own, isRival, options);

  const pullV = new Float64Array(v.length);
  const pullW = new Float64Array(w.length);
  for (let k = 0; k < own.length; k++)
    for (let j = 0; j < columns; j++)
      for (let f = 0; f < features; f++) {
        const g = gradient[k * columns + j]!;
        pullV[k * features + f]! += g * c.unit[j * features + f]!;
        pullW[j * features + f]! += g * a.unit[k * features + f]!;
      }
  const clamp = options.clampSilent ?? false;
  return {
    loss,
    gradV: throughDirection(a, pullV, features, clamp),
    gradW: throughDirection(c, pullW, features, clamp),
  };
}

/**
 * Loss and gradients of one stage.
 *
 * @param v perception's features, [B][features]
 * @param w recall's features: [B][features], or [classes][features] in label order for prototypes
 * @param labels class of each sample, [B]
 * @param heldMeans means to subtract instead of the rows' own, so that a finite difference sees them as constants
 */
export function align(
  v: Float64Array,
  w: Float64Array,
  labels: ArrayLike<number>,
  options: AlignmentOptions,
  heldMeans?: Means,
): Alignment {
  const features = v.length / labels.length;
  const zeros = new Float64Array(features);
  const measured = options.centred ? { v: meanRow(v, features), w: meanRow(w, features) } : { v: zeros, w: zeros };
  const means = heldMeans ?? measured;
  const cv = v.map((value, at) => value - means.v[at % features]!);
  const cw = w.map((value, at) => value - means.w[at % features]!);
  const own = Array.from(labels, (label, k) => (options.rivals === "prototypes" ? label : k));
  const result =
    options.loss === "mse" ? mse(cv, cw, own, features) : contrastiveLoss(cv, cw, own, labels, features, options);
  return { ...result, means };
}

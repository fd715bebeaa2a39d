/**
 * Losses of cosines (InfoNCE also of mean products), row by row: values and gradients as src/losses/ states them (`infonce.ts`; `affinity.ts` for what the coefficients
 * mean). Items are rows k, which need nothing of each other; `columnOwn` then adds up over the rows, in their order. All in float64, the
 * coefficients in float32.
 *
 * A row's dots are used up: g C, which the columns' sums need, takes their place. Scratch a thread: three rows of columns + 1 float64.
 */
import { exponentials, logarithm } from "./softmax";

/**
 * Squared length up to which a row is silent: it has no direction. Rows that are all alike leave about 1e-14 when their mean is taken away, the rounding of float32, and
 * a cosine of that would have a gradient of 1e7; a single spike more than the others leaves 1e-6 and up.
 */
const SILENT: f64 = 1e-12;

/** Two float64 of a row; zero for the second where the row ends. */
@inline
function two(at: usize, both: bool): v128 { return both ? v128.load(at) : v128.load64_zero(at); }

/** C_kj = D_kj / (|v_k| |w_j|) and 1 / (|v_k| |w_j|), 0 where a row is silent. */
function cosines(columns: i32, dots: usize, squares: f64, columnSquares: usize, cosine: usize, scale: usize): void {
  const vv = f64x2.splat(squares), one = f64x2.splat(1), least = f64x2.splat(squares > SILENT ? SILENT : Infinity);
  for (let j = 0; j < columns; j += 2) {
    const at = <usize>j << 3, both = j + 1 < columns;
    const ww = two(columnSquares + at, both);
    const s = v128.and(f64x2.div(one, f64x2.sqrt(f64x2.mul(vv, ww))), f64x2.gt(ww, least));
    v128.store(scale + at, s);
    v128.store(cosine + at, f64x2.mul(two(dots + at, both), s));
  }
}

/** m_kj = D_kj / n in place of the cosines, and 1 / n in place of their scale. */
function meanProducts(columns: i32, dots: usize, features: f64, product: usize, scale: usize): void {
  for (let j = 0; j < columns; j++) {
    const at = <usize>j << 3;
    store<f64>(product + at, load<f64>(dots + at) / features);
    store<f64>(scale + at, 1 / features);
  }
}

/** Coefficients of a row from the slopes dl/dC_kj: g = unit * slope, mix = g / (|v_k| |w_j|), rowOwn = -sum_j g C_kj / |v_k|^2. */
function coefficients(
  columns: i32, unit: f64, squares: f64, slope: usize, cosine: usize, scale: usize, dots: usize, mix: usize, rowOwn: usize,
): void {
  let sum: f64 = 0;
  for (let j = 0; j < columns; j++) {
    const at = <usize>j << 3, g = unit * load<f64>(slope + at), along = g * load<f64>(cosine + at);
    sum += along;
    store<f64>(dots + at, along);
    store<f32>(mix + (<usize>j << 2), <f32>(g * load<f64>(scale + at)));
  }
  store<f32>(rowOwn, squares > SILENT ? <f32>(-sum / squares) : 0);
}

/**
 * InfoNCE of each row: losses[k] without the unit. `positive` (i32) is a row's own column; `negative` (u8) is 1 where a column is a rival. Of cosines where `features` is 0, else of
 * mean products over so many features, whose rows have no terms of their own: rowOwn is 0, and what is left for the columns' is void. Rivals stand `margin` nats higher than they are.
 */
export function infonceRows(
  begin: i32, end: i32, thread: i32,
  columns: i32, features: f64, temperature: f64, margin: f64, unit: f64, dots: usize, rowSquares: usize, columnSquares: usize, positive: usize, negative: usize,
  losses: usize, mix: usize, rowOwn: usize, scratch: usize, scratchStride: i32,
): void {
  const cosine = scratch + <usize>thread * scratchStride, scale = cosine + (<usize>(columns + 1) << 3), slope = scale + (<usize>(columns + 1) << 3);
  const lift = margin * temperature;
  for (let k = begin; k < end; k++) {
    const row = dots + (<usize>k * columns << 3), rivals = negative + <usize>k * columns, squares = features > 0 ? 0 : load<f64>(rowSquares + (<usize>k << 3));
    if (features > 0) meanProducts(columns, row, features, cosine, scale);
    else cosines(columns, row, squares, columnSquares, cosine, scale);
    const own = load<i32>(positive + (<usize>k << 2)), ownCosine = load<f64>(cosine + (<usize>own << 3));
    let top = ownCosine;
    for (let j = 0; j < columns; j++) {
      const c = j == own ? ownCosine : load<u8>(rivals + j) == 1 ? load<f64>(cosine + (<usize>j << 3)) + lift : -Infinity;
      store<f64>(slope + (<usize>j << 3), c);
      top = c > top ? c : top;
    }
    exponentials(columns, top, temperature, slope);
    let sum: f64 = 0;
    for (let j = 0; j < columns; j++) sum += load<f64>(slope + (<usize>j << 3));
    const share = 1 / (temperature * sum);
    for (let j = 0; j < columns; j++) store<f64>(slope + (<usize>j << 3), load<f64>(slope + (<usize>j << 3)) * share);
    store<f64>(slope + (<usize>own << 3), load<f64>(slope + (<usize>own << 3)) - 1 / temperature);
    store<f64>(losses + (<usize>k << 3), logarithm(sum) - (ownCosine - top) / temperature);
    coefficients(columns, unit, squares, slope, cosine, scale, row, mix + (<usize>k * columns << 2), rowOwn + (<usize>k << 2));
  }
}

/** ReCo of each row, arguments as `infonceRows`. */
export function recoRows(
  begin: i32, end: i32, thread: i32,
  columns: i32, lambda: f64, unit: f64, dots: usize, rowSquares: usize, columnSquares: usize, positive: usize, negative: usize,
  losses: usize, mix: usize, rowOwn: usize, scratch: usize, scratchStride: i32,
): void {
  const cosine = scratch + <usize>thread * scratchStride, scale = cosine + (<usize>(columns + 1) << 3), slope = scale + (<usize>(columns + 1) << 3);
  for (let k = begin; k < end; k++) {
    const row = dots + (<usize>k * columns << 3), rivals = negative + <usize>k * columns, squares = load<f64>(rowSquares + (<usize>k << 3));
    cosines(columns, row, squares, columnSquares, cosine, scale);
    const own = load<i32>(positive + (<usize>k << 2));
    let loss: f64 = 0;
    for (let j = 0; j < columns; j++) {
      const c = load<f64>(cosine + (<usize>j << 3));
      let by: f64 = 0;
      if (j == own) {
        loss += (1 - c) * (1 - c);
        by = -2 * (1 - c);
      } else if (load<u8>(rivals + j) == 1 && c > 0) {
        loss += lambda * c * c;
        by = 2 * lambda * c;
      }
      store<f64>(slope + (<usize>j << 3), by);
    }
    store<f64>(losses + (<usize>k << 3), loss);
    coefficients(columns, unit, squares, slope, cosine, scale, row, mix + (<usize>k * columns << 2), rowOwn + (<usize>k << 2));
  }
}

/** columnOwn_j = -sum_k g C_kj / |w_j|^2, from what the rows left in `dots`; items are columns. */
export function columnOwn(begin: i32, end: i32, _thread: i32, rows: i32, columns: i32, dots: usize, columnSquares: usize, out: usize): void {
  for (let j = begin; j < end; j++) {
    let sum: f64 = 0;
    for (let k = 0, p = dots + (<usize>j << 3); k < rows; k++, p += <usize>columns << 3) sum += load<f64>(p);
    const squares = load<f64>(columnSquares + (<usize>j << 3));
    store<f32>(out + (<usize>j << 2), squares > SILENT ? <f32>(-sum / squares) : 0);
  }
}

/**
 * Batch normalisation of a recurrent population's drive. Training takes each position's statistics over its rows and steps (a position's drive is needed before the next one's
 * exists); evaluation takes running ones, which all positions share:
 *
 *   X = gamma (z - m) / sqrt(v + eps) + beta
 *
 * Training by running statistics, held constant, is there for streams of one row, whose own statistics say nothing. For whole windows it learns far worse: backprop through time of the
 * same net stayed at 29 % of the next characters where batch statistics gave 44 (RESULTS.md).
 */
import type { Address, Region } from "../../engine/memory.ts";
import type { Team } from "../../engine/team.ts";
import { NORM_EPSILON, NORM_MOMENTUM } from "../norm.ts";
import type { ParameterGroup } from "../parameters.ts";

/** Where statistics come from: each position's batch, or running ones. */
export type Statistics = "batch" | "running";

export class SequenceNorm {
  readonly enabled: boolean;
  readonly runningMean: Region<Float32Array>;
  readonly runningVariance: Region<Float32Array>;
  readonly #scale: Region<Float32Array>;
  readonly #shift: Region<Float32Array>;
  readonly #mean: Region<Float32Array>;
  readonly #inverse: Region<Float32Array>;
  readonly #moments: Region<Float32Array>;
  readonly #sums: Region<Float32Array>;
  readonly #coefficients: Region<Float32Array>;
  readonly #team: Team;
  readonly #tiles: number;
  #statistics: Statistics = "running";

  constructor(team: Team, enabled: boolean, tiles: number, maxPositions: number) {
    const { arena } = team;
    const neurons = tiles * 16;
    this.enabled = enabled;
    this.#team = team;
    this.#tiles = tiles;
    this.runningMean = arena.f32(neurons);
    this.runningVariance = arena.f32(neurons);
    const own = enabled ? maxPositions : 1;
    this.#scale = arena.f32(own * neurons);
    this.#shift = arena.f32(own * neurons);
    this.#mean = arena.f32(own * neurons);
    this.#inverse = arena.f32(own * neurons);
    this.#moments = arena.f32(maxPositions * tiles * 32);
    this.#sums = arena.f32(maxPositions * tiles * 32);
    this.#coefficients = arena.f32(own * 3 * neurons);
    this.runningVariance.view.fill(1);
    this.#scale.view.fill(1);
    this.#inverse.view.fill(1);
  }

  /** Begins a window. */
  begin(group: ParameterGroup, statistics: Statistics): void {
    this.#statistics = statistics;
    if (!this.enabled || statistics === "batch") return;
    const gamma = group.view("gamma");
    const beta = group.view("beta");
    for (let i = 0; i < gamma.length; i++) {
      const inverse = 1 / Math.sqrt(this.runningVariance.view[i]! + NORM_EPSILON);
      const mean = this.runningMean.view[i]!;
      this.#mean.view[i] = mean;
      this.#inverse.view[i] = inverse;
      this.#scale.view[i] = gamma[i]! * inverse;
      this.#shift.view[i] = beta[i]! - mean * gamma[i]! * inverse;
    }
  }

  /** Whether the running statistics are of anything: they begin as mean 0 and variance 1. */
  get observed(): boolean {
    return (
      this.runningMean.view.some((mean) => mean !== 0) || this.runningVariance.view.some((variance) => variance !== 1)
    );
  }

  /** Whether positions have statistics of their own. */
  get ownStatistics(): boolean {
    return this.enabled && this.#statistics === "batch";
  }

  #of(region: Region<Float32Array>, position: number): Address {
    return region.at + (this.ownStatistics ? position * this.#tiles * 64 : 0);
  }

  scaleAt(position: number): Address {
    return this.#of(this.#scale, position);
  }

  shiftAt(position: number): Address {
    return this.#of(this.#shift, position);
  }

  meanAt(position: number): Address {
    return this.#of(this.#mean, position);
  }

  inverseAt(position: number): Address {
    return this.#of(this.#inverse, position);
  }

  /** Where the moments of position 0 go, [position][tile][2][16]. */
  get momentsAt(): Address {
    return this.#moments.at;
  }

  /** Where `neuronBackward` leaves a position's sums of dX and dX x^. */
  sumsAt(position: number): Address {
    return this.#sums.at + position * this.#tiles * 128;
  }

  /** Scale and shift of a position, from its moments of `rows` rows. */
  prepare(group: ParameterGroup, position: number, rows: number): void {
    if (!this.ownStatistics) return;
    this.#team.run("normStatistics", this.#tiles, {
      chunks: 1,
      rows,
      count: rows,
      // The running statistics stay as they are: `observe` moves them by the whole window.
      momentum: 0,
      eps: NORM_EPSILON,
      moments: this.#moments.at + position * this.#tiles * 128,
      gamma: group.at("gamma"),
      beta: group.at("beta"),
      runningMean: this.runningMean.at,
      runningVariance: this.runningVariance.at,
      mean: this.meanAt(position),
      inverse: this.inverseAt(position),
      scale: this.scaleAt(position),
      shift: this.shiftAt(position),
    });
  }

  /**
   * Moves the running statistics towards those of a window of `rows` rows a position, from the positions' moments.
   *
   * @param seen windows observed before: the first are averaged evenly, so that the start (mean 0, variance 1) is forgotten at once; Infinity for many
   */
  observe(positions: number, rows: number, seen: number): void {
    if (!this.enabled) return;
    const momentum = Math.max(NORM_MOMENTUM, 1 / (seen + 1));
    this.#team.run("normRunning", this.#tiles, {
      chunks: positions,
      tiles: this.#tiles,
      rows,
      momentum,
      moments: this.#moments.at,
      runningMean: this.runningMean.at,
      runningVariance: this.runningVariance.at,
    });
  }

  /** Gradients of gamma and beta from the positions' sums, and the coefficients that end dz. */
  #coefficientsOf(group: ParameterGroup, first: number, parts: number, rows: number): void {
    const own = this.ownStatistics;
    this.#team.run("positionNormGradient", this.#tiles, {
      positions: parts,
      rows,
      tiles: this.#tiles,
      constant: own ? 0 : 1,
      sums: this.sumsAt(first),
      gamma: group.at("gamma"),
      mean: this.meanAt(first),
      inverse: this.inverseAt(first),
      dGamma: group.gradientAt("gamma"),
      dBeta: group.gradientAt("beta"),
      coefficients: this.#coefficientsAt(first),
    });
  }

  #coefficientsAt(position: number): Address {
    return this.#coefficients.at + (this.ownStatistics ? 3 * position * this.#tiles * 64 : 0);
  }

  /** Gradients of gamma and beta, and g made dL/dz, for the whole window. */
  gradient(group: ParameterGroup, positions: number, rows: number, z: Address, g: Address): void {
    if (!this.enabled) return;
    // Running statistics are the same at all positions: the window is one long position.
    const parts = this.ownStatistics ? positions : 1;
    const partRows = (positions * rows) / parts;
    this.#coefficientsOf(group, 0, parts, partRows);
    this.#team.run("finishPositions", parts * this.#tiles, {
      positions: parts,
      rows: partRows,
      tiles: this.#tiles,
      coefficients: this.#coefficients.at,
      g,
      z,
    });
  }

  /** g of one position made dL/dz, where the positions are gone through one by one; `gammaGradient` ends the window. */
  finishPosition(
    group: ParameterGroup,
    position: number,
    positions: number,
    rows: number,
    z: Address,
    g: Address,
  ): void {
    if (!this.enabled) return;
    this.#coefficientsOf(group, position, 1, rows);
    this.#team.runRange("finishPositions", position * this.#tiles, (position + 1) * this.#tiles, {
      positions,
      rows,
      tiles: this.#tiles,
      coefficients: this.#coefficients.at,
      g,
      z,
    });
  }

  /** Gradients of gamma and beta alone, once every position is finished. */
  gammaGradient(group: ParameterGroup, positions: number, rows: number): void {
    if (this.enabled) this.#coefficientsOf(group, 0, positions, rows);
  }
}

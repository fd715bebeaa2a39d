/**
 * Batch normalisation of the drive (Ioffe and Szegedy 2015), per channel:
 *
 *   X = gamma (z - mean) / sqrt(var + eps) + beta
 *
 * There are two strategies of one layer. `Norm` takes mean and variance over a batch's images x steps x pixels, `PositionNorm` over each position of a window of a sequence, as a position's
 * drive is needed before the next one's exists. Both evaluate by running statistics.
 *
 * Without it spiking stages starve: measured rates were 0.00 in the upper stages of an MLP, against 0.06-0.20 with it.
 * Switched off, X = z.
 */
import type { Address, Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import type { ParameterGroup } from "./parameters.ts";

export const NORM_EPSILON = 1e-5;
/** Weight of the newest batch in the running statistics. */
export const NORM_MOMENTUM = 0.1;

/** Where a window's statistics come from: each position's batch, or running ones. */
export type Statistics = "batch" | "running";

export class Norm {
  readonly enabled: boolean;
  readonly runningMean: Region<Float32Array>;
  readonly runningVariance: Region<Float32Array>;
  /** X = z * scale + shift of the newest pass. */
  readonly scale: Region<Float32Array>;
  readonly shift: Region<Float32Array>;
  readonly mean: Region<Float32Array>;
  readonly inverse: Region<Float32Array>;
  /** Chunk moments of z, and chunk sums of dX and dX x^. */
  readonly moments: Region<Float32Array>;
  readonly sums: Region<Float32Array>;
  protected readonly coefficients: Region<Float32Array>;
  protected readonly team: Team;
  protected readonly tiles: number;

  /** @param positions with statistics of their own; a batch is one */
  constructor(team: Team, enabled: boolean, tiles: number, maxChunks: number, positions = 1) {
    this.team = team;
    this.tiles = tiles;
    this.enabled = enabled;
    const neurons = tiles * 16;
    const own = enabled ? positions * neurons : neurons;
    this.runningMean = team.arena.f32(neurons);
    this.runningVariance = team.arena.f32(neurons);
    this.scale = team.arena.f32(own);
    this.shift = team.arena.f32(own);
    this.mean = team.arena.f32(own);
    this.inverse = team.arena.f32(own);
    this.moments = team.arena.f32(enabled ? tiles * maxChunks * 32 : 0);
    this.sums = team.arena.f32(tiles * maxChunks * 32);
    this.coefficients = team.arena.f32(enabled ? 3 * own : 0);
    this.runningVariance.view.fill(1);
    this.scale.view.fill(1);
    this.inverse.view.fill(1);
  }

  /** Where the synapses leave chunk moments; 0 where they need not. */
  momentsAt(train: boolean): Address {
    return this.enabled && train ? this.moments.at : 0;
  }

  /**
   * Sets scale and shift: from the batch's moments (`chunks` of `rows` rows each) in training, else from the running statistics. With `momentum` 0 training leaves the
   * running statistics as they are.
   */
  prepare(
    group: ParameterGroup,
    train: boolean,
    chunks: number,
    rows: number,
    count: number,
    momentum: number = NORM_MOMENTUM,
  ): void {
    if (!this.enabled) return;
    if (train) {
      this.team.run("normStatistics", this.tiles, {
        chunks,
        rows,
        count,
        momentum,
        eps: NORM_EPSILON,
        moments: this.moments.at,
        gamma: group.at("gamma"),
        beta: group.at("beta"),
        runningMean: this.runningMean.at,
        runningVariance: this.runningVariance.at,
        mean: this.mean.at,
        inverse: this.inverse.at,
        scale: this.scale.at,
        shift: this.shift.at,
      });
      return;
    }
    this.evaluate(group);
  }

  /** Sets scale and shift from the running statistics. */
  protected evaluate(group: ParameterGroup): void {
    const gamma = group.view("gamma");
    const beta = group.view("beta");
    for (let i = 0; i < gamma.length; i++) {
      const scale = gamma[i]! / Math.sqrt(this.runningVariance.view[i]! + NORM_EPSILON);
      this.scale.view[i] = scale;
      this.shift.view[i] = beta[i]! - this.runningMean.view[i]! * scale;
    }
  }

  /** Parts of a pass with statistics of their own; below, where theirs are. */
  parts(_positions: number): number {
    return 1;
  }

  protected offset(_part: number): number {
    return 0;
  }

  scaleAt(part: number): Address {
    return this.scale.at + this.offset(part);
  }

  shiftAt(part: number): Address {
    return this.shift.at + this.offset(part);
  }

  meanAt(part: number): Address {
    return this.mean.at + this.offset(part);
  }

  inverseAt(part: number): Address {
    return this.inverse.at + this.offset(part);
  }

  /** Where `neuronBackward` leaves a part's sums of dX and dX x^. */
  sumsAt(part: number): Address {
    return this.sums.at + part * this.tiles * 128;
  }

  /** Whether the running statistics are of anything: they begin as mean 0 and variance 1. */
  get observed(): boolean {
    return (
      this.runningMean.view.some((mean) => mean !== 0) || this.runningVariance.view.some((variance) => variance !== 1)
    );
  }

  /** Gradients of gamma and beta from the chunk sums; returns the coefficients that end dz, 0 where there is no norm. */
  gradient(group: ParameterGroup, chunks: number, count: number): Address {
    if (!this.enabled) return 0;
    this.team.run("normGradient", this.tiles, {
      chunks,
      tiles: this.tiles,
      count,
      sums: this.sums.at,
      gamma: group.at("gamma"),
      mean: this.mean.at,
      inverse: this.inverse.at,
      dGamma: group.gradientAt("gamma"),
      dBeta: group.gradientAt("beta"),
      coefficients: this.coefficients.at,
    });
    return this.coefficients.at;
  }
}

/**
 * Statistics of each position of a window over its rows and steps, in training; all positions share the running ones. Moments: [position][tile][2][16].
 *
 * Training by running statistics, held constant, is there for streams of one row, whose own statistics say nothing. For whole windows it learns far worse: backprop through time of the
 * same net stayed at 29 % of the next characters where batch statistics gave 44 (RESULTS.md).
 */
export class PositionNorm extends Norm {
  #statistics: Statistics = "running";

  constructor(team: Team, enabled: boolean, tiles: number, maxPositions: number) {
    super(team, enabled, tiles, maxPositions, maxPositions);
  }

  /** Begins a window. */
  begin(group: ParameterGroup, statistics: Statistics): void {
    this.#statistics = statistics;
    if (!this.enabled || statistics === "batch") return;
    this.evaluate(group);
    // A window may be learned from by running statistics, too.
    this.mean.view.set(this.runningMean.view);
    for (let i = 0; i < this.runningVariance.view.length; i++)
      this.inverse.view[i] = 1 / Math.sqrt(this.runningVariance.view[i]! + NORM_EPSILON);
  }

  /** Whether positions have statistics of their own. */
  get ownStatistics(): boolean {
    return this.enabled && this.#statistics === "batch";
  }

  /** The window's positions, or the window as one long position where statistics are running ones. */
  override parts(positions: number): number {
    return this.ownStatistics ? positions : 1;
  }

  protected override offset(part: number): number {
    return this.ownStatistics ? part * this.tiles * 64 : 0;
  }

  /** Scale and shift of a position, from its moments of `rows` rows. */
  preparePosition(group: ParameterGroup, position: number, rows: number): void {
    if (!this.ownStatistics) return;
    this.team.run("normStatistics", this.tiles, {
      chunks: 1,
      rows,
      count: rows,
      // The running statistics stay as they are: `observe` moves them by the whole window.
      momentum: 0,
      eps: NORM_EPSILON,
      moments: this.moments.at + position * this.tiles * 128,
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
    this.team.run("normRunning", this.tiles, {
      chunks: positions,
      tiles: this.tiles,
      rows,
      momentum,
      moments: this.moments.at,
      runningMean: this.runningMean.at,
      runningVariance: this.runningVariance.at,
    });
  }

  /** Gradients of gamma and beta from the positions' sums, and the coefficients that end dz. */
  #coefficientsOf(group: ParameterGroup, first: number, parts: number, rows: number): void {
    const own = this.ownStatistics;
    this.team.run("positionNormGradient", this.tiles, {
      positions: parts,
      rows,
      tiles: this.tiles,
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
    return this.coefficients.at + (this.ownStatistics ? 3 * position * this.tiles * 64 : 0);
  }

  /** Gradients of gamma and beta, and g made dL/dz, for the whole window. */
  finish(group: ParameterGroup, positions: number, rows: number, z: Address, g: Address): void {
    if (!this.enabled) return;
    const parts = this.parts(positions);
    const partRows = (positions * rows) / parts;
    this.#coefficientsOf(group, 0, parts, partRows);
    this.team.run("finishPositions", parts * this.tiles, {
      positions: parts,
      rows: partRows,
      tiles: this.tiles,
      coefficients: this.coefficients.at,
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
    this.team.runRange("finishPositions", position * this.tiles, (position + 1) * this.tiles, {
      positions,
      rows,
      tiles: this.tiles,
      coefficients: this.coefficients.at,
      g,
      z,
    });
  }

  /** Gradients of gamma and beta alone, once every position is finished. */
  gammaGradient(group: ParameterGroup, positions: number, rows: number): void {
    if (this.enabled) this.#coefficientsOf(group, 0, positions, rows);
  }
}

/** What the layers of both networks of a pair are built by: which stages are at hand, and each one's shape, neurons and readers. */
import { type TargetCode, targetCode } from "../coding/target.ts";
import type { Team } from "../engine/team.ts";
import { neuronDefaults } from "./neuron.ts";
import type { PairOptions } from "./pair-options.ts";
import { flat, type Shape, sizeOf } from "./shape.ts";
import { checkRange, type StageRange } from "./stage-range.ts";

/** The frame images are put in: a cnn halves its sides at every stage, so they are padded to a multiple of that. */
export function paddedShape(kind: "mlp" | "cnn", stages: number, image: Shape): Shape {
  if (kind === "mlp") return image;
  const unit = 2 ** stages;
  const up = (side: number) => Math.ceil(side / unit) * unit;
  return { height: up(image.height), width: up(image.width), channels: image.channels };
}

/** Stages are numbered from 1, the stimulus. */
export class StagePlan {
  readonly team: Team;
  readonly options: PairOptions;
  readonly target: TargetCode;
  /** Number of stages, stimulus and concept included. */
  readonly stages: number;
  /** The stages at hand. */
  readonly range: StageRange;

  /** Throws a `usage` error for a part of a pair that cannot be. */
  constructor(team: Team, options: PairOptions) {
    const { target, classes, targetSize, seed, hidden, part, stimulus } = options;
    this.team = team;
    this.options = options;
    this.target = targetCode(target, classes, targetSize, seed);
    this.stages = hidden.length + 2;
    this.range = checkRange(part ?? { first: 1, last: this.stages }, this.stages, stimulus === "direct");
  }

  /** Whether a stage is at hand. */
  holds(stage: number): boolean {
    return this.range.first <= stage && stage <= this.range.last;
  }

  /** Hidden stages at hand. */
  get hidden(): number[] {
    return this.options.hidden.map((_, k) => k + 2).filter((stage) => this.holds(stage));
  }

  /** Shape of the stimulus or a hidden stage. */
  shapeOf(stage: number): Shape {
    const { kind, hidden, image } = this.options;
    if (stage === 1) return kind === "mlp" ? flat(sizeOf(image)) : image;
    const channels = hidden[stage - 2]!;
    return kind === "mlp" ? flat(channels) : halved(image, stage - 1, channels);
  }

  /** What reads a network's spikes where its synapses are of the net's own kind. */
  get reader(): "linear" | "conv" {
    return this.options.kind === "mlp" ? "linear" : "conv";
  }

  /** What reads perception's spikes of a stage, of the stimulus too. */
  perceptionReader(stage: number): "linear" | "conv" {
    return stage === this.stages - 1 ? "linear" : this.reader;
  }

  /** Neurons of a network's hidden stages. */
  neurons(network: "perception" | "recall") {
    const { kind, tau, threshold, norm, pool = 0 } = this.options;
    return { ...neuronDefaults, tau, threshold: threshold[network], norm, pool: kind === "cnn" ? pool : 0 };
  }

  /** Whether each layer's gradients have memory of their own. */
  get gradients(): "own" | "shared" {
    const { keepGradients = true, keepDrives = false } = this.options;
    return keepGradients || keepDrives ? "own" : "shared";
  }
}

/** The shape of a convolutional stage after `stages` halvings. */
function halved(image: Shape, stages: number, channels: number): Shape {
  return { height: image.height >> stages, width: image.width >> stages, channels };
}

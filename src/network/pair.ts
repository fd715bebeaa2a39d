/**
 * A pair of networks: perception (stimulus -> concept, weights W) and recall (concept -> stimulus, weights Theta), with the same stages and
 * independent weights. Stage 1 is the stimulus, the last stage the concept. A pair may be a part of one, some stages in a row: see `stage-range.ts`.
 *
 * Perception's halves share one workspace: a stage's drives live only until its own update. Recall's are kept: its stages run first
 * and wait for perception to come by.
 *
 * Rules that train one network have a pair of perception alone; backprop has perception keep all its drives.
 */
import { type StimulusEncoder, stimulusEncoder } from "../coding/stimulus.ts";
import { type TargetCode, targetCode } from "../coding/target.ts";
import { padded } from "../engine/kernels.ts";
import type { Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import { ConvSynapses } from "./conv.ts";
import { initialise } from "./initialise.ts";
import { Layer } from "./layer.ts";
import { LinearSynapses } from "./linear.ts";
import { neuronDefaults } from "./neuron.ts";
import type { PairOptions } from "./pair-options.ts";
import { ParameterGroup } from "./parameters.ts";
import { Population } from "./population.ts";
import { flat, pixelsOf, type Shape, sizeOf } from "./shape.ts";
import { layerSlots, type Slot } from "./slots.ts";
import { checkRange, describeStages, type StageRange } from "./stage-range.ts";
import type { RealInput, Source, Synapses, Workspace } from "./synapses.ts";

export type { NetworkOptions, PairOptions, RecallPaths } from "./pair-options.ts";

/** The frame images are put in: a cnn halves its sides at every stage, so they are padded to a multiple of that. */
export function paddedShape(kind: "mlp" | "cnn", stages: number, image: Shape): Shape {
  if (kind === "mlp") return image;
  const unit = 2 ** stages;
  const up = (side: number) => Math.ceil(side / unit) * unit;
  return { height: up(image.height), width: up(image.width), channels: image.channels };
}

/** Perception and recall for images, or perception alone; all of their stages or some in a row. */
export class NetworkPair {
  readonly team: Team;
  readonly options: PairOptions;
  readonly target: TargetCode;
  /** The stages at hand, all but in a part. */
  readonly range: StageRange;
  /** Stimulus rows, [image][stimulusWidth]: normalised pixels (direct) or intensities 0..1 (poisson, latency). Empty where stage 1 is not at hand. */
  readonly stimulus: Region<Float32Array>;
  readonly stimulusWidth: number;
  readonly stimulusShape: Shape;
  /** Numbers naming the images of a batch, for random stimulus codes. */
  readonly imageIds: Region<Uint32Array>;
  /** From stage 2 up, or the first stage at hand. */
  readonly perception: readonly Layer[];
  /** From stage 1 up, or the first stage at hand. Empty where there is perception alone. */
  readonly recall: readonly Layer[];
  /** Perception's spikes of the stage below a part, and recall's of the stage above it; to be filled by whoever has those stages. */
  readonly below: Population | undefined;
  readonly above: Population | undefined;
  /** The encoded stimulus, where it is spikes. */
  readonly stimulusSpikes: Population | undefined;
  /** The concept's spikes recall starts from, held over time. */
  readonly concept: Population;
  readonly #encoder: StimulusEncoder | undefined;
  /** Rows recall runs at once at most. */
  readonly maxRecalls: number;

  constructor(team: Team, options: PairOptions) {
    this.team = team;
    this.options = options;
    const { kind, image, classes, maxImages, seed } = options;
    this.target = targetCode(options.target, classes, options.targetSize, seed);
    this.range = checkRange(
      options.part ?? { first: 1, last: this.stages },
      this.stages,
      options.stimulus === "direct",
    );
    this.stimulusShape = kind === "mlp" ? flat(sizeOf(image)) : image;
    this.stimulusWidth = padded(sizeOf(image));
    const stimuli = this.holds(1) ? maxImages : 0;
    this.stimulus = team.arena.f32(stimuli * this.stimulusWidth);
    this.imageIds = team.arena.u32(stimuli);
    const reader = kind === "mlp" ? "linear" : "conv";

    let source: Source;
    if (!this.holds(1)) {
      const below = this.range.first - 1;
      const shape = below === 1 ? this.stimulusShape : this.#shapeOf(below);
      this.below = new Population(team, shape, options.steps, maxImages, this.#perceptionReader(below));
      source = this.below;
    } else if (options.stimulus === "direct") {
      source = {
        kind: "real",
        shape: this.stimulusShape,
        at: this.stimulus.at,
        stride: this.stimulusWidth,
        maxImages,
      } satisfies RealInput;
    } else {
      const spikes = new Population(
        team,
        this.stimulusShape,
        options.steps,
        maxImages,
        this.holds(2) ? reader : "none",
      );
      const intensities = { at: this.stimulus.at, stride: this.stimulusWidth };
      this.#encoder = stimulusEncoder(team, options.stimulus, intensities, this.imageIds, spikes, seed);
      source = spikes;
      this.stimulusSpikes = spikes;
    }
    this.perception = this.#buildPerception(source);

    this.maxRecalls = this.recalls ? (options.maxRecalls ?? Math.max(classes, maxImages)) : 0;
    const { last } = this.range;
    const shown = last >= this.stages - 1 ? this.maxRecalls : 0;
    this.concept = new Population(team, flat(this.target.width), 1, shown, "linear");
    const whole = this.range.first === 1 && last === this.stages;
    if (this.recalls && options.recall === "broadcast" && !whole)
      throw new BispikeError(
        "usage",
        "network.recall: expected chain for a part of a pair, got broadcast, whose concept reaches stages of other parts",
      );
    if (this.recalls && last === this.stages - 1) this.above = this.concept;
    else if (this.recalls && last < this.stages)
      this.above = new Population(team, this.#shapeOf(last + 1), options.steps, this.maxRecalls, reader);
    this.recall = this.recalls ? this.#buildRecall(this.above ?? this.concept, reader) : [];
    for (const layer of this.layers) initialise(layer, seed);
    if (this.#gradients === "shared") {
      ParameterGroup.shareGradients(
        team,
        this.layers.map(({ group }) => group),
      );
    }
  }

  get #gradients(): "own" | "shared" {
    const { keepGradients = true, keepDrives = false } = this.options;
    return keepGradients || keepDrives ? "own" : "shared";
  }

  /** Whether there is a recall network. */
  get recalls(): boolean {
    return this.options.networks !== "perception";
  }

  /** Whether a stage is at hand, by its number from 1. */
  holds(stage: number): boolean {
    return this.range.first <= stage && stage <= this.range.last;
  }

  /** Hidden stages at hand, by number. */
  get #hidden(): number[] {
    return this.options.hidden.map((_, k) => k + 2).filter((stage) => this.holds(stage));
  }

  /** Shape of a hidden stage. */
  #shapeOf(stage: number): Shape {
    const { kind, hidden, image } = this.options;
    const channels = hidden[stage - 2]!;
    return kind === "mlp" ? flat(channels) : halved(image, stage - 1, channels);
  }

  /** What reads perception's spikes of a stage, of the stimulus too. */
  #perceptionReader(stage: number): "linear" | "conv" {
    return this.options.kind === "mlp" || stage === this.stages - 1 ? "linear" : "conv";
  }

  /** Neurons of a network's hidden stages. */
  #neurons(network: "perception" | "recall") {
    const { kind, tau, threshold, norm, pool = 0 } = this.options;
    return { ...neuronDefaults, tau, threshold: threshold[network], norm, pool: kind === "cnn" ? pool : 0 };
  }

  #buildPerception(stimulus: Source): Layer[] {
    const { team, options } = this;
    const { kind, maxImages, steps, norm } = options;
    const shared = options.keepDrives ? undefined : this.#sharedRoom();
    const neurons = { ...this.#neurons("perception"), pooling: options.pooling ?? "mean" };
    const layers: Layer[] = [];
    let source = stimulus;
    for (const stage of this.#hidden) {
      const shape = this.#shapeOf(stage);
      const synapses: Synapses =
        kind === "mlp"
          ? new LinearSynapses(team, source, shape, !norm)
          : new ConvSynapses(team, source, { channels: shape.channels, pool: true, bias: !norm });
      const layer = new Layer(team, {
        name: `perception.stage${stage}`,
        synapses,
        maxImages,
        steps,
        neurons: { ...neurons, reader: this.holds(stage + 1) ? this.#perceptionReader(stage) : "none" },
        ...shared,
        gradients: this.#gradients,
      });
      layers.push(layer);
      source = layer.output!;
    }
    if (!this.holds(this.stages)) return layers;
    const synapses = new LinearSynapses(team, source, flat(this.target.width), true);
    const name = `perception.stage${this.stages}`;
    const workspace = shared && { workspace: shared.workspace };
    layers.push(new Layer(team, { name, synapses, maxImages, steps, ...workspace, gradients: this.#gradients }));
    return layers;
  }

  /** Room for the drives and features of whichever hidden stage of perception is at work; the concept's drive uses it too. */
  #sharedRoom(): { workspace: Workspace; features: Region<Float32Array> } {
    const { kind, maxImages, steps, stimulus } = this.options;
    const room = { drives: 0, winners: 0, features: 0 };
    for (const stage of this.#hidden) {
      const shape = this.#shapeOf(stage);
      const seen = stage === 2 && stimulus === "direct" ? 1 : steps;
      const drives = maxImages * seen * pixelsOf(shape) * padded(shape.channels);
      room.drives = Math.max(room.drives, drives);
      if (kind === "cnn") room.winners = Math.max(room.winners, drives);
      room.features = Math.max(room.features, maxImages * pixelsOf(shape) * padded(shape.channels));
    }
    if (this.holds(this.stages)) room.drives = Math.max(room.drives, maxImages * steps * padded(this.target.width));
    const { arena } = this.team;
    const workspace = {
      z: arena.allocate(room.drives * 4),
      g: arena.allocate(room.drives * 4),
      winner: arena.allocate(room.winners),
    };
    return { workspace, features: arena.f32(room.features) };
  }

  /** @param above the spikes of the stage above */
  #buildRecall(above: Population, reader: "linear" | "conv"): Layer[] {
    const { team, options } = this;
    const { kind, hidden, steps, norm } = options;
    const neurons = this.#neurons("recall");
    const layers: Layer[] = [];
    let source: Source = above;
    const sizes = { maxImages: this.maxRecalls, steps, gradients: this.#gradients };
    for (const stage of this.#hidden.toReversed()) {
      const shape = this.#shapeOf(stage);
      const fromConcept = stage === this.stages - 1 || options.recall === "broadcast";
      // In a broadcast the redrawn stimulus alone reads a stage of recall.
      const leads = options.recall !== "broadcast" || stage === 2;
      // The norm takes a bias away again, unless one norm serves many pixels with a bias each.
      const bias = !norm || (fromConcept && pixelsOf(shape) > 1);
      const synapses: Synapses =
        kind === "mlp" || fromConcept
          ? new LinearSynapses(team, fromConcept ? above : source, shape, bias)
          : new ConvSynapses(team, source, { channels: shape.channels, upsample: true, bias });
      const layer = new Layer(team, {
        name: `recall.stage${stage}`,
        synapses,
        ...sizes,
        neurons: { ...neurons, reader: this.holds(stage - 1) && leads ? reader : "none" },
      });
      layers.unshift(layer);
      source = layer.output!;
    }
    if (!this.holds(1)) return layers;
    const redraw: Synapses =
      kind === "mlp" || hidden.length === 0
        ? new LinearSynapses(team, source, this.stimulusShape, true)
        : new ConvSynapses(team, source, { channels: options.image.channels, upsample: true, bias: true });
    return [new Layer(team, { name: "recall.stage1", synapses: redraw, ...sizes }), ...layers];
  }

  /** Number of stages, stimulus and concept included. */
  get stages(): number {
    return this.options.hidden.length + 2;
  }

  /**
   * Hidden stages at hand with both halves: number (2..L-1), perception's layer and recall's.
   *
   * @throws BispikeError "usage" where there is perception alone
   */
  *hiddenStages(): Generator<{ stage: number; perception: Layer; recall: Layer }> {
    this.assertRecalls();
    const ofRecall = this.holds(1) ? 1 : 0;
    for (const [k, stage] of this.#hidden.entries()) {
      yield { stage, perception: this.perception[k]!, recall: this.recall[k + ofRecall]! };
    }
  }

  /** The layer that drives the concept. Throws a `usage` error where the concept's stage is not at hand. */
  get conceptDrive(): Layer {
    if (!this.holds(this.stages)) throw this.#notAtHand("the concept's stage");
    return this.perception.at(-1)!;
  }

  /** The layer that redraws the stimulus. Throws a `usage` error where there is perception alone, or stage 1 is not at hand. */
  get redrawn(): Layer {
    this.assertRecalls();
    if (!this.holds(1)) throw this.#notAtHand("stage 1");
    return this.recall[0]!;
  }

  /** Spikes that a part's neighbours wait for: perception's of its last stage, recall's of its first; undefined where there is no neighbour. */
  get ends(): { readonly up: Population | undefined; readonly down: Population | undefined } {
    const { first, last } = this.range;
    const up = last === 1 ? this.stimulusSpikes : this.perception.at(-1)?.output;
    const down = first === this.stages ? this.concept : this.recall[0]?.output;
    return { up: last < this.stages ? up : undefined, down: first > 1 ? down : undefined };
  }

  #notAtHand(what: string): BispikeError {
    return new BispikeError(
      "usage",
      `${what} is not in this part of a pair, which has stages ${describeStages(this.range)}`,
    );
  }

  /** @throws BispikeError "usage" where there is perception alone */
  assertRecalls(): void {
    if (this.recalls) return;
    throw new BispikeError("usage", "this pair has perception alone: expected one with recall, as rule bsd trains");
  }

  /** The pair's state as named tensors, with AdamW's moments where asked. */
  *slots(optimiser: boolean): Generator<Slot> {
    for (const { name, group, synapses, norm } of this.layers) {
      yield* layerSlots({ name, group, bundles: [synapses], norm, channels: synapses.shape.channels }, optimiser);
    }
  }

  /** Every layer, perception's from the stimulus up, then recall's from stage 1 up. */
  get layers(): readonly Layer[] {
    return [...this.perception, ...this.recall];
  }

  /** Makes the spikes of the stimulus rows; nothing to do for direct coding. */
  encode(images: number, counter: number, learn: boolean): void {
    this.#encoder?.encode(images, counter, learn);
  }

  /** Sets the concept's spikes of `labels.length` recalls to their target codes. Throws a `usage` error where there is perception alone. */
  present(labels: ArrayLike<number>, learn: boolean): void {
    this.assertRecalls();
    const { width, bits } = this.target;
    this.concept.masks.view.fill(0);
    for (let row = 0; row < labels.length; row++) {
      const label = labels[row]!;
      for (let neuron = 0; neuron < width; neuron++) {
        if (bits[label * width + neuron]) this.concept.set(row, 0, 0, neuron, true);
      }
    }
    this.concept.list(labels.length, learn);
  }
}

/** The shape of a convolutional stage after `stages` halvings. */
function halved(image: Shape, stages: number, channels: number): Shape {
  return { height: image.height >> stages, width: image.width >> stages, channels };
}

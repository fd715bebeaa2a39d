/** The stimulus `bispike recall` starts from when it is given one: a file's or a data set's picture, part of it hidden or under noise. */
import { addNoise, occlude } from "../../data/cue.ts";
import { imageBytes } from "../../data/dataset.ts";
import { BispikeError } from "../../errors.ts";
import type { OpenedModel } from "../../node/open.ts";
import { inversionWarning, readPicture } from "../../node/pictures.ts";
import { note } from "../output.ts";
import type { RecallOptions } from "../recall.ts";
import { datasetFor, filesRead, partImages, placeOf, unverified } from "./data.ts";

export interface Cue {
  /** The picture as perception sees it. */
  readonly pixels: Uint8Array;
  /** Where it came from and what was done to it. */
  readonly description: string;
  /** Its true class where that is known, else null. */
  readonly truth: number | null;
  /** Files it was read from. */
  readonly read: readonly string[];
}

/** Default of `--fraction`. */
const HALF = 0.5;

/**
 * Refuses options that do not go together; asks no file, so that a slip costs no time.
 *
 * @throws BispikeError "usage"
 */
export function checkCueOptions(options: RecallOptions): void {
  const { from, index, occlude: side, fraction } = options;
  if (from !== undefined && index !== undefined)
    throw new BispikeError("usage", "--from and --index exclude each other: give one picture");
  const picture = from !== undefined ? "--from" : index !== undefined ? "--index" : undefined;
  const change = (["occlude", "fraction", "noise", "invert"] as const).find((name) => options[name] !== undefined);
  if (picture === undefined && change !== undefined)
    throw new BispikeError("usage", `--${change} needs a picture to work on: give --from FILE or --index N`);
  if (picture !== undefined && options.class !== undefined)
    throw new BispikeError(
      "usage",
      `--class and ${picture} exclude each other: with a picture, perception chooses the class`,
    );
  if (fraction !== undefined && side === undefined)
    throw new BispikeError("usage", "--fraction needs --occlude to say which part is hidden");
  if (options.seed !== undefined && options.noise === undefined)
    throw new BispikeError("usage", "--seed needs --noise: nothing else here is left to chance");
  if (options.invert && index !== undefined)
    throw new BispikeError(
      "usage",
      "--invert is for the picture of --from; the data set's are as the pair was shown them",
    );
}

/**
 * The cue the options describe; null when they describe none.
 *
 * @throws BispikeError "usage" for an index beyond the part, "data" for pictures and data sets that cannot be read
 */
export async function cueOf(opened: OpenedModel, options: RecallOptions): Promise<Cue | null> {
  const { from, index, occlude: side, fraction = HALF, noise, seed = 1 } = options;
  const whole =
    from !== undefined
      ? await pictureCue(opened, from, options.invert === true)
      : index !== undefined
        ? await datasetCue(opened, index, options)
        : null;
  if (whole === null) return null;
  const { shape } = opened.model.data;
  let { pixels } = whole;
  const done = [whole.description];
  if (side !== undefined) {
    pixels = occlude(pixels, shape, side, fraction);
    done.push(`${(100 * fraction).toFixed(0)} % hidden (${side})`);
  }
  if (noise !== undefined) {
    pixels = addNoise(pixels, shape, noise, seed);
    done.push(`noise ${noise}`);
  }
  return { ...whole, pixels, description: done.join(", ") };
}

async function pictureCue({ model }: OpenedModel, file: string, invert: boolean): Promise<Cue> {
  const { shape, statistics } = model.data;
  const picture = await readPicture(file, shape, { invert });
  note("note", picture.change === null ? null : `${file}: ${picture.change}`);
  note("warning", inversionWarning(file, picture, statistics.mean, invert));
  return { pixels: picture.pixels, description: file, truth: null, read: [file] };
}

async function datasetCue(
  { checkpoint, file, model }: OpenedModel,
  index: number,
  options: RecallOptions,
): Promise<Cue> {
  const { part = "test" } = options;
  const { shape, classNames } = model.data;
  const dataset = await datasetFor(checkpoint, file, options);
  note("warning", unverified(dataset));
  const images = partImages(dataset, checkpoint, part);
  const at = placeOf(images, index, part);
  const truth = images.split.labels[at]!;
  const size = imageBytes(shape);
  return {
    pixels: images.split.images.slice(at * size, (at + 1) * size),
    description: `${part} image ${index} of ${dataset.name} (${classNames[truth]})`,
    truth,
    read: filesRead(dataset, checkpoint, options),
  };
}

/** Entry of a training worker: one run, and what the page may ask of it (`protocol.ts`). */
import "../setup/jitless.ts";
import { expose, transfer } from "comlink";
import type { Dataset } from "../../../src/data/dataset.ts";
import { BispikeError, checkedConfig, Team } from "../../../src/index.ts";
import type { Arrival } from "../data/arrival.ts";
import { fetchSite } from "../data/site.ts";
import { failureOf } from "./failure.ts";
import type { DataSource, LabApi, LabEvent, Setup } from "./protocol.ts";
import type { Scene } from "./scene.ts";
import { Session } from "./session.ts";
import { spawnThread, whyNotShared } from "./threads.ts";

/** Address space of a run, in pages of 64 KiB: 1 GiB, which small devices can reserve too. */
const MAXIMUM_PAGES = 16384;

let session: Session | undefined;

async function open(setup: Setup, tell: (event: LabEvent) => void) {
  await session?.close();
  session = undefined;
  const { checkpoint } = setup;
  // Checkpoints of every kind are told apart; what reads them is loaded for the first.
  const opened = checkpoint && (await import("./keep.ts")).openCheckpoint(checkpoint);
  const config = opened?.config ?? checkedConfig(setup.config);
  const dataset = await loadData(opened?.images(setup.data) ?? setup.data, setup.base, (arrival) =>
    tell({ kind: "fetching", arrival }),
  );
  const why = whyNotShared();
  const threads = why === null ? setup.threads : 1;
  const team = await Team.create({
    threads,
    shared: why === null,
    maximumPages: MAXIMUM_PAGES,
    ...(threads > 1 ? { spawn: spawnThread } : {}),
  });
  try {
    session = new Session(team, config, dataset, tell, opened?.resume);
    opened?.check(session.experiment);
    return { ...session.about(why), startedFrom: opened !== undefined && !opened.resume };
  } catch (error) {
    session = undefined;
    await team.close();
    throw opened ? opened.named(error) : error;
  }
}

async function loadData(source: DataSource, base: string, arrived: (arrival: Arrival) => void): Promise<Dataset> {
  if (source.kind === "site") return fetchSite(source.name, base, arrived);
  const { readDropped } = await import("../data/dropped.ts");
  return readDropped(source.name, source.files);
}

function current(): Session {
  if (!session) throw new BispikeError("usage", "no run is open");
  return session;
}

/** An answer about drawings, between two steps; loaded when it is first asked for. */
async function drawn<T>(question: (answers: typeof import("./draw.ts"), session: Session) => T): Promise<T> {
  const session = current();
  const answers = await import("./draw.ts");
  return session.ask(() => question(answers, session));
}

/** What looks inside is fetched once someone does. */
async function looked<T>(question: (look: typeof import("./look.ts"), scene: Scene) => T): Promise<T> {
  const look = await import("./look.ts");
  return current().look((scene) => question(look, scene));
}

/** Rejects with plain data: a `Failure`. */
function told<A extends unknown[], R>(call: (...args: A) => R | Promise<R>): (...args: A) => Promise<R> {
  return async (...args) => {
    try {
      return await call(...args);
    } catch (error) {
      throw failureOf(error);
    }
  };
}

const api: LabApi = {
  open: told(open),
  run: told(() => current().run()),
  pause: told(() => current().pause()),
  step: told(() => current().step()),
  setSpeed: told((stepsPerSecond) => current().setSpeed(stepsPerSecond)),
  snapshot: told((sample) => current().snapshot(sample)),
  checkpoint: told(async (which) => {
    const bytes = await current().checkpoint(which);
    return transfer(bytes, [bytes.buffer]);
  }),
  test: told(() => current().test()),
  close: told(async () => {
    await session?.close();
    session = undefined;
  }),
  onnx: told(async (network) => {
    const session = current();
    const { onnxOf } = await import("./onnx.ts");
    const bytes = await session.look(() => onnxOf(session.experiment, network, session.stepsDone));
    return transfer(bytes, [bytes.buffer]);
  }),
  runFolder: told(async () => {
    const session = current();
    const { runFolder } = await import("./run-folder.ts");
    const last = await session.checkpoint("last");
    const best = session.hasBest ? await session.checkpoint("best") : undefined;
    const bytes = runFolder(session.experiment.config, last, best);
    return transfer(bytes, [bytes.buffer]);
  }),
  perceive: told((pixels) =>
    drawn(({ perceivePicture }, { experiment, means }) => perceivePicture(experiment.model, means, pixels)),
  ),
  testImage: told((index) => drawn(({ testImage }, { experiment }) => testImage(experiment.dataset, index))),
  recallMixture: told((a, b, share) =>
    drawn(({ recallMixture }, { experiment, means }) => recallMixture(experiment.model, means, { a, b, share })),
  ),
  inside: told(() => looked((look, scene) => look.inside(scene))),
  raster: told((stage, first) => looked((look, scene) => look.raster(scene, stage, first))),
  rates: told((stage) => looked((look, scene) => look.rates(scene, stage))),
  weights: told((joint) => looked((look, scene) => look.weights(scene, joint))),
  alignment: told(() => looked((look, scene) => look.alignment(scene))),
  similarity: told((stage, compared) => looked((look, scene) => look.similarity(scene, stage, compared))),
  describeFiles: told(async (name, files) => {
    const { shape, classNames, train, test } = await loadData({ kind: "files", name, files }, "", () => {});
    return { shape, classNames, train: train.count, test: test.count };
  }),
  work: told(() => current().work()),
};

expose(api);

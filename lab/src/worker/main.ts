/** Entry of a training worker: one run, and what the page may ask of it (`protocol.ts`). */
import { expose, transfer } from "comlink";
import { config as zodConfig } from "zod";
import type { Dataset } from "../../../src/data/dataset.ts";
import { BispikeError, checkedConfig, decodeCheckpoint, Team } from "../../../src/index.ts";
import { fetchSite } from "../data/site.ts";
import { failureOf } from "./failure.ts";
import type { DataSource, LabApi, LabEvent, Setup } from "./protocol.ts";
import { Session } from "./session.ts";
import { spawnThread, whyNotShared } from "./threads.ts";

// The page's policy forbids code from strings, which zod would use where it may.
zodConfig({ jitless: true });

/** Address space of a run, in pages of 64 KiB: 1 GiB, which small devices can reserve too. */
const MAXIMUM_PAGES = 16384;

let session: Session | undefined;

async function open(setup: Setup, tell: (event: LabEvent) => void) {
  await session?.close();
  session = undefined;
  const { checkpoint } = setup;
  const resume = checkpoint && decodeCheckpoint(checkpoint.bytes, checkpoint.name);
  const config = resume?.config ?? checkedConfig(setup.config);
  const dataset = await loadData(setup.data, setup.base);
  const why = setup.threads > 1 ? whyNotShared() : null;
  const threads = why === null ? setup.threads : 1;
  const team = await Team.create({
    threads,
    maximumPages: MAXIMUM_PAGES,
    ...(threads > 1 ? { spawn: spawnThread } : {}),
  });
  try {
    session = new Session(team, config, dataset, tell, resume);
  } catch (error) {
    await team.close();
    throw error;
  }
  return session.about(why);
}

async function loadData(source: DataSource, base: string): Promise<Dataset> {
  if (source.kind === "site") return fetchSite(source.name, base);
  const { readDropped } = await import("../data/dropped.ts");
  return readDropped(source.name, source.files);
}

function current(): Session {
  if (!session) throw new BispikeError("usage", "no run is open");
  return session;
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
  perceive: told((pixels) => current().perceive(pixels)),
  checkpoint: told(async (which) => {
    const bytes = await current().checkpoint(which);
    return transfer(bytes, [bytes.buffer]);
  }),
  test: told(() => current().test()),
  close: told(async () => {
    await session?.close();
    session = undefined;
  }),
  describeFiles: told(async (name, files) => {
    const { shape, classNames, train, test } = await loadData({ kind: "files", name, files }, "");
    return { shape, classNames, train: train.count, test: test.count };
  }),
  work: told(() => current().work()),
};

expose(api);

// @ts-check
/**
 * How PyTorch's threads are set. Debian's PyTorch has two thread pools, OpenMP's and OpenBLAS's, and OpenMP's threads spin while they wait:
 * on as many cores as threads the two pools can take the cores from each other and make a step ten times slower than it need be. Which setting
 * suits depends on the net, so each peer is tried with all of them and measured with its fastest.
 */
import { RECIPE } from "../nets.mjs";
import { median } from "../statistics.mjs";
import { PeerServer } from "./server.mjs";

/** @typedef {Readonly<Record<string, string>>} Environment */

/**
 * Settings that use no more than `threads` cores at a time; one thread leaves no choice.
 *
 * @param {number} threads
 * @returns {readonly [Environment, ...Environment[]]}
 */
export function environments(threads) {
  const n = String(threads);
  const plain = { OMP_NUM_THREADS: n, OPENBLAS_NUM_THREADS: n };
  if (threads === 1) return [plain];
  return [plain, { ...plain, OMP_WAIT_POLICY: "passive" }, { ...plain, OMP_NUM_THREADS: "1" }];
}

/**
 * The setting in which the peer's steps are fastest, by the median of `steps` of them each.
 *
 * @param {string} python
 * @param {string} script
 * @param {readonly string[]} args
 * @param {number} threads
 * @param {import("./server.mjs").Job} job
 * @param {number} steps after one untimed; 0 tries nothing and takes the plain setting
 * @returns {Promise<Environment>}
 */
export async function fastestEnvironment(python, script, args, threads, job, steps) {
  const [plain, ...others] = environments(threads);
  if (others.length === 0 || steps === 0) return plain;
  let best = { environment: plain, ms: Number.POSITIVE_INFINITY };
  for (const environment of [plain, ...others]) {
    const server = new PeerServer(python, script, args, environment);
    try {
      await server.ready();
      const { all_ms } = await server.run(job, steps + 1);
      const ms = median(all_ms.slice(1));
      if (ms < best.ms) best = { environment, ms };
    } finally {
      await server.close();
    }
  }
  return best.environment;
}

/**
 * The recipe as a peer's command line.
 *
 * @param {import("../nets.mjs").Net} net
 * @param {{ data: string, labels: string }} files batches on disk
 * @param {number} pretrain steps before it is ready
 */
export function peerArguments(net, files, pretrain) {
  const r = RECIPE;
  const { weight, rate } = net.homeostasis;
  const options = {
    net: net.kind,
    classes: r.classes,
    ...(net.kind === "mlp" ? { inputs: net.side ** 2 * net.channels } : { image: net.side, channels: net.channels }),
    batch: net.batch,
    steps: net.steps,
    theta: net.threshold,
    tau: r.tau,
    loss: r.loss,
    rivals: r.rivals,
    temperature: r.temperature,
    "pull-weight": weight,
    "pull-rate": rate,
    lr: r.learningRate,
    data: files.data,
    labels: files.labels,
    pretrain,
  };
  return [
    "--hidden",
    ...net.hidden.map(String),
    ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]),
  ];
}

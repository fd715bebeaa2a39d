// @ts-check
/**
 * A PyTorch peer as a child process that works on request: "step K" (training) or "infer K" (decisions) goes in, one JSON line with the times
 * comes out.
 */
import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { BispikeError } from "../library.mjs";

/** @typedef {"step" | "infer"} Job */

/**
 * @typedef {object} PeerReport
 * @property {readonly number[]} all_ms milliseconds of each step
 * @property {readonly number[]} rates firing rate of each hidden stage of perception
 * @property {number} peak_mb largest resident memory, MiB
 * @property {number} start_mb resident memory before the net was built, MiB
 * @property {number} threads as PyTorch has it
 * @property {string} torch version
 */

/** Characters of a peer's error output worth showing. */
const TAIL = 2000;

/**
 * Why there is no PyTorch at `python`, with what to do about it; undefined where there is one.
 *
 * @param {string} python
 * @returns {string | undefined}
 */
export function missingTorch(python) {
  const { status, error, stderr } = spawnSync(python, ["-c", "import torch"], { encoding: "utf8" });
  if (status === 0) return undefined;
  const reason = error?.message || stderr.trim().split("\n").at(-1) || `it ended with ${status}`;
  return (
    `${python} cannot import torch (${reason}). On Debian or Ubuntu run "apt-get install python3-torch libopenblas0-pthread", ` +
    "or name an interpreter that has PyTorch with --python"
  );
}

export class PeerServer {
  /** @type {string} */
  #script;
  #child;
  /** @type {AsyncIterator<string>} */
  #lines;
  #errors = "";
  #ended;

  /**
   * Starts the peer; `ready` waits for it.
   *
   * @param {string} python
   * @param {string} script file name in bench/peers
   * @param {readonly string[]} args
   * @param {Readonly<Record<string, string>>} environment variables beside this process's own
   */
  constructor(python, script, args, environment) {
    const path = fileURLToPath(new URL(script, import.meta.url));
    // No compiled copies beside the scripts: they are no part of the project.
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "1", ...environment };
    this.#script = script;
    this.#child = spawn(python, [path, ...args, "--serve"], { env, stdio: ["pipe", "pipe", "pipe"] });
    this.#ended = new Promise((resolve) => this.#child.once("close", resolve));
    this.#child.once("error", (error) => {
      this.#errors += error.message;
    });
    // A peer that died shows in the next read; the broken pipe itself says nothing.
    this.#child.stdin.on("error", () => {});
    this.#child.stderr.setEncoding("utf8").on("data", (text) => {
      this.#errors = (this.#errors + text).slice(-TAIL);
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Waits until the peer has pretrained. */
  async ready() {
    const answer = await this.#read();
    if (!answer.ready) throw this.#fault(`expected {"ready": true}, got ${JSON.stringify(answer)}`);
  }

  /**
   * Takes `count` steps of a kind.
   *
   * @param {Job} job
   * @param {number} count
   * @returns {Promise<PeerReport>}
   */
  async run(job, count) {
    this.#child.stdin.write(`${job} ${count}\n`);
    const answer = await this.#read();
    if (!Array.isArray(answer.all_ms) || answer.all_ms.length !== count) {
      throw this.#fault(`expected the times of ${count} steps, got ${JSON.stringify(answer)}`);
    }
    return /** @type {PeerReport} */ (/** @type {unknown} */ (answer));
  }

  /** Ends the peer and waits until it is gone. */
  async close() {
    this.#child.stdin.end("quit\n");
    this.#child.kill();
    await this.#ended;
  }

  /** @returns {Promise<Record<string, unknown>>} */
  async #read() {
    const { value, done } = await this.#lines.next();
    if (done) {
      await this.#ended;
      throw this.#fault(`it ended early: ${this.#errors.trim() || "without a message"}`);
    }
    try {
      return JSON.parse(value);
    } catch {
      throw this.#fault(`expected a line of JSON, got ${JSON.stringify(value)}`);
    }
  }

  /** @param {string} message */
  #fault(message) {
    return new BispikeError("platform", `bench/peers/${this.#script}: ${message}`);
  }
}

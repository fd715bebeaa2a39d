/** A queue of a sweep's jobs that workers on many hosts share: where its server is (Redis), one connection to it, and jobs taken, finished and failed. */
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Job, Queue, Worker } from "bullmq";
import type { Redis, RedisOptions } from "ioredis";
import { BispikeError } from "../errors.ts";

export interface QueueServer {
  readonly host: string;
  readonly port: number;
  readonly database: number;
  /** By TLS, with a certificate that Node trusts (`NODE_EXTRA_CA_CERTS` adds one of your own). */
  readonly secure: boolean;
  readonly user?: string;
  readonly password?: string;
  /** For messages: without user and password. */
  readonly shown: string;
}

/** The password may be here instead of in the URL, which other users of the machine can see in the list of processes. */
export const PASSWORD_VARIABLE = "BISPIKE_QUEUE_PASSWORD";

/**
 * @throws BispikeError "usage" for anything else; the message does not repeat a password
 * @example
 * parseServer("redis://127.0.0.1:6379/2").database; // 2
 */
export function parseServer(url: string): QueueServer {
  const fail = (why: string) =>
    new BispikeError("usage", `--queue: expected redis[s]://[user:password@]host[:port][/database], ${why}`);
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw fail("got something else");
  }
  const { protocol, hostname, port, pathname, username, password, search, hash } = parsed;
  if (protocol !== "redis:" && protocol !== "rediss:") throw fail(`got ${protocol}//`);
  if (hostname === "") throw fail("got no host");
  const database = /^\/?(\d{0,9})$/.exec(pathname)?.[1];
  if (database === undefined || search !== "" || hash !== "") throw fail("got more than a database's number behind it");
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const secret = decode(password) || process.env[PASSWORD_VARIABLE] || "";
  const number = Number(database);
  return {
    host,
    port: port === "" ? 6379 : Number(port),
    database: number,
    secure: protocol === "rediss:",
    ...(username === "" ? {} : { user: decode(username) }),
    ...(secret === "" ? {} : { password: secret }),
    shown: `${protocol}//${hostname}:${port === "" ? 6379 : port}${number === 0 ? "" : `/${number}`}`,
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

// Connections to a Redis or Valkey server, by ioredis, and what goes wrong with them in words. ioredis connects anew by itself; `Outage` knows for how long
// that has failed.

/** For the first answer of a server. */
const CONNECT_MILLISECONDS = 10_000;
const RETRY_MILLISECONDS = 500;

/** Since when a server has been away. */
export class Outage {
  #since: number | undefined;
  #why: BispikeError | undefined;

  began(why: BispikeError): void {
    this.#since ??= performance.now();
    this.#why = why;
  }

  ended(): void {
    this.#since = undefined;
  }

  /** @returns why, once it has been away for so long */
  longerThan(seconds: number): BispikeError | undefined {
    return this.#since !== undefined && performance.now() - this.#since >= 1000 * seconds ? this.#why : undefined;
  }
}

export interface Connections {
  /** For short commands, which fail at once while the server is away, so that who asked knows. */
  readonly commands: Redis;
  /** For a worker, whose commands wait until it is back. */
  readonly waiting: Redis;
  readonly outage: Outage;
  /** Ends both for good. */
  close(): void;
}

/**
 * @throws BispikeError "platform" when no server answers, it refuses us, or it is none of Redis' kind
 * @example
 * const { commands, close } = await connectTo(parseServer("redis://127.0.0.1"));
 */
export async function connectTo(server: QueueServer): Promise<Connections> {
  // Loaded only here, as it takes its time.
  const { Redis } = await import("ioredis");
  const { host, port, user, password, database, secure } = server;
  const options: RedisOptions = {
    ...{ host, port, db: database, lazyConnect: true, connectTimeout: CONNECT_MILLISECONDS },
    ...{ retryStrategy: () => RETRY_MILLISECONDS, maxRetriesPerRequest: null },
    ...(user === undefined ? {} : { username: user }),
    ...(password === undefined ? {} : { password }),
    ...(secure ? { tls: { servername: host } } : {}),
  };
  const commands = new Redis({ ...options, maxRetriesPerRequest: 0, enableOfflineQueue: false });
  const waiting = new Redis(options);
  waiting.on("error", () => {});
  const close = () => {
    commands.disconnect();
    waiting.disconnect();
  };
  const outage = new Outage();
  let last = new Error("the connection was closed");
  commands.on("error", (error) => {
    last = error;
  });
  commands.on("close", () => outage.began(worded(last, server)));
  commands.on("ready", () => outage.ended());
  try {
    await firstAnswer(commands);
  } catch (error) {
    close();
    throw worded(error as Error, server);
  }
  return { commands, waiting, outage, close };
}

/** The first error ends it: later, a server that is away may come back, but now a person has perhaps mistyped its address. */
function firstAnswer(redis: Redis): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("no answer for 10 s")), CONNECT_MILLISECONDS);
    const end = (error?: Error) => {
      clearTimeout(timer);
      redis.off("ready", end).off("error", end);
      if (error) reject(error);
      else resolve();
    };
    redis.once("ready", end).once("error", end);
    // Its rejection says only that the connection was closed; the event says why.
    redis.connect().catch(() => {});
  });
}

function worded(error: Error, { shown }: QueueServer): BispikeError {
  if (error instanceof BispikeError) return error;
  const say = (what: string) => new BispikeError("platform", `${shown}: ${what}`, { cause: error });
  const { message } = error;
  if (error.name === "ParserError" || /^Protocol error/.test(message))
    return say(`is not a Redis or Valkey server: ${message.replace(" Please report this.", "")}`);
  if (/NOAUTH|WRONGPASS|without any password/.test(message))
    return say(`refused the password or the want of one (${message})`);
  if (error.name === "ReplyError") return say(`refused us: ${message}`);
  const code = "code" in error ? String(error.code) : "";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return say(`there is no such host (${code})`);
  if (code === "ECONNREFUSED") return say("no server answers there (ECONNREFUSED); start one, or check host and port");
  return say(`the connection failed: ${message}`);
}

// A queue of job ids on a Redis or Valkey server, by BullMQ. The queue only deals jobs out: whether one is done is told by its run's folder. So a job that
// is dealt out twice, since a worker or the server was lost, is found finished or gone on with, and never counted twice.

/** Of all keys on the server. */
const PREFIX = "bispike";
/** Workers a job may be lost with before it counts as failed: it may be what ends them. */
const MOST_STALLS = 10;
/** What the server keeps of a finished job; its results are in the run's folder. */
const KEPT_SECONDS = 30 * 86_400;
const CLOSE_MILLISECONDS = 3000;
/** How long a worker that stops waits for a server that is away. */
const AWAY_SECONDS = 3;
const LOOK_MILLISECONDS = 100;
/** How ioredis says that a command was not sent, or got no reply, as the connection is down; or the system, of one that ended in the middle of a reply. */
const LOST = /max retries per request|isn't writeable|Connection is closed|ECONNRESET|EPIPE/;
const STATES = ["waiting", "active", "delayed", "failed", "completed"] as const;

export type QueueCounts = Readonly<Record<(typeof STATES)[number], number>>;

/** How a worker leaves a job: done with, ended by an error, or given back to the queue. */
export type WorkEnd = { readonly kind: "done" | "returned" } | { readonly kind: "failed"; readonly message: string };

export interface QueueOptions {
  /** Seconds for which the server may be away. Default 60. */
  readonly patience?: number;
  /** Seconds after which a silent worker's jobs are dealt out anew. Default 30. */
  readonly lease?: number;
}

export class JobQueue {
  readonly #bull: typeof import("bullmq");
  readonly #server: QueueServer;
  readonly #name: string;
  readonly #connections: Connections;
  readonly #queue: Queue;
  readonly #patience: number;
  readonly #lease: number;
  #worker: Worker | undefined;
  #closing = false;

  private constructor(
    bull: typeof import("bullmq"),
    server: QueueServer,
    name: string,
    connections: Connections,
    { patience = 60, lease = 30 }: QueueOptions,
  ) {
    this.#bull = bull;
    this.#server = server;
    this.#name = name;
    this.#connections = connections;
    this.#patience = patience;
    this.#lease = lease;
    this.#queue = new bull.Queue(name, { connection: connections.commands, prefix: PREFIX });
    // The outage knows of lost connections, and commands reject by themselves.
    this.#queue.on("error", () => {});
  }

  /**
   * @param name letters, digits and "-"
   * @throws BispikeError "platform" when no server answers, it refuses the password, or it is too old
   * @example
   * const queue = await JobQueue.open(parseServer("redis://127.0.0.1"), "sweep-1");
   */
  static async open(server: QueueServer, name: string, options: QueueOptions = {}): Promise<JobQueue> {
    const connections = await connectTo(server);
    // Loaded only here: it takes a good part of a second.
    const bull = await import("bullmq");
    const queue = new JobQueue(bull, server, name, connections, options);
    try {
      await queue.#queue.waitUntilReady();
    } catch (error) {
      await queue.close();
      throw queue.#worded(error);
    }
    return queue;
  }

  /**
   * Puts jobs in the queue that are not in it. An id has one place there, however often it is put.
   *
   * @param again whether jobs that failed or were done before are dealt out once more
   * @returns how many were added
   */
  async put(ids: readonly string[], again: boolean): Promise<number> {
    try {
      let added = 0;
      for (const id of ids) {
        const found = await this.#queue.getJob(id);
        if (found) {
          const state = again ? await found.getState() : "";
          if (state !== "failed" && state !== "completed") continue;
          await found.retry(state);
        } else {
          await this.#queue.add("run", {}, { jobId: id, removeOnComplete: { age: KEPT_SECONDS } });
        }
        added++;
      }
      return added;
    } catch (error) {
      throw this.#worded(error);
    }
  }

  async counts(): Promise<QueueCounts> {
    try {
      return (await this.#queue.getJobCounts(...STATES)) as QueueCounts;
    } catch (error) {
      throw this.#worded(error);
    }
  }

  /** Why jobs failed, by their ids: also those that the queue gave up on, as their workers were lost again and again. */
  async failures(): Promise<ReadonlyMap<string, string>> {
    try {
      const failed = await this.#queue.getFailed();
      return new Map(failed.map(({ id = "", failedReason }) => [id, failedReason]));
    } catch (error) {
      throw this.#worded(error);
    }
  }

  /**
   * Begins to take jobs.
   *
   * @param run trains one job; its lock is renewed while it does
   * @param limit jobs at once
   * @param warn of what the server complains
   */
  work(run: (id: string) => Promise<WorkEnd>, limit: number, warn: (message: string) => void): void {
    const { Worker, WaitingError, UnrecoverableError, isNotConnectionError } = this.#bull;
    const train = async (job: Job, token?: string) => {
      const end = await run(job.id ?? "");
      if (end.kind === "failed") throw new UnrecoverableError(end.message);
      if (end.kind === "done") return end.kind;
      await job.moveToWait(token);
      throw new WaitingError();
    };
    this.#worker = new Worker(this.#name, train, {
      ...{
        connection: this.#connections.waiting,
        prefix: PREFIX,
        concurrency: limit,
        name: `${hostname()}-${process.pid}`,
      },
      ...{ lockDuration: 1000 * this.#lease, stalledInterval: 1000 * this.#lease, maxStalledCount: MOST_STALLS },
      ...{ drainDelay: 1, runRetryDelay: 1000 },
    });
    const told = new Set<string>();
    this.#worker.on("error", (error) => {
      // Locks are lost with the server, and a job whose lock was lost is another worker's: no harm is done.
      if (
        !isNotConnectionError(error) ||
        LOST.test(error.message) ||
        /\block\b|not in the active state/i.test(error.message)
      )
        return;
      if (this.#closing || error instanceof BispikeError || told.has(error.message)) return;
      told.add(error.message);
      warn(`${this.#server.shown}: ${error.message}`);
    });
  }

  /** Takes no more jobs, and waits for those under way to be handed back; of a server that is away no longer than a few seconds: it deals them out anew by itself. */
  async stop(): Promise<void> {
    this.#closing = true;
    const away = new AbortController();
    try {
      await Promise.race([this.#worker?.close(), this.#untilAway(away.signal)]);
    } finally {
      away.abort();
    }
  }

  /** Until the server has been away for a while, or nobody waits for that. */
  async #untilAway(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#connections.outage.longerThan(AWAY_SECONDS)) await sleep(LOOK_MILLISECONDS);
  }

  /** @throws BispikeError "platform" once the server has been away for too long */
  assertThere(): void {
    const { outage } = this.#connections;
    const why = outage.longerThan(this.#patience);
    if (why) throw new BispikeError("platform", `${why.message}, for ${this.#patience} s now`, { cause: why });
  }

  /** Whether a command failed because the connection was down, so that it may be tried again. */
  isInterruption(error: unknown): boolean {
    const { cause } = error as Error;
    return cause instanceof Error && (LOST.test(cause.message) || !this.#bull.isNotConnectionError(cause));
  }

  /** Leaves at once. */
  async close(): Promise<void> {
    this.#closing = true;
    const quiet = (closing: Promise<void> | undefined) => closing?.catch(() => {});
    const orderly = Promise.all([quiet(this.#worker?.close(true)), quiet(this.#queue.close())]);
    // Of a connection that is just being made nobody knows how long it takes.
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, CLOSE_MILLISECONDS);
    });
    await Promise.race([orderly, late]);
    clearTimeout(timer);
    this.#connections.close();
  }

  #worded(error: unknown): BispikeError {
    const { message } = error as Error;
    const why = this.#connections.outage.longerThan(0)?.message ?? `${this.#server.shown}: ${message}`;
    return new BispikeError("platform", why, { cause: error });
  }
}

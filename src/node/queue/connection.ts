/**
 * Connections to a Redis or Valkey server, by ioredis, and what goes wrong with them in words. ioredis connects anew by itself; `Outage` knows for how long
 * that has failed.
 */
import type { Redis, RedisOptions } from "ioredis";
import { BispikeError } from "../../errors.ts";
import type { QueueServer } from "./server.ts";

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

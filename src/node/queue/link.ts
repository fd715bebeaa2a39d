/**
 * A connection to a Redis or Valkey server, of the form that BullMQ's adapter for Bun's client takes (`send`, `connect`, `onclose`, ...): so the
 * queue needs no other client, and what goes wrong is ours to word. The adapter connects anew; `Outage` knows for how long that has failed.
 */
import { connect as connectSocket, type Socket } from "node:net";
import { BispikeError } from "../../errors.ts";
import { encodeRequest, ProtocolFault, type Reply, ReplyError, ReplyReader } from "./resp.ts";
import type { QueueServer } from "./server.ts";

/** For the first reply of a server. */
const CONNECT_MILLISECONDS = 10_000;
const KEEP_ALIVE_MILLISECONDS = 10_000;

/** What the links to a server share: since when it has been away, and whether all is over. */
export class Outage {
  readonly #links = new Set<QueueLink>();
  #since: number | undefined;
  #why: Error | undefined;
  /** No link connects any more. */
  over = false;

  add(link: QueueLink): void {
    this.#links.add(link);
  }

  remove(link: QueueLink): void {
    this.#links.delete(link);
  }

  /** Closes every link for good, also those that the adapter has begun to connect and forgotten. */
  end(): void {
    this.over = true;
    for (const link of this.#links) link.close();
  }

  began(why: Error): void {
    this.#since ??= performance.now();
    this.#why = why;
  }

  ended(): void {
    this.#since = undefined;
  }

  /** @returns why, once it has been away for so long */
  longerThan(seconds: number): Error | undefined {
    return this.#since !== undefined && performance.now() - this.#since >= 1000 * seconds ? this.#why : undefined;
  }
}

type Waiting = { readonly resolve: (reply: Reply) => void; readonly reject: (error: Error) => void };

export class QueueLink {
  /** Whether commands can be sent. */
  connected = false;
  onconnect: () => void = () => {};
  /** Called when an established connection ends. */
  onclose: (error?: Error) => void = () => {};
  readonly #server: QueueServer;
  readonly #outage: Outage;
  readonly #name: string | undefined;
  readonly #waiting: Waiting[] = [];
  #socket: Socket | undefined;
  #closing = false;

  constructor(server: QueueServer, outage: Outage, name?: string) {
    this.#server = server;
    this.#outage = outage;
    this.#name = name;
  }

  /**
   * @throws BispikeError "platform" when no server answers, it refuses us, or it is none of Redis' kind
   */
  async connect(): Promise<void> {
    if (this.connected) return;
    if (this.#outage.over) throw new Error("Connection is closed.");
    const { host, port, user, password, database } = this.#server;
    const socket = connectSocket({ host, port });
    this.#socket = socket;
    this.#closing = false;
    this.#outage.add(this);
    socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MILLISECONDS);
    socket.setTimeout(CONNECT_MILLISECONDS, () => socket.destroy(new Error("no answer for 10 s")));
    const reader = new ReplyReader();
    socket.on("data", (chunk: Buffer) => {
      try {
        for (const reply of reader.add(chunk)) this.#settle(reply);
      } catch (error) {
        socket.destroy(error as Error);
      }
    });
    let failure: Error | undefined;
    socket.on("error", (error) => {
      failure = error;
    });
    socket.once("close", () => this.#ended(socket, failure));
    try {
      if (password !== undefined) await this.#ask(["AUTH", ...(user === undefined ? [] : [user]), password]);
      // Also fails while a server that was restarted still reads its data, or wants a password.
      await this.#ask(["PING"]);
      if (database !== 0) await this.#ask(["SELECT", String(database)]);
      if (this.#name !== undefined) await this.#ask(["CLIENT", "SETNAME", this.#name]);
    } catch (error) {
      const worded = this.#worded(failure ?? (error as Error));
      this.#outage.began(worded);
      socket.destroy();
      throw worded;
    }
    socket.setTimeout(0);
    this.connected = true;
    this.#outage.ended();
    this.onconnect();
  }

  /** Sends a command; replies come in the order of the commands. */
  send(command: string, args: readonly (string | Uint8Array)[]): Promise<Reply> {
    if (!this.connected) return Promise.reject(new Error("Connection is closed."));
    return this.#ask([command, ...args]);
  }

  close(): void {
    this.#closing = true;
    this.#socket?.destroy();
  }

  /** As `close`. */
  disconnect(): void {
    this.close();
  }

  /** Another connection to the same server. */
  duplicate({ name }: { readonly name?: string } = {}): QueueLink {
    return new QueueLink(this.#server, this.#outage, name ?? this.#name);
  }

  #ask(words: readonly (string | Uint8Array)[]): Promise<Reply> {
    const socket = this.#socket;
    // A destroyed socket has told of its end already.
    if (!socket || socket.destroyed) return Promise.reject(new Error("Connection closed"));
    return new Promise<Reply>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      socket.write(encodeRequest(words));
    });
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.shift();
    if (!waiting) throw new ProtocolFault("a reply that nothing asked for");
    if (reply instanceof ReplyError) waiting.reject(reply);
    else waiting.resolve(reply);
  }

  #ended(socket: Socket, failure: Error | undefined): void {
    if (socket !== this.#socket) return;
    const was = this.connected;
    this.connected = false;
    this.#outage.remove(this);
    // The adapter knows lost connections by these words.
    for (const { reject } of this.#waiting.splice(0)) reject(new Error("Connection closed"));
    if (!was) return;
    const error = this.#closing ? undefined : this.#worded(failure ?? new Error("the connection was closed"));
    if (error) this.#outage.began(error);
    this.onclose(error);
  }

  #worded(error: Error): BispikeError {
    const { shown } = this.#server;
    const say = (what: string) => new BispikeError("platform", `${shown}: ${what}`, { cause: error });
    if (error instanceof BispikeError) return error;
    if (error instanceof ProtocolFault) return say(`is not a Redis or Valkey server: it sent ${error.message}`);
    if (error instanceof ReplyError) {
      if (/^(NOAUTH|WRONGPASS)|without any password/.test(error.message))
        return say(`refused the password or the want of one (${error.message})`);
      return say(`refused us: ${error.message}`);
    }
    const code = "code" in error ? String(error.code) : "";
    if (code === "ENOTFOUND" || code === "EAI_AGAIN") return say(`there is no such host (${code})`);
    if (code === "ECONNREFUSED")
      return say("no server answers there (ECONNREFUSED); start one, or check host and port");
    return say(`the connection failed: ${error.message}`);
  }
}

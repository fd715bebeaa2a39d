/**
 * Channels between parts over sockets: TCP (`host:port`) or, on one machine, a Unix socket (a path with a slash).
 *
 * The other end is not trusted: a frame is read only as far as its kind's limit, unread frames are few, and a first frame must come soon. It is not authenticated and nothing is encrypted: listen on
 * loopback or a network of your own, or go through a tunnel.
 */
import { existsSync, rmSync, statSync } from "node:fs";
import { connect as connectSocket, createServer, type ListenOptions, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { BispikeError } from "../errors.ts";
import { type Channel, encodeFrame, type Frame, type FrameLimits, FrameReader, gone, Inbox } from "./frames.ts";

/** Unread frames over which no more is read from the socket. */
const MOST_UNREAD = 16;
/** Unsent bytes over which a sender waits. */
const MOST_UNSENT = 1 << 26;
/** Who may call at once before one has said hello. */
const MOST_CALLERS = 8;
/** A caller that is silent for this long is no neighbour. */
const HELLO_MILLISECONDS = 30_000;
const RETRY_MILLISECONDS = 200;

/** Where to listen or connect, for Node. */
export type Address = { readonly host: string; readonly port: number } | { readonly path: string };

/**
 * An address from text.
 *
 * @param text `host:port`, `[::1]:port`, or a path with a slash for a Unix socket
 * @throws BispikeError "usage"
 * @example
 * parseAddress("127.0.0.1:7000"); // { host: "127.0.0.1", port: 7000 }
 */
export function parseAddress(text: string): Address {
  const found = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:/[\]\s]+)):(\d{1,5})$/.exec(text);
  const port = Number(found?.[3]);
  if (found && port <= 65535) return { host: (found[1] ?? found[2])!, port };
  if (text.includes("/") && text.length <= 100) return { path: text };
  throw new BispikeError(
    "usage",
    `expected an address such as 127.0.0.1:7000, or a path with a slash (at most 100 characters) for a Unix socket, got ${text}`,
  );
}

/** An address as a person writes it. */
export function describeAddress(address: Address): string {
  if ("path" in address) return address.path;
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** A socket that waits for a neighbour. */
export interface Listening {
  /** Where it listens; the port is the system's where 0 was asked for. */
  readonly address: Address;
  /** The first caller that sends a whole frame; whoever else is there or comes later is turned away. */
  accept(): Promise<Channel>;
  /** Stops waiting. */
  close(): void;
}

/**
 * Waits for one neighbour.
 *
 * @throws BispikeError "platform" when the address cannot be listened at
 * @example
 * const listening = await listenForPart({ host: "127.0.0.1", port: 7000 }, limitsOf(part.model.pair, "above"));
 * const above = await listening.accept();
 */
export async function listenForPart(address: Address, limits: FrameLimits): Promise<Listening> {
  const server = createServer({ noDelay: true });
  if ("path" in address) removeStale(address.path);
  await listening(server, address);
  const accepted = new Promise<Channel>((resolve, reject) => {
    server.once("error", reject);
    const callers = new Set<Socket>();
    server.on("connection", (socket) => {
      if (callers.size >= MOST_CALLERS) {
        socket.destroy();
        return;
      }
      callers.add(socket);
      socket.once("close", () => callers.delete(socket));
      socket.setTimeout(HELLO_MILLISECONDS, () => socket.destroy());
      const channel = socketChannel(socket, limits, () => {
        socket.setTimeout(0);
        callers.delete(socket);
        for (const other of callers) other.destroy();
        server.close();
        resolve(channel);
      });
    });
  });
  accepted.catch(() => {});
  const bound = server.address();
  const at = typeof bound === "object" && bound ? { host: bound.address, port: bound.port } : address;
  return { address: at, accept: () => accepted, close: () => server.close() };
}

async function listening(server: Server, address: ListenOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const where = describeAddress(address as Address);
      reject(
        new BispikeError(
          "platform",
          `cannot listen at ${where} (${cause.code}): is the address this machine's, and free?`,
          { cause },
        ),
      );
    });
    server.listen(address, resolve);
  });
  server.removeAllListeners("error");
}

/** A socket file whose process is gone would be in the way; anything else is left alone. */
function removeStale(path: string): void {
  if (existsSync(path) && statSync(path).isSocket()) rmSync(path, { force: true });
}

/**
 * Connects to a neighbour, which may not listen yet.
 *
 * @param patience `seconds` to try, and `stopped`, which is asked between attempts; true gives up
 * @throws BispikeError "platform" when nobody listened in that time
 * @example
 * const below = await connectToPart({ host: "127.0.0.1", port: 7000 }, limitsOf(part.model.pair, "below"), { seconds: 60 });
 */
export async function connectToPart(
  address: Address,
  limits: FrameLimits,
  patience: { readonly seconds: number; readonly stopped?: () => boolean },
): Promise<Channel> {
  const { seconds, stopped = () => false } = patience;
  const until = performance.now() + 1000 * seconds;
  for (;;) {
    try {
      return socketChannel(await open(address), limits);
    } catch (cause) {
      if (performance.now() > until || stopped()) {
        const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
        throw new BispikeError(
          "platform",
          `no part listens at ${describeAddress(address)} (${code}); start the part below with --listen`,
          { cause },
        );
      }
      await sleep(RETRY_MILLISECONDS);
    }
  }
}

function open(address: Address): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ ...address, noDelay: true });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}

/**
 * A channel over a connected socket.
 *
 * @param onFirst called when the first frame has come
 */
export function socketChannel(socket: Socket, limits: FrameLimits, onFirst: () => void = () => {}): Channel {
  const inbox = new Inbox();
  const reader = new FrameReader(limits);
  let greeted = false;
  socket.setKeepAlive(true, 10_000);
  socket.on("data", (bytes: Buffer) => {
    try {
      for (const frame of reader.read(bytes)) {
        inbox.push(frame);
        if (!greeted) onFirst();
        greeted = true;
      }
    } catch (error) {
      inbox.fail(error);
      socket.destroy();
    }
    if (inbox.size > MOST_UNREAD) socket.pause();
  });
  socket.on("error", (cause: NodeJS.ErrnoException) => inbox.fail(gone(`broke (${cause.code ?? cause.message})`)));
  socket.on("end", () => inbox.fail(gone(reader.whole ? "was closed" : "was closed within a frame")));
  socket.on("close", () => inbox.fail(gone("was closed")));
  return {
    send: (frame: Frame) => send(socket, frame),
    receive: () => {
      if (socket.isPaused() && inbox.size <= MOST_UNREAD) socket.resume();
      return inbox.receive();
    },
    close: () =>
      new Promise((resolve) => {
        if (socket.destroyed) resolve();
        else {
          socket.once("close", () => resolve());
          // What came and is not wanted any more is thrown away, so that the other end can finish too.
          socket.resume();
          socket.setTimeout(2000, () => socket.destroy());
          socket.end();
        }
      }),
  };
}

async function send(socket: Socket, frame: Frame): Promise<void> {
  if (!socket.writable) return;
  const [header, payload] = encodeFrame(frame);
  socket.cork();
  socket.write(header);
  if (payload.length > 0) socket.write(payload);
  socket.uncork();
  if (socket.writableLength <= MOST_UNSENT) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      socket.off("drain", done);
      socket.off("close", done);
      resolve();
    };
    socket.once("drain", done);
    socket.once("close", done);
  });
}

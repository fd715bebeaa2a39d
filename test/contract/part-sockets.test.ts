/** Sockets between parts: who is let in, who is turned away, and what is left behind. */
import { existsSync, linkSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer, Socket } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { encodeFrame, type Frame, signal } from "../../src/cluster/frames.ts";
import { connectToPart, listenForPart } from "../../src/cluster/socket-channel.ts";
import { temporaryFolders } from "../support/folder.ts";

const limits = { hello: 4096, perception: 512, recall: 64, stop: 0, end: 0, failure: 128 };
const folder = temporaryFolders();
const callers: Socket[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const socket of callers.splice(0)) socket.destroy();
});

/** Someone who calls and says nothing by itself; `ended` is the end that the other side makes. */
async function call(port: number) {
  const socket = connect(port, "127.0.0.1");
  callers.push(socket);
  socket.on("error", () => {});
  const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await Promise.race([new Promise<void>((resolve) => socket.once("connect", () => resolve())), ended]);
  return { socket, ended };
}
const say = (socket: Socket, frame: Frame) => {
  for (const bytes of encodeFrame(frame)) socket.write(bytes);
};
async function listen() {
  const listening = await listenForPart({ host: "127.0.0.1", port: 0 }, limits);
  return { listening, port: (listening.address as { port: number }).port };
}

describe("who listens", () => {
  it("lets in the first to say hello, turns away who is silent beside it, and listens no longer", async () => {
    const { listening, port } = await listen();
    const [silent, neighbour] = [await call(port), await call(port)];
    say(neighbour.socket, signal("hello", 0));
    const channel = await listening.accept();
    await silent.ended;
    const late = await call(port);
    await late.ended;
    expect(late.socket.bytesRead).toBe(0);
    expect(neighbour.socket.destroyed).toBe(false);
    const other = await listenForPart({ host: "127.0.0.1", port }, limits);
    other.close();
    neighbour.socket.end();
    await channel.close();
  });

  it("hears eight callers at once, and sends a ninth away", async () => {
    const { listening, port } = await listen();
    for (let k = 0; k < 8; k++) await call(port);
    const ninth = await call(port);
    await ninth.ended;
    expect(callers.slice(0, 8).map(({ destroyed }) => destroyed)).toEqual(Array(8).fill(false));
    listening.close();
  });

  it("gives callers half a minute to say hello, and a neighbour all the time its steps take", async () => {
    const timeouts = vi.spyOn(Socket.prototype, "setTimeout");
    const { listening, port } = await listen();
    const { socket } = await call(port);
    say(socket, signal("hello", 0));
    const channel = await listening.accept();
    expect(timeouts.mock.calls.map(([milliseconds]) => milliseconds)).toEqual([30_000, 0]);
    socket.end();
    await channel.close();
  });

  it("takes the place of a socket whose process is gone, and leaves any other file alone", async () => {
    const cwd = folder();
    const [first, stale, notes] = ["first.sock", "stale.sock", "notes.txt"].map((name) => join(cwd, name)) as [
      string,
      string,
      string,
    ];
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(first, resolve));
    linkSync(first, stale);
    await new Promise((resolve) => gone.close(resolve));
    expect(existsSync(stale)).toBe(true);
    const listening = await listenForPart({ path: stale }, limits);
    listening.close();
    expect(existsSync(stale)).toBe(false);
    writeFileSync(notes, "mine");
    await expect(listenForPart({ path: notes }, limits)).rejects.toThrow(
      /^cannot listen at .*notes\.txt \(EADDRINUSE\)/,
    );
    expect(readFileSync(notes, "utf8")).toBe("mine");
  });
});

describe("who calls", () => {
  it("waits for a part that listens later, gives up when told to or when time is up, and says where nobody was", async () => {
    const { listening, port } = await listen();
    listening.close();
    const address = { host: "127.0.0.1", port };
    const nobody = `no part listens at 127.0.0.1:${port} (ECONNREFUSED); start the part below with --listen`;
    const began = performance.now();
    await expect(connectToPart(address, limits, { seconds: 60, stopped: () => true })).rejects.toThrow(nobody);
    await expect(connectToPart(address, limits, { seconds: 0.3 })).rejects.toMatchObject({
      code: "platform",
      message: nobody,
    });
    expect(performance.now() - began).toBeLessThan(20_000);
    const connecting = connectToPart(address, limits, { seconds: 60 });
    const later = await listenForPart(address, limits);
    const below = await connecting;
    await below.send(signal("hello", 0));
    const above = await later.accept();
    await Promise.all([below.close(), above.close()]);
  });

  it("gets every frame, however many were sent before one was taken", async () => {
    const { listening, port } = await listen();
    const below = await connectToPart({ host: "127.0.0.1", port }, limits, { seconds: 60 });
    for (let step = 0; step < 200; step++) await below.send(signal("hello", step, new Uint8Array(4096).fill(step)));
    const above = await listening.accept();
    await new Promise((resolve) => setTimeout(resolve, 100));
    // More than the other end may leave unread, in pieces that come one by one.
    for (let step = 0; step < 200; step++) {
      const { step: read, payload } = await above.receive();
      expect([read, payload[4095]]).toEqual([step, step]);
    }
    await Promise.all([below.close(), above.close()]);
  });
});

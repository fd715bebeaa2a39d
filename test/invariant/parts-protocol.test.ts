/** What a part reads from others is not trusted: whatever comes, it ends in a typed error that says what was wrong, and no more room is made than a frame may need. */
import { connect } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeHello,
  encodeFrame,
  encodeHello,
  type Frame,
  FrameReader,
  HEADER_BYTES,
  Inbox,
  type SpikeCoding,
  signal,
} from "../../src/cluster/frames.ts";
import { listenForPart, parseAddress } from "../../src/cluster/socket-channel.ts";
import { bitsOf, bytesOf, decodeEvents, encodeEvents, packSpikes, unpackSpikes } from "../../src/cluster/spikes.ts";
import { BispikeError } from "../../src/errors.ts";
import { joined, smallParts } from "../support/small-parts.ts";

const limits = { hello: 4096, perception: 512, recall: 64, stop: 0, end: 0, failure: 128 };
const whole = (frame: Frame) => Uint8Array.from(encodeFrame(frame).flatMap((bytes) => [...bytes]));
const spikes = (shape: { height: number; width: number; channels: number }, steps: number, rows: number) => {
  const tiles = Math.ceil(shape.channels / 16);
  return { shape, steps, masks: { view: new Uint16Array(rows * steps * shape.height * shape.width * tiles) } };
};

describe("frames", () => {
  const frames = fc.array(
    fc.record({
      kind: fc.constantFrom("hello", "perception", "failure", "end") as fc.Arbitrary<Frame["kind"]>,
      coding: fc.constantFrom<SpikeCoding[]>("bits", "events") as fc.Arbitrary<SpikeCoding>,
      step: fc.nat(2 ** 32 - 1),
      payload: fc.uint8Array({ maxLength: 100 }),
    }),
    { maxLength: 5 },
  );

  it("come back whatever pieces the stream comes in", () => {
    fc.assert(
      fc.property(frames, fc.infiniteStream(fc.nat(40)), (given, sizes) => {
        const sent = given.map((frame) => (frame.kind === "end" ? { ...frame, payload: new Uint8Array() } : frame));
        const stream = Uint8Array.from(sent.flatMap((frame) => [...whole(frame)]));
        const reader = new FrameReader(limits);
        const read: Frame[] = [];
        for (let at = 0; at < stream.length; ) {
          const size = sizes.next().value as number;
          read.push(...reader.read(stream.subarray(at, at + size)));
          at += size;
        }
        expect(read).toEqual(sent);
        expect(reader.whole).toBe(true);
      }),
    );
  });

  it("cut short: no frame, and the reader knows", () => {
    const bytes = whole(signal("hello", 1, new Uint8Array(50)));
    for (let length = 1; length < bytes.length; length++) {
      const reader = new FrameReader(limits);
      expect([...reader.read(bytes.subarray(0, length))]).toEqual([]);
      expect(reader.whole).toBe(false);
    }
  });

  const changed = (at: number, value: number) => {
    const bytes = whole(signal("perception", 0, new Uint8Array(8)));
    bytes[at] = value;
    return bytes;
  };
  it.each([
    ["foreign bytes", changed(0, 71), /expected a frame of bispike's/],
    ["another version", changed(4, 9), /expected protocol version 1, got 9/],
    ["an unknown kind", changed(5, 99), /of a known kind/],
    ["an unknown coding", changed(6, 7), /of a known kind/],
    ["a payload over its limit", changed(15, 255), /a perception frame: expected at most 512 bytes, got 4278190088/],
    [
      "a payload where none belongs",
      whole(signal("stop", 0, new Uint8Array(1))),
      /a stop frame: expected at most 0 bytes, got 1/,
    ],
  ])("%s: refused by its header", (_, bytes, message) => {
    const read = () => [...new FrameReader(limits).read(bytes.subarray(0, HEADER_BYTES))];
    expect(read).toThrow(BispikeError);
    expect(read).toThrow(message);
  });

  it("of any bytes: frames or a typed error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(30), (junk, from) => {
        const bytes = whole(signal("hello", 3, new Uint8Array(40)));
        bytes.set(junk.subarray(0, Math.max(0, bytes.length - from)), from);
        try {
          for (const frame of new FrameReader(limits).read(bytes)) decodeHello(frame);
        } catch (error) {
          expect(error).toBeInstanceOf(BispikeError);
        }
      }),
    );
  });
});

describe("spikes", () => {
  const cases = fc.record({
    height: fc.integer({ min: 1, max: 3 }),
    width: fc.integer({ min: 1, max: 3 }),
    channels: fc.integer({ min: 1, max: 37 }),
    steps: fc.integer({ min: 1, max: 4 }),
    rows: fc.integer({ min: 1, max: 3 }),
    rate: fc.constantFrom(0, 0.01, 0.1, 0.5, 1),
    seed: fc.nat(),
  });

  it("as bits and as events come back, one bit a unit and step", () => {
    fc.assert(
      fc.property(cases, ({ steps, rows, rate, seed, ...shape }) => {
        const sent = spikes(shape, steps, rows);
        const tiles = Math.ceil(shape.channels / 16);
        let state = seed;
        for (let k = 0; k < sent.masks.view.length * 16; k++) {
          state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
          const channel = (Math.floor(k / 16) % tiles) * 16 + (k % 16);
          if (channel < shape.channels && state / 2 ** 32 < rate) sent.masks.view[k >> 4]! |= 1 << (k % 16);
        }
        const bits = packSpikes(sent, rows);
        expect(bits.length).toBe(Math.ceil((rows * steps * shape.height * shape.width * shape.channels) / 8));
        const taken = spikes(shape, steps, rows);
        unpackSpikes(bits, taken, rows);
        expect(taken.masks.view).toEqual(sent.masks.view);
        const events = encodeEvents(bits);
        if (events) {
          expect(events.length).toBeLessThan(bits.length);
          expect(decodeEvents(events, bitsOf(sent, rows))).toEqual(bits);
        }
      }),
    );
  });

  it("events of one unit in ten are near the entropy of independent ones", () => {
    const bits = new Uint8Array(20000);
    let state = 1;
    for (let k = 0; k < bits.length * 8; k++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      if (state / 2 ** 32 < 0.1) bits[k >> 3]! |= 1 << (k & 7);
    }
    const entropy = -(0.1 * Math.log2(0.1) + 0.9 * Math.log2(0.9));
    const used = (encodeEvents(bits)!.length * 8) / (bits.length * 8);
    expect(used).toBeGreaterThan(0.97 * entropy);
    expect(used).toBeLessThan(1.06 * entropy);
  });

  it("of any bytes: spikes or a typed error, and never a bit where there is no unit", () => {
    const shape = { height: 1, width: 2, channels: 5 };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), fc.boolean(), (bytes, coded) => {
        const taken = spikes(shape, 2, 1);
        try {
          unpackSpikes(coded ? decodeEvents(bytes, bitsOf(taken, 1)) : bytes, taken, 1);
        } catch (error) {
          expect(error).toBeInstanceOf(BispikeError);
        }
        for (const mask of taken.masks.view) expect(mask >> 5).toBe(0);
        expect(bytesOf(taken, 1)).toBe(3);
      }),
    );
  });
});

describe("a neighbour that is not what it should be", () => {
  const raw = { data: { path: "bars", validation: 0 }, network: { hidden: [9, 9] }, train: { epochs: 1, batch: 40 } };

  /** The lower part's error when the upper one's frames are changed on their way down. */
  async function lowerError(change: (frame: Frame) => Frame): Promise<unknown> {
    const { results } = await smallParts(raw, {
      after: [2],
      neighbours: (parts) => {
        const [lower, upper] = joined(parts);
        const { above } = lower!;
        const receive = async () => change(await above!.receive());
        return [
          { above: { ...above!, receive, close: () => above!.close(), send: (frame) => above!.send(frame) } },
          upper!,
        ];
      },
    });
    const [result] = results;
    expect(
      results.every(({ status }) => status === "rejected"),
      "both end",
    ).toBe(true);
    return result?.status === "rejected" ? result.reason : undefined;
  }

  it.each([
    ["another experiment", "config", "00000000", "usage", /another experiment/],
    ["other data", "data", "00000000", "usage", /other data/],
    ["another version", "software", "0.0.0", "usage", /another version of bispike: it has 0.0.0, we have test/],
    ["another depth", "depth", 3, "usage", /another --depth/],
    [
      "other stages",
      "stages",
      { first: 4, last: 4 },
      "usage",
      /expected one from stage 3 up, of 4 stages, got stages 4/,
    ],
    ["no steps", "steps", [], "data", /its hello is not one: steps/],
    ["no common step", "steps", [77], "checkpoint", /there is no common step/],
  ])("%s: refused at the start", async (_, field, value, code, message) => {
    const error = await lowerError((frame) => {
      if (frame.kind !== "hello") return frame;
      return encodeHello({ ...decodeHello(frame), [field]: value });
    });
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it("that was refused hears why", async () => {
    const { results } = await smallParts(raw, {
      after: [2],
      neighbours: (parts) => {
        const [lower, upper] = joined(parts);
        const above = { ...lower!.above! };
        const receive = async () => {
          const frame = await lower!.above!.receive();
          return frame.kind === "hello" ? encodeHello({ ...decodeHello(frame), data: "00000000" }) : frame;
        };
        return [{ above: { ...above, receive } }, upper!];
      },
    });
    const [, upper] = results;
    expect(upper).toMatchObject({
      status: "rejected",
      reason: {
        message: expect.stringMatching(/^the part below stages 3-4: it stopped: the part above stages 1-2: other data/),
      },
    });
  });

  it("that ends before it says why: its own output does", async () => {
    const { results } = await smallParts(raw, {
      after: [2],
      neighbours: (parts) => {
        const [lower, upper] = joined(parts);
        const silent = { ...lower!.above!, receive: () => Promise.reject(new Error("gone")), send: async () => {} };
        return [{ above: silent }, upper!];
      },
    });
    expect(results[1]).toMatchObject({
      status: "rejected",
      reason: { message: "the part below stages 3-4: the connection to it was closed; its own output says why" },
    });
  });

  it.each([
    [
      "spikes of another step",
      (frame: Frame) => ({ ...frame, step: frame.step + 1 }),
      /expected recall's spikes of step 0, got recall of step 1/,
    ],
    [
      "too few spikes",
      (frame: Frame) => ({ ...frame, payload: frame.payload.slice(1) }),
      /expected 144 spike bits in 18 bytes, got 17/,
    ],
    ["events that are none", (frame: Frame) => ({ ...frame, coding: "events" as const }), /spike events: /],
    ["an end from above", (frame: Frame) => signal("end", frame.step), /got end of step 0/],
    [
      "its own fault",
      (frame: Frame) => signal("failure", frame.step, new TextEncoder().encode("no disk")),
      /it stopped: no disk/,
    ],
  ])("%s: a typed error that names it", async (_, change, message) => {
    const error = await lowerError((frame) => (frame.kind === "recall" ? change(frame) : frame));
    expect(error).toBeInstanceOf(BispikeError);
    expect((error as Error).message).toMatch(/^the part above \(stages 3-4\): /);
    expect((error as Error).message).toMatch(message);
  });
});

it("an address that is none is refused", () => {
  for (const text of ["", "7000", "host:", "host:99999", "a b:1", "[::1]", `/${"x".repeat(200)}`])
    expect(() => parseAddress(text), text).toThrow(/expected an address/);
  expect(parseAddress("[::1]:7")).toEqual({ host: "::1", port: 7 });
  expect(parseAddress("./cut.sock")).toEqual({ path: "./cut.sock" });
});

it("a caller that talks nonsense is turned away, and the neighbour still gets in", async () => {
  const listening = await listenForPart({ host: "127.0.0.1", port: 0 }, limits);
  const { port } = listening.address as { port: number };
  const stranger = connect(port, "127.0.0.1");
  const refused = new Promise((resolve) => stranger.once("close", resolve));
  stranger.on("error", () => {});
  stranger.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await refused;
  const neighbour = connect(port, "127.0.0.1");
  neighbour.on("error", () => {});
  neighbour.write(whole(signal("hello", 0, new Uint8Array([1, 2]))));
  const channel = await listening.accept();
  expect(await channel.receive()).toEqual(signal("hello", 0, new Uint8Array([1, 2])));
  neighbour.write(whole(signal("end", 5)).subarray(0, 7));
  neighbour.end();
  await expect(channel.receive()).rejects.toMatchObject({ code: "platform", message: /closed within a frame/ });
  await channel.close();
});

it("an inbox gives what came before it failed, then the first reason", async () => {
  const inbox = new Inbox();
  inbox.push(signal("end", 1));
  inbox.fail(new BispikeError("platform", "first"));
  inbox.fail(new BispikeError("platform", "second"));
  expect((await inbox.receive()).step).toBe(1);
  await expect(inbox.receive()).rejects.toThrow("first");
});

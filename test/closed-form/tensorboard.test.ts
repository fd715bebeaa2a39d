/** TensorBoard's event files: the published CRC vectors, and records taken apart again. */
import { PbfReader } from "pbf";
import { describe, expect, it } from "vitest";
import { crc32c, encodeEvents, encodeRecord, maskedCrc, scalarsOf } from "../../src/formats/tensorboard.ts";

describe("CRC-32C", () => {
  // RFC 3720, appendix B.4, and the check value of the polynomial's catalogue entry.
  it.each([
    ["123456789", new TextEncoder().encode("123456789"), 0xe3069283],
    ["32 bytes of zeros", new Uint8Array(32), 0x8a9136aa],
    ["32 bytes of ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ["32 bytes that rise", Uint8Array.from({ length: 32 }, (_, k) => k), 0x46dd794e],
    ["32 bytes that fall", Uint8Array.from({ length: 32 }, (_, k) => 31 - k), 0x113fdb5c],
    ["nothing", new Uint8Array(), 0],
  ])("of %s", (_, bytes, crc) => {
    expect(crc32c(bytes)).toBe(crc);
  });

  it("is masked by a rotation and a constant", () => {
    // crc 0: 0 + 0xa282ead8; crc 0xe3069283 rotated right by 15 is 0x2507c60d.
    expect(maskedCrc(new Uint8Array())).toBe(0xa282ead8);
    expect(maskedCrc(new TextEncoder().encode("123456789"))).toBe((0x2507c60d + 0xa282ead8) >>> 0);
  });
});

/** Messages of a file, CRCs checked. */
function records(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer);
  const messages: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(view.getBigUint64(at, true));
    expect(view.getUint32(at + 8, true)).toBe(maskedCrc(bytes.subarray(at, at + 8)));
    const message = bytes.subarray(at + 12, at + 12 + length);
    expect(view.getUint32(at + 12 + length, true)).toBe(maskedCrc(message));
    messages.push(message);
    at += 16 + length;
  }
  return messages;
}

interface Read {
  wallTime?: number;
  step?: number;
  version?: string;
  values: [string, number][];
}

/** An Event by its field numbers in event.proto and summary.proto. */
function event(message: Uint8Array): Read {
  return new PbfReader(message).readFields<Read>(
    (tag, read, pbf) => {
      if (tag === 1) read.wallTime = pbf.readDouble();
      if (tag === 2) read.step = pbf.readVarint();
      if (tag === 3) read.version = pbf.readString();
      if (tag === 5) {
        pbf.readMessage((field, _, inner) => {
          if (field !== 1) return;
          const value: [string, number] = ["", Number.NaN];
          inner.readMessage((part, pair, deepest) => {
            if (part === 1) pair[0] = deepest.readString();
            if (part === 2) pair[1] = deepest.readFloat();
          }, value);
          read.values.push(value);
        }, {});
      }
    },
    { values: [] },
  );
}

describe("event files", () => {
  it("begin with their version, then hold each moment's scalars", () => {
    const events = [
      { wallTime: 1.7e9 + 0.25, step: 1, scalars: [["a", 0.5] as const, ["b/stage2", -2] as const] },
      { wallTime: 1.7e9 + 1, step: 5_000_000_000, scalars: [] },
    ];
    const [first, ...others] = records(encodeEvents(events, 1.7e9)).map(event);
    expect(first).toEqual({ wallTime: 1.7e9, version: "brain.Event:2", values: [] });
    expect(others).toEqual([
      {
        wallTime: 1.7e9 + 0.25,
        step: 1,
        values: [
          ["a", 0.5],
          ["b/stage2", -2],
        ],
      },
      { wallTime: 1.7e9 + 1, step: 5_000_000_000, values: [] },
    ]);
  });

  it("are the bytes the format says", () => {
    // Event { step: 1 }: field 2, varint.
    expect([...encodeRecord(Uint8Array.of(0x10, 1)).subarray(0, 8)]).toEqual([2, 0, 0, 0, 0, 0, 0, 0]);
    expect([...encodeRecord(Uint8Array.of(0x10, 1)).subarray(12, 14)]).toEqual([0x10, 1]);
  });
});

describe("metric lines", () => {
  it("become a scalar a number; stages count from the stimulus (losses) or the first hidden one", () => {
    const line = {
      kind: "step" as const,
      step: 9,
      epoch: 2,
      seconds: 4,
      loss: 0.5,
      none: null,
      stageLosses: [1, 2],
      perceptionRates: [0.1],
      note: "x",
    };
    expect(scalarsOf(line, 100)).toEqual({
      wallTime: 104,
      step: 9,
      scalars: [
        ["step/epoch", 2],
        ["step/seconds", 4],
        ["step/loss", 0.5],
        ["step/stageLosses/stage1", 1],
        ["step/stageLosses/stage2", 2],
        ["step/perceptionRates/stage2", 0.1],
      ],
    });
  });
});

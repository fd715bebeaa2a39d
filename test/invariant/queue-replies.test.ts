/** Replies of a queue's server are the same however the network cuts them; anything else than replies is refused. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeRequest, ProtocolFault, type Reply, ReplyError, ReplyReader } from "../../src/node/queue/resp.ts";

const leaf = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.maxSafeInteger(),
  fc.constant(null),
  fc.stringMatching(/^ERR [a-z ]{0,9}$/).map((text) => new ReplyError(text)),
);
const reply = fc.oneof(leaf, fc.array(fc.oneof(leaf, fc.array(leaf, { maxLength: 3 })), { maxLength: 4 }));

function encode(value: Reply): Buffer {
  if (value === null) return Buffer.from("$-1\r\n");
  if (typeof value === "number") return Buffer.from(`:${value}\r\n`);
  if (value instanceof ReplyError) return Buffer.from(`-${value.message}\r\n`);
  if (typeof value === "string") return Buffer.from(`$${Buffer.byteLength(value)}\r\n${value}\r\n`);
  return Buffer.concat([Buffer.from(`*${value.length}\r\n`), ...value.map(encode)]);
}

describe("replies", () => {
  it("are read the same from any pieces", () => {
    fc.assert(
      fc.property(fc.array(reply, { maxLength: 5 }), fc.array(fc.nat(40), { maxLength: 20 }), (replies, cuts) => {
        const bytes = Buffer.concat(replies.map(encode));
        const reader = new ReplyReader();
        const found: Reply[] = [];
        let at = 0;
        for (const length of [...cuts, bytes.length]) {
          found.push(...reader.add(bytes.subarray(at, at + length)));
          at += length;
        }
        expect(found).toEqual(replies);
      }),
    );
  });

  it.each(["HTTP/1.1 400 Bad Request\r\n", "<html>", ":12x\r\n", "$999999999999\r\n", "*1\r\n".repeat(20)])(
    "refuses %j",
    (text) => {
      expect(() => new ReplyReader().add(Buffer.from(text))).toThrow(ProtocolFault);
    },
  );

  it("requests count bytes, not letters", () => {
    expect(encodeRequest(["GET", "é", new Uint8Array([13, 10])]).toString("latin1")).toBe(
      "*3\r\n$3\r\nGET\r\n$2\r\n\u00c3\u00a9\r\n$2\r\n\r\n\r\n",
    );
  });
});

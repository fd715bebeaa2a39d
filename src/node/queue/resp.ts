/**
 * RESP2, what Redis and Valkey speak over a socket:
 *
 *   request    *N CRLF, then $LENGTH CRLF BYTES CRLF for each of N words
 *   reply      +text   -error   :integer   $LENGTH CRLF BYTES   *N CRLF and N replies; a length of -1 is null
 */

export type Reply = string | number | null | ReplyError | readonly Reply[];

/** An error reply; its first word is its kind, such as WRONGPASS. */
export class ReplyError extends Error {}

/** The peer sends something else than replies. */
export class ProtocolFault extends Error {}

/** Far above any reply a queue gets, far below what hurts. */
const MOST_BYTES = 1 << 26;
const MOST_DEPTH = 8;

const CRLF = Buffer.from("\r\n");

/** @example encodeRequest(["GET", "key"]) // *2 $3 GET $3 key, with CRLF between */
export function encodeRequest(words: readonly (string | Uint8Array)[]): Buffer {
  const parts: Uint8Array[] = [Buffer.from(`*${words.length}\r\n`)];
  for (const word of words) {
    const bytes = typeof word === "string" ? Buffer.from(word) : word;
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, CRLF);
  }
  return Buffer.concat(parts);
}

/** Cuts a stream of bytes into replies, however they arrive. */
export class ReplyReader {
  #bytes = Buffer.alloc(0);

  /**
   * @returns the replies that are whole by now
   * @throws ProtocolFault
   */
  add(chunk: Uint8Array): Reply[] {
    this.#bytes = this.#bytes.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#bytes, chunk]);
    const replies: Reply[] = [];
    let at = 0;
    for (;;) {
      const found = readReply(this.#bytes, at, 0);
      if (!found) break;
      replies.push(found.reply);
      at = found.end;
    }
    this.#bytes = this.#bytes.subarray(at);
    if (this.#bytes.length > MOST_BYTES + 64) throw new ProtocolFault("a reply of more than 64 MiB");
    return replies;
  }
}

/** Undefined while it is not whole. */
function readReply(bytes: Buffer, at: number, depth: number): { reply: Reply; end: number } | undefined {
  const kind = String.fromCharCode(bytes[at] ?? 43);
  if (!"+-:$*".includes(kind)) throw new ProtocolFault(`a reply that begins with ${JSON.stringify(kind)}`);
  const lineEnd = bytes.indexOf(CRLF, at);
  if (lineEnd < 0) return undefined;
  const line = bytes.toString("utf8", at + 1, lineEnd);
  const next = lineEnd + 2;
  if (kind === "+") return { reply: line, end: next };
  if (kind === "-") return { reply: new ReplyError(line), end: next };
  if (!/^-?\d{1,19}$/.test(line))
    throw new ProtocolFault(`${JSON.stringify(line.slice(0, 40))} where a number belongs`);
  const number = Number(line);
  if (kind === ":") return { reply: number, end: next };
  if (number < 0) return { reply: null, end: next };
  if (number > MOST_BYTES) throw new ProtocolFault(`a reply of ${number} bytes`);
  if (kind === "$") {
    if (bytes.length < next + number + 2) return undefined;
    return { reply: bytes.toString("utf8", next, next + number), end: next + number + 2 };
  }
  if (depth >= MOST_DEPTH) throw new ProtocolFault(`replies nested more than ${MOST_DEPTH} deep`);
  const list: Reply[] = [];
  let end = next;
  while (list.length < number) {
    const found = readReply(bytes, end, depth + 1);
    if (!found) return undefined;
    list.push(found.reply);
    end = found.end;
  }
  return { reply: list, end };
}

/** Where a queue's server is: `redis://[user[:password]@]host[:port][/database]`, or `rediss://` by TLS. */
import { BispikeError } from "../../errors.ts";

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

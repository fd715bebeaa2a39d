/** A queue's server by its address, and for how long it may be away; no server is asked. */
import { afterEach, expect, it, vi } from "vitest";
import { Outage, PASSWORD_VARIABLE, parseServer } from "../../src/cluster/queue.ts";
import { BispikeError } from "../../src/errors.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

it("is read whole, and shown without user and password", () => {
  vi.stubEnv(PASSWORD_VARIABLE, "");
  const usual = { host: "h", port: 6379, database: 0, secure: false, shown: "redis://h:6379" };
  expect(parseServer("redis://h")).toEqual(usual);
  expect(parseServer("redis://h/")).toEqual(usual);
  expect(parseServer("rediss://me:p%40ss@[::1]:7000/3")).toEqual({
    ...{ host: "::1", port: 7000, database: 3, secure: true, user: "me", password: "p@ss" },
    shown: "rediss://[::1]:7000/3",
  });
});

it("has its password from the environment where the address has none", () => {
  vi.stubEnv(PASSWORD_VARIABLE, "quiet");
  expect(parseServer("redis://h").password).toBe("quiet");
  expect(parseServer("redis://:loud@h").password).toBe("loud");
});

it.each(["nothing", "http://h", "redis://", "redis://:secret@h/one", "redis://:secret@h/1?x=2", "redis://h/1#a"])(
  "%s is refused, without a word of its password",
  (url) => {
    expect(() => parseServer(url)).toThrow(/^--queue: expected redis\[s\]:\/\/(?!.*secret)/);
    expect(() => parseServer(url)).toThrow(BispikeError);
  },
);

it("is away since it went, for its newest reason, until it is back", () => {
  const clock = vi.spyOn(performance, "now");
  const at = (seconds: number) => clock.mockReturnValue(1000 * seconds);
  const [first, second] = ["first", "second"].map((why) => new BispikeError("platform", why));
  const outage = new Outage();
  at(10);
  expect(outage.longerThan(0)).toBeUndefined();
  outage.began(first!);
  at(12);
  outage.began(second!);
  at(14.9);
  expect(outage.longerThan(5)).toBeUndefined();
  at(15);
  expect(outage.longerThan(5)).toBe(second);
  outage.ended();
  expect(outage.longerThan(0)).toBeUndefined();
});

/** Ids of a sweep's jobs as Python's hashlib and json give them: sha256(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)). */
import { describe, expect, it } from "vitest";
import { canonical, jobId } from "../../src/cluster/sweep-plan.ts";
import type { AnyConfig } from "../../src/training/any-config.ts";

const config = (train: object) =>
  ({
    name: "words",
    task: "next-character",
    data: { text: "words.txt", validation: 0.1 },
    network: { hidden: [8, 4], threshold: { recall: 1, perception: 0.6 } },
    train,
  }) as unknown as AnyConfig;
const train = { seed: 3, epochs: 2, learningRate: 0.01 };

describe("job ids", () => {
  it.each([
    [train, "0.1.0", "j4e03485b272f5cef"],
    [{ ...train, seed: 4 }, "0.1.0", "jd86f6d3c78b98ab7"],
    [train, "0.2.0", "j6b6800b6b1c671ff"],
    // How a run goes is no part of what it learns, and the order of keys none of what they say.
    [{ learningRate: 0.01, threads: 8, checkpointSeconds: 5, epochs: 2, seed: 3 }, "0.1.0", "j4e03485b272f5cef"],
  ])("%j by %s", (train, version, id) => {
    expect(jobId(config(train), version)).toBe(id);
  });

  it("are of a text that is valid JSON and says the same", () => {
    const value = { b: [1, { d: null, c: '\u2028"é' }], a: -0.5, e: true };
    expect(JSON.parse(canonical(value))).toEqual(value);
    expect(canonical({ b: 1, a: undefined, "": 2 })).toBe('{"":2,"b":1}');
  });
});

/** `train`, `load` and `Run` as a user drives them: every problem on data that train in a moment, in memory, from files and from bytes. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { images, series, text } from "../../src/node/data.ts";
import {
  autoencoder,
  backprop,
  backpropAnn,
  bsd,
  ccl,
  cnn,
  dll,
  feedbackAlignment,
  load,
  mlp,
  recurrent,
  rStdp,
  type TrainOptions,
  train,
} from "../../src/node/main.ts";
import { runHere } from "../support/cli-here.ts";
import { temporaryFolders } from "../support/folder.ts";
import { smallDigits, writeSmallDigits } from "../support/small-digits.ts";
import { smallSeries, smallText } from "../support/small-sequence-run.ts";

const newFolder = temporaryFolders();
const digits = smallDigits();
const { shape, classNames } = digits;
const bars = () => images({ name: "bars", shape, classNames, train: digits.train, test: digits.test });
const one = (index: number) => digits.test.images.slice(64 * index, 64 * (index + 1));
const pictures = Array.from({ length: 9 }, (_, i) => one(i));
const small = { net: mlp([32]), epochs: 8, batch: 24, learningRate: 0.02, threads: 1 } as const;
const words = () => text({ content: smallText(), name: "words" }, { window: 8 });
const rows = Array.from({ length: 200 }, (_, n) => [Math.sin(n / 3), Math.cos(n / 4)]);
const waves = () => series({ rows, columns: ["a", "b"], name: "waves" }, { targets: ["b"], horizon: 2, window: 8 });

describe("images", () => {
  it("are named: what was trained predicts, recalls, is saved, and is the same when loaded", async () => {
    const epochs: number[] = [];
    const steps: number[] = [];
    const run = await train({
      ...small,
      data: await bars(),
      rule: bsd({ temperature: 0.2 }),
      onEpoch: ({ epoch, validation, train }) => epochs.push(epoch, validation.accuracy ?? -1, train.loss),
      onStep: ({ step, totalSteps }) => steps.push(step / totalSteps),
    });
    expect(run.problem).toBe("classify");
    expect(run.finished).toBe(true);
    expect(steps.at(-1)).toBe(1);
    expect(run.history.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(epochs.slice(-3)).toEqual([8, run.history[7]!.validation.accuracy, run.history[7]!.train.loss]);
    expect(run.config.rule.temperature).toBe(0.2);
    expect(run.labels).toEqual(classNames);
    const { accuracy } = await run.evaluate();
    expect(accuracy).toBeGreaterThan(0.9);
    expect((await run.evaluate("validation")).images).toBe(12);

    const said = await run.predict(one(1));
    expect(said.label).toBe("bar 1");
    expect(said.confidence).toBe(said.scores["bar 1"]);
    expect(Object.values(said.scores).reduce((sum, score) => sum + score)).toBeCloseTo(1, 12);
    expect(said.familiarity).toBeGreaterThan(0);
    expect(said.familiarity).toBeLessThanOrEqual(1);
    // What recall knows nothing of is less familiar.
    const noise = Uint8Array.from({ length: 64 }, (_, i) => (i * 97) % 251);
    expect((await run.predict(noise)).familiarity).toBeLessThan(said.familiarity!);

    const picture = await run.recall("bar 1");
    expect(picture).toMatchObject({ height: 8, width: 8, channels: 1 });
    const column = (x: number) => Array.from({ length: 8 }, (_, y) => picture.pixels[8 * y + x]!);
    const sum = (values: number[]) => values.reduce((a, b) => a + b);
    expect(sum(column(1))).toBeGreaterThan(2 * sum(column(0)));

    const folder = join(newFolder(), "digits");
    await run.save(folder);
    const [again, fromBytes] = [await load(folder, { problem: "classify", threads: 2 }), await load(run.bytes())];
    expect(again.history).toEqual(run.history);
    expect(again.finished).toBe(true);
    expect(again.bytes("last")).toEqual(run.bytes("last"));
    expect(fromBytes.problem).toBe("classify");
    for (const other of [again, fromBytes as typeof again]) {
      expect(await other.predict(one(1))).toEqual(said);
      expect(await other.recall("bar 1")).toEqual(picture);
      expect((await other.evaluate(await bars())).accuracy).toBe(accuracy);
      await other.close();
    }
    await expect(run.save(folder)).rejects.toThrow("already holds a run");
    await run.close();
    await expect(run.predict(one(1))).rejects.toThrow("this run is closed");
  });

  it.each([
    ["by bsd", { net: mlp([32]) }],
    ["of Poisson spikes", { net: mlp([16], { stimulus: "poisson" }) }],
    ["by a cnn", { net: cnn([8, 16]) }],
    ["by units that do not spike", { net: mlp([32]), rule: backpropAnn() }],
  ] as const)("%s give the same prediction alone and in a batch, whatever the threads", async (_, options) => {
    const run = await train({ ...small, epochs: 2, data: await bars(), ...options });
    const many = await run.predict(pictures);
    const threaded = await load(run.bytes(), { problem: "classify", threads: 2 });
    for (const [i, picture] of pictures.entries()) {
      expect(await run.predict(picture)).toEqual(many[i]);
      expect(await threaded.predict(picture)).toEqual(many[i]);
    }
    expect(await run.predict([])).toEqual([]);
    await run.close();
    await threaded.close();
  });

  it("are bytes, numbers from 0 to 1, or what is on a canvas", async () => {
    const run = await train({ ...small, epochs: 2, data: await bars() });
    const said = await run.predict(one(2));
    expect(await run.predict(Array.from(one(2), (byte) => byte / 255))).toEqual(said);
    expect(await run.predict(Float32Array.from(one(2), (byte) => byte / 255))).toEqual(said);
    expect(await run.predict(canvas(one(2)))).toEqual(said);
    await run.close();
  });

  it("come from a canvas with names beside them", async () => {
    const { train: part } = digits;
    const shown = Array.from({ length: part.count }, (_, i) => canvas(part.images.subarray(64 * i, 64 * (i + 1))));
    const labels = Array.from(part.labels, (label) => classNames[label]!);
    const run = await train({ ...small, data: await images(shown, { labels, validation: 20 }) });
    expect((await run.predict(canvas(one(3)))).label).toBe("bar 3");
    expect((await run.evaluate("validation")).images).toBe(20);
    await run.close();
  });

  it("come from a folder, where a loaded run finds them again", async () => {
    const folder = newFolder();
    const run = await train({ ...small, data: await images(writeSmallDigits(folder)) });
    const out = join(newFolder(), "run");
    await run.save(out);
    const again = await load(out, { problem: "classify" });
    expect(await again.evaluate("test")).toEqual(await run.evaluate("test"));
    await run.close();
    await again.close();
  });

  it.each([
    ["backprop", backprop()],
    ["feedback alignment", feedbackAlignment()],
    ["r-stdp", rStdp({ trace: 3 })],
    ["dll", dll({ errorLimit: 10 })],
    ["ccl", ccl()],
  ])("are learned by %s, which has nothing to recall", async (_, rule) => {
    const run = await train({ ...small, epochs: 1, data: await bars(), rule });
    expect((await run.predict(one(0))).familiarity).toBeNull();
    await expect(run.recall("bar 0")).rejects.toThrow("trains perception alone; train with bsd()");
    await run.close();
  });
});

describe("images under an autoencoder", () => {
  it("are reconstructed, and drawn anew", async () => {
    const net = autoencoder([16], { kind: "mlp", latent: 12, steps: 4 });
    const run = await train({ data: await bars(), net, epochs: 3, batch: 24, threads: 1 });
    expect(run.problem).toBe("autoencode");
    const { image, latent } = await run.predict(one(0));
    expect(image.pixels).toHaveLength(64);
    expect(latent).toHaveLength(4 * 12);
    expect((await run.predict(pictures))[0]).toEqual({ image, latent });
    expect(await run.reconstruct(one(0))).toEqual(image);
    const again = await load(run.bytes(), { problem: "autoencode" });
    expect(await again.predict(one(0))).toEqual({ image, latent });
    const { mse, images: count } = await run.evaluate();
    expect(mse).toBeGreaterThan(0);
    expect(count).toBe(40);
    expect(run.history[2]!.validation.perceptionMse).toBeGreaterThan(0);
    const drawn = await run.generate({ label: "bar 2", count: 2, seed: 3 });
    expect(drawn).toHaveLength(2);
    expect(await run.generate({ label: "bar 2", seed: 3 })).toEqual(drawn.slice(0, 1));
    await run.close();
    await again.close();
  });

  it("need no labels", async () => {
    const shown = Array.from({ length: 40 }, (_, i) => canvas(digits.train.images.subarray(64 * i, 64 * (i + 1))));
    const data = await images(shown);
    await expect(train({ ...small, data })).rejects.toThrow("expected images with labels");
    const run = await train({ data, net: autoencoder([8], { kind: "mlp", latent: 4 }), epochs: 1, threads: 1 });
    expect((await run.reconstruct(shown[0]!)).pixels).toHaveLength(64);
    await run.close();
  });
});

describe("a text", () => {
  it("is gone on with", async () => {
    const run = await train({
      data: await words(),
      net: recurrent([32]),
      epochs: 40,
      batch: 16,
      learningRate: 0.02,
      threads: 1,
    });
    expect([run.problem, run.kind]).toEqual(["sequence", "text"]);
    const { accuracy } = await run.evaluate();
    expect(accuracy).toBeGreaterThan(0.5);
    const said = await run.predict("abba ca");
    expect(said.next).toBe("b");
    expect(said.scores.b).toBe(said.confidence);
    expect(await run.predict(["abba ca", "back"])).toEqual([said, await run.predict("back")]);
    const drawn = await run.generate({ prompt: "abba ", length: 20, seed: 2 });
    expect(drawn).toMatch(/^[abck ]{20}$/);
    const again = await load(run.bytes());
    expect(
      again.problem === "sequence" &&
        again.kind === "text" &&
        (await again.generate({ prompt: "abba ", length: 20, seed: 2 })),
    ).toBe(drawn);
    await expect(run.predict("xyz")).rejects.toThrow(/predict: line 1, column 1: "x"/);
    expect(
      (await run.evaluate(await text({ content: smallText(60) }, { window: 8, trainPart: 0, validation: 0 })))
        .positions,
    ).toBeGreaterThan(100);
    await run.close();
    await again.close();
  });

  it("comes from a file, where a loaded run finds it again", async () => {
    const file = join(newFolder(), "words.txt");
    writeFileSync(file, smallText());
    const run = await train({
      data: await text(file, { window: 8 }),
      net: recurrent([16]),
      rule: backprop(),
      epochs: 1,
      threads: 1,
    });
    const out = join(newFolder(), "run");
    await run.save(out);
    const again = await load(out);
    expect(await again.evaluate()).toEqual(await run.evaluate());
    await run.close();
    await again.close();
  });
});

describe("a series", () => {
  it("is forecast in its own units", async () => {
    const run = await train({ data: await waves(), net: recurrent([24]), epochs: 6, batch: 16, threads: 1 });
    expect([run.problem, run.kind]).toEqual(["sequence", "series"]);
    expect([run.inputs, run.targets]).toEqual([["a", "b"], ["b"]]);
    const said = await run.predict(rows.slice(0, 30));
    expect(Object.keys(said.values)).toEqual(["b"]);
    expect(Math.abs(said.values.b! - rows[31]![1]!)).toBeLessThan(0.7);
    expect(await run.predict(rows.slice(0, 30).map(([a = 0, b = 0]) => ({ a, b })))).toEqual(said);
    const { mse } = await run.evaluate();
    expect(mse).toBeLessThan(0.7);
    const { predicted, truth, rows: places } = await run.forecast();
    expect(places[0]).toBe(162);
    expect(truth[0]).toBeCloseTo(rows[162]![1]!, 5);
    expect(predicted.length - truth.length).toBe(2);
    const again = await load(run.bytes());
    expect(again.problem === "sequence" && again.kind === "series" && (await again.predict(rows.slice(0, 30)))).toEqual(
      said,
    );
    await run.close();
    await again.close();
  });

  it("comes from a file, by a rule on units that do not spike", async () => {
    const file = join(newFolder(), "small.csv");
    writeFileSync(file, smallSeries());
    const data = await series(file, { task: "regression", window: 8 });
    const run = await train({
      data,
      net: recurrent([16]),
      rule: dll({ temporalFeedback: true }),
      epochs: 1,
      threads: 1,
    });
    expect(run.config.name).toBe("small-dll");
    expect(Object.keys((await run.predict([[1, 2]])).values)).toEqual(["OT"]);
    await run.close();
  });
});

describe("training", () => {
  it("stops at a signal, and goes on to the same bytes", async () => {
    const whole = await train({ ...small, data: await bars() });
    const controller = new AbortController();
    const part = await train({
      ...small,
      data: await bars(),
      signal: controller.signal,
      onStep: ({ step }) => step === 7 && controller.abort(),
    });
    expect(part.finished).toBe(false);
    expect(part.history).toHaveLength(1);
    const rest = await train({ ...small, data: await bars(), resume: part.bytes("last") });
    expect(rest.bytes("last")).toEqual(whole.bytes("last"));
    const before = train({ ...small, data: await bars(), signal: AbortSignal.abort(new Error("not now")) });
    await expect(before).rejects.toThrow("not now");
    for (const run of [whole, part, rest]) await run.close();
  });

  it("gives the same bytes for any number of threads", async () => {
    const [one, two] = [
      await train({ ...small, epochs: 1, data: await bars() }),
      await train({ ...small, epochs: 1, data: await bars(), threads: 2 }),
    ];
    expect(two.bytes("last")).toEqual(one.bytes("last"));
    for (const run of [one, two]) await run.close();
  });
});

describe("what is wrong is said", () => {
  const wrong = async (options: object) =>
    train({ ...small, data: await bars(), ...options } as unknown as TrainOptions<
      Awaited<ReturnType<typeof bars>>,
      ReturnType<typeof mlp>
    >);

  it.each([
    [
      "a net for other data",
      { net: recurrent([8]) },
      "net: expected mlp, cnn or autoencoder for images, got recurrent",
    ],
    ["an option out of range", { batch: 0 }, "train.batch: expected an integer from 1 to 65536, got the number 0"],
    [
      "an option there is none",
      { rule: bsd({ lamda: 3 } as object) },
      "unknown key rule.lamda (did you mean rule.lambda?)",
    ],
    [
      "a rule of images for a text",
      { data: words, net: recurrent([8]), rule: feedbackAlignment() },
      "rule.name: expected one of bsd, backprop",
    ],
    ["a rule nobody registered", { rule: "nothing" }, "rule.name: expected one of"],
  ])("%s", async (_, options, message) => {
    const data = "data" in options ? { data: await options.data() } : {};
    await expect(wrong({ ...options, ...data })).rejects.toThrow(message);
  });

  it("images, labels, rows and files that do not fit", async () => {
    const run = await train({ ...small, epochs: 1, data: await bars() });
    await expect(run.predict(new Uint8Array(63))).rejects.toThrow("expected an image of 8x8x1");
    await expect(run.predict([2, ...Array<number>(63).fill(0)])).rejects.toThrow("expected a number from 0 to 1");
    await expect(run.recall("bar 9")).rejects.toThrow("recall: expected one of bar 0, bar 1, bar 2, bar 3, got bar 9");
    const others = await images({ shape, train: digits.train });
    expect((await run.evaluate(others)).images).toBe(120);
    await expect(
      run.evaluate(await images({ shape: { height: 4, width: 16, channels: 1 }, train: digits.train })),
    ).rejects.toThrow("was trained on 8x8x1 in 4 classes");
    const folder = newFolder();
    await expect(load(folder)).rejects.toThrow("holds no checkpoint");
    await expect(load(new Uint8Array(100))).rejects.toThrow("checkpoint");
    await expect(load(run.bytes(), { problem: "autoencode" })).rejects.toThrow(
      "expected a checkpoint of problem autoencode, got one of classify",
    );
    const loaded = await load(run.bytes());
    expect(() => loaded.bytes("last")).toThrow("holds no checkpoint to go on from");
    await expect(images("no-such-folder")).rejects.toThrow("no-such-folder");
    await expect(images([])).rejects.toThrow("expected a picture or more");
    await expect(series({ rows: [[1, 2], [3]] })).rejects.toThrow("row 1: expected 2 values");
    await loaded.close();
    await run.close();
  });
});

it("a saved run is one that the commands take", async () => {
  const run = await train({ ...small, data: await images(writeSmallDigits(newFolder())) });
  const folder = join(newFolder(), "run");
  await run.save(folder);
  const { stdout, code } = await runHere(["eval", folder, "--json"], folder);
  expect(code).toBe(0);
  expect(JSON.parse(stdout).accuracy).toBe((await run.evaluate()).accuracy);
  await run.close();
});

/** Grey bytes as a canvas has them. */
function canvas(grey: Uint8Array) {
  const data = Uint8ClampedArray.from({ length: 256 }, (_, i) => (i % 4 === 3 ? 255 : grey[i >> 2]!));
  return { width: 8, height: 8, data };
}

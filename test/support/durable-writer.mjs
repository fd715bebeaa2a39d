/**
 * Child of the kill test: replaces a file over and over, now with version A, now with B.
 * Arguments: the compiled durable module, the target, bytes of a version.
 */
import { createHash } from "node:crypto";
import { pathToFileURL } from "node:url";

const [modulePath = "", target = "", size = "0"] = process.argv.slice(2);
const { writeDurably } = await import(pathToFileURL(modulePath).href);

/** A version is the SHA-256 of its body, then the body: one letter over and over. @param {string} letter */
function version(letter) {
  const body = Buffer.alloc(Number(size), letter);
  return Buffer.concat([createHash("sha256").update(body).digest(), body]);
}

const versions = [version("A"), version("B")];
process.stdout.write("ready\n");
for (let turn = 0; ; turn++) writeDurably(target, versions[turn % 2]);

/** Prints "N passed, N failed" from vitest's JSON report; fails where there is no report or no test ran. */
// @ts-check
import { readFileSync } from "node:fs";

const file = process.argv[2] ?? "build/test-results.json";
try {
  const report = JSON.parse(readFileSync(file, "utf8"));
  // A file that does not load has no tests, but it failed.
  const failed =
    report.numFailedTests ||
    report.testResults.filter((/** @type {{ status: string }} */ result) => result.status === "failed").length;
  const skipped = report.numPendingTests + report.numTodoTests;
  console.log(`${report.numPassedTests} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`);
  if (failed > 0 || report.numPassedTests === 0) process.exitCode = 1;
} catch (error) {
  console.error(`no test report at ${file}: ${error instanceof Error ? error.message : error}`);
  console.log("0 passed, 1 failed");
  process.exitCode = 1;
}

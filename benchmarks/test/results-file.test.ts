import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { begin, readResults, resume, writeResults } from "../results-file.ts";
import { busy, resultOf, runOf } from "./support/results.ts";

const folder = mkdtempSync(join(tmpdir(), "sock-bench-"));
afterAll(() => rmSync(folder, { recursive: true }));
const { machine, method } = runOf();

test("what was written is read, and nothing else is left", () => {
  const file = join(folder, "inner/a.json");
  const results = runOf(resultOf([busy("sock", 1.234_567_89, 2)]));
  writeResults(file, results);
  expect(readResults(file).results[0]?.contestants[0]?.rounds).toEqual([1.23457, 2]);
  expect(readdirSync(join(folder, "inner"))).toEqual(["a.json"]);
});

test("another file is refused", () => {
  const file = join(folder, "b.json");
  writeFileSync(file, "{}");
  expect(() => readResults(file)).toThrow("holds no results of version 1");
});

test("a run that was broken off is gone on with, and what failed is tried again", () => {
  const file = join(folder, "c.json");
  const results = begin(machine, method);
  results.results.push(resultOf([busy("sock", 1)]));
  results.failed.push({ name: "engine: x", because: "it broke" });
  writeResults(file, results);
  const resumed = resume(file, machine, method);
  expect(resumed.results).toHaveLength(1);
  expect(resumed.failed).toEqual([]);
});

test("a run that has ended, or was of something else, is not", () => {
  const file = join(folder, "d.json");
  const results = begin(machine, method);
  results.results.push(resultOf([busy("sock", 1)]));
  writeResults(file, results);
  expect(resume(file, { ...machine, commit: "def5678" }, method).results).toEqual([]);
  expect(resume(file, machine, { ...method, rounds: 3 }).results).toEqual([]);
  writeResults(file, { ...results, ended: "2026-01-02T03:04:05.000Z" });
  expect(resume(file, machine, method).results).toEqual([]);
  expect(resume(join(folder, "none.json"), machine, method).results).toEqual([]);
});

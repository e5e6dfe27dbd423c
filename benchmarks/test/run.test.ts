import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { readResults } from "../results-file.ts";

const execute = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "sock-bench-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What `bench <args>` prints. */
async function bench(...args: string[]): Promise<string> {
  const command = ["--conditions=@sock/source", join(import.meta.dirname, "../run.ts"), ...args];
  const { stdout } = await execute(process.execPath, command, { timeout: 60_000 });
  return stdout;
}

describe("bench", () => {
  test("measures a row, says so, and keeps every round", { timeout: 60_000 }, async () => {
    const json = join(folder, "row.json");
    const printed = await bench(
      "engine",
      "--quick",
      "--only",
      "frame 64 B × 16",
      "--rounds",
      "2",
      "--json",
      json,
    );
    expect(printed).toMatch(/\[1\/1\] engine: frame 64 B × 16\n {4}sock [\d,]+\/s .* ratio /);
    const { results, machine, ended } = readResults(json);
    expect(ended).toBeDefined();
    expect(machine.node).toBe(process.version);
    expect(results[0]?.contestants.map(({ name, rounds }) => [name, rounds.length])).toEqual([
      ["sock", 2],
      ["net", 2],
    ]);
    expect(await bench("compare", json, json)).toContain("with too few rounds to tell");
  });

  test("lists what there is", async () => {
    const printed = await bench("list");
    expect(printed).toContain("engine: messages a second");
    expect(printed).toContain("    http × 1 (quick, has a limit)");
  });

  test("refuses what means nothing with a sentence and exit code 2", async () => {
    await expect(bench("motor")).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no suite "motor"'),
    });
  });
});

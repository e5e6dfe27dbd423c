import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { drawCodecs, drawRatios } from "../report/charts.ts";
import { describeRow, describeValue } from "../report/line.ts";
import { fill } from "../report/markers.ts";
import { sections } from "../report/sections.ts";
import { table } from "../report/table.ts";
import { busy, halfIdle, resultOf, runOf, times } from "./support/results.ts";

describe("places in a page", () => {
  const page = "# Title\n<!-- bench:one -->\nold\n<!-- /bench:one -->\nrest\n";

  test("are filled, and nothing around them is touched", () => {
    const filled = "# Title\n<!-- bench:one -->\n\nnew\n\n<!-- /bench:one -->\nrest\n";
    expect(fill(page, { one: "new" })).toBe(filled);
    expect(fill(filled, { one: "new" })).toBe(filled);
  });

  test("need a section and an end", () => {
    expect(() => fill(page, {})).toThrow('nothing is called "one"');
    expect(() => fill("<!-- bench:one --> and no end", { one: "" })).toThrow(
      "1 places begin, and 0 of them end",
    );
  });

  test("of our pages all have a section", () => {
    const root = join(import.meta.dirname, "../..");
    const named = sections(runOf(), "results.json");
    for (const page of ["README.md", "docs/explain/benchmarks.md"]) {
      const text = readFileSync(join(root, page), "utf8");
      expect(text).toContain("<!-- bench:");
      expect(() => fill(text, named)).not.toThrow();
    }
  });
});

test("a table has columns as wide as their widest cell", () => {
  expect(table(["a", "ratio"], [["long one", "1 | 2"]])).toBe(
    ["| a        | ratio  |", "| -------- | ------ |", "| long one | 1 \\| 2 |"].join("\n"),
  );
});

test("values have as many digits as they are worth, and their unit", () => {
  expect(describeValue(81_234.4, "/s")).toBe("81,234/s");
  expect(describeValue(1234.5, "ns")).toBe("1,235 ns");
  expect(describeValue(12.34, "µs")).toBe("12.3 µs");
  expect(describeValue(1.234, "KiB")).toBe("1.23 KiB");
});

describe("a row", () => {
  test("is said with its ratio, its limit and the CPU time of both sides", () => {
    const row = describeRow([
      resultOf([busy("sock", ...times(10, 90)), busy("net", ...times(10, 100))], {
        limits: { net: { atLeast: 0.95, issue: 5 } },
      }),
    ]);
    expect(row.split("\n")).toEqual([
      "engine: frame 64 B × 1",
      "    sock 90/s (server 100 %, load 50 %)  net 100/s (server 100 %, load 50 %)  ratio 0.90 [0.90..0.90]  at least 0.95: missed",
    ]);
  });

  test("is marked when a server had time to idle, and its ratio is that of CPU time", () => {
    const row = describeRow([resultOf([halfIdle("sock", 0.5, 50), busy("net", 100)])]);
    expect(row).toContain("ratio 1.00 [1.00..1.00] by CPU time  client-bound");
  });

  test("of a codec is one line, time and memory together", () => {
    const alone = (metric: string, unit: "ns" | "B", value: number) =>
      resultOf([{ name: "sock", rounds: [value] }], { metric, unit });
    const row = describeRow([
      alone("input", "ns", 20),
      alone("input, allocated", "B", 0),
      alone("decode", "ns", 100),
    ]);
    expect(row).toContain("    input 20.0 ns 0.00 B  decode 100 ns");
  });
});

describe("a report", () => {
  const run = runOf(
    resultOf([busy("sock", ...times(10, 90)), busy("net", ...times(10, 100))], {
      absent: [{ name: "bun", because: "not on the PATH" }],
    }),
    resultOf([busy("sock", ...times(10, 700)), busy("ws", ...times(10, 100))], {
      row: "websocket binary 64 B × 16",
    }),
    resultOf([{ name: "sock", rounds: times(10, 38) }], {
      suite: "codec",
      row: "text, 256 B",
      metric: "loop",
      unit: "ns",
      better: "less",
    }),
  );
  const named = sections(run, "benchmarks/results/full.json");

  test("says where and how it was measured, and where every round is", () => {
    expect(named.machine).toContain("Node v26.10.0, 2 × a CPU, linux 6, abc1234");
    expect(named.machine).toContain("servers on core 0, load on core 1");
    expect(named.machine).toContain("[`benchmarks/results/full.json`](/benchmarks/results/full.json)");
  });

  test("says so when it was only a look", () => {
    const look = { ...run, method: { ...run.method, rounds: 3 } };
    expect(named.machine).not.toContain("short look");
    expect(sections(look, "x").machine).toContain("short look");
  });

  test("says where we lose, and only there", () => {
    expect(named.losses).toContain("engine: frame 64 B × 1");
    expect(named.losses).not.toContain("websocket");
    expect(sections(runOf(), "x").losses).toBe("Nowhere in this run.");
  });

  test("names who was absent, and why", () => {
    expect(named.absent).toBe("- bun: not on the PATH (1 rows)");
  });

  test("has a chart of ratios and one of codecs", async () => {
    const ratios = await drawRatios(run);
    expect(ratios).toMatch(/^<svg /);
    expect(ratios).toContain("frame 64 B × 1");
    expect(ratios).toContain("websocket binary 64 B × 16");
    expect(await drawCodecs(run)).toContain(">text</text>");
  });

  test("is the same for the same run", async () => {
    expect(await drawRatios(run)).toBe(await drawRatios(run));
  });
});

import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { spread } from "../method/statistics.ts";
import { oursIn, type Result, ratiosTo } from "../result.ts";
import type { Results } from "../results-file.ts";
import { peersIn } from "./line.ts";

const WIDTH = 480;

/** How ours stands beside the others: each ratio with its quartiles, above 1 where ours does better. */
export function drawRatios({ results }: Results): Promise<string> {
  const values = results.filter(isInChart).flatMap((result) =>
    peersIn(result).map((other) => {
      const { values } = ratiosTo(other, result);
      const { median, q1, q3 } = spread(result.better === "more" ? values : values.map((value) => 1 / value));
      return { row: titleOf(result), other: other.name, median, q1, q3 };
    }),
  );
  const row = { field: "row", type: "nominal" as const, sort: null, title: null };
  const color = { field: "other", type: "nominal" as const, title: "beside" };
  return draw({
    data: { values },
    width: WIDTH,
    height: { step: 17 },
    layer: [
      { mark: { type: "rule", color: "#888" }, encoding: { x: { datum: 1 } } },
      {
        mark: { type: "rule", strokeWidth: 2, opacity: 0.6 },
        encoding: { y: row, x: { field: "q1", type: "quantitative" }, x2: { field: "q3" }, color },
      },
      {
        mark: { type: "point", filled: true, size: 60 },
        encoding: {
          y: row,
          x: {
            field: "median",
            type: "quantitative",
            scale: { type: "log", base: 2 },
            axis: { format: ".3~g" },
            title: "times as good as the other, log scale (right of 1: ours is better)",
          },
          color,
        },
      },
    ],
  });
}

/** How the cost of a message grows with its size. */
export function drawCodecs({ results }: Results): Promise<string> {
  const values = results
    .filter(({ suite, metric }) => suite === "codec" && metric === "loop")
    .flatMap((result) => {
      const [, name, digits, unit] = /^(.*), (\d+) (B|KiB|MiB)$/.exec(result.row) ?? [];
      if (name === undefined) return [];
      const size = Number(digits) * { B: 1, KiB: 1024, MiB: 1024 ** 2 }[unit as "B" | "KiB" | "MiB"];
      return [{ name, size, nanoseconds: spread(oursIn(result).rounds).median }];
    });
  return draw({
    data: { values },
    width: WIDTH,
    height: 320,
    mark: { type: "line", point: true },
    encoding: {
      x: {
        field: "size",
        type: "quantitative",
        scale: { type: "log", base: 2, domain: [16, 1_048_576] },
        axis: {
          values: [16, 256, 4096, 65_536, 1_048_576],
          labelExpr:
            "datum.value < 1024 ? datum.value + ' B' : datum.value < 1048576 ? datum.value / 1024 + ' KiB' : '1 MiB'",
        },
        title: "a message, log scale",
      },
      y: {
        field: "nanoseconds",
        type: "quantitative",
        scale: { type: "log" },
        axis: { format: ".3~s" },
        title: "ns a message, there and back, log scale",
      },
      color: { field: "name", type: "nominal", title: null },
    },
  });
}

function isInChart({ suite, metric }: Result): boolean {
  return suite !== "codec" && suite !== "timers" && (suite !== "latency" || metric !== "p99.9");
}

function titleOf({ suite, row, metric }: Result): string {
  const what = suite === "engine" ? row : `${suite}: ${row}`;
  return metric === "" ? what : `${what}, ${metric}`;
}

function draw(spec: object): Promise<string> {
  // Its types are a union of all charts there are: too deep to be of help.
  const lite = { background: "white", ...spec, config: CONFIG } as unknown as TopLevelSpec;
  return new View(parse(compile(lite).spec), { renderer: "none" }).toSVG();
}

const CONFIG = {
  axis: { labelLimit: 420, labelFontSize: 11 },
  view: { stroke: "#ddd" },
  legend: { orient: "bottom", columns: 3, labelLimit: 220 },
};

import { readFileSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { drawCodecs, drawRatios } from "../report/charts.ts";
import { fill } from "../report/markers.ts";
import { sections } from "../report/sections.ts";
import { readResults } from "../results-file.ts";

const root = resolve(import.meta.dirname, "../..");
/** Where the charts are. */
const charts = join(root, "docs/explain");
/** Pages with places to be filled. */
const pages = ["README.md", "docs/explain/benchmarks.md"];

/** Draws charts and fills tables from what was measured: none of it is typed by hand. */
export async function report(file: string): Promise<void> {
  const results = readResults(file);
  writeFileSync(join(charts, "benchmarks-ratios.svg"), `${await drawRatios(results)}\n`);
  writeFileSync(join(charts, "benchmarks-codecs.svg"), `${await drawCodecs(results)}\n`);
  const named = sections(results, relative(root, resolve(file)));
  for (const page of pages) {
    const path = join(root, page);
    writeFileSync(path, fill(readFileSync(path, "utf8"), named));
    console.log(`${page} is filled`);
  }
}

import { readFileSync } from "node:fs";
import { defineConfig } from "tsup";

// One config for every package, run in its folder: the `exports` there say what is built.
// The declarations are made by tsc, as tsup cannot with TypeScript 7.
type Target = string | { "@sock/source": string };
const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as { exports: Record<string, Target> };

export default defineConfig({
  entry: Object.values(exports).flatMap((target) =>
    typeof target === "string" ? [] : target["@sock/source"],
  ),
  format: "esm",
  target: "node20.19",
  sourcemap: true,
  clean: true,
  silent: true,
});

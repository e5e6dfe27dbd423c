import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { settle } from "../src/connection/options.ts";
import { raw } from "../src/index.ts";

const root = join(import.meta.dirname, "../../..");
const defaults = settle<never, never, never, unknown>({ codec: raw() as never });

/** What the table on `page` says is the default of `option`. */
function told(page: string, option: string): string | undefined {
  const row = readFileSync(join(root, page), "utf8")
    .split("\n")
    .find((line) => line.startsWith(`| \`${option}\``));
  return row?.split("|")[2]?.trim();
}

test.each([
  ["maxPackageSize", `${defaults.maxPackageSize / 2 ** 20} MiB`],
  ["maxSendBufferSize", `${defaults.maxSendBufferSize / 2 ** 20} MiB`],
  ["writeTimeout", defaults.writeTimeout],
  ["closeTimeout", defaults.closeTimeout],
  ["lingerTimeout", defaults.lingerTimeout],
])("the pages say what is the default of %s", (option, value) => {
  const [ms, seconds] =
    typeof value === "number" ? [value.toLocaleString("en"), `${value / 1000} s`] : [value, value];
  expect(told("docs/guide/limits.md", option)).toBe(ms);
  expect(told("packages/core/README.md", option)).toBe(seconds);
});

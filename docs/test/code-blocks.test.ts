import { execFile } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

// What a reader sees in the docs is what runs. A block of ```ts is one of
//   - a file of this repository, whole, when its first line is `// docs/examples/echo.ts` or another path;
//   - a part of a file, when its first line is `// from <path>`;
//   - a program of its own, type-checked and run in docs/ with a time limit;
//   - only type-checked, when it is fenced as ```ts no-run.

const run = promisify(execFile);
const docs = resolve(import.meta.dirname, "..");
const root = resolve(docs, "..");
const scratch = mkdtempSync(join(docs, ".code-blocks-"));

type Block = { page: string; line: number; info: string; code: string };

const pages = globSync(["README.md", "{packages/*,benchmarks}/README.md", "docs/{guide,explain}/**/*.md"], {
  cwd: root,
}).sort();
const blocks = pages.flatMap(blocksOf);
const quotes = blocks.filter(({ code }) => quotedPath(code));
const programs = blocks.filter(({ code }) => !quotedPath(code));
const runnable = programs.filter(({ info }) => info === "ts");

beforeAll(() => {
  for (const block of programs) {
    // As many lines before it as on its page, so that errors name the page's line.
    writeFileSync(join(scratch, fileOf(block)), "\n".repeat(block.line) + block.code);
  }
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test("code is fenced as ```ts or ```ts no-run", () => {
  const isKnown = ({ info }: Block) => info === "ts" || info === "ts no-run";
  expect(blocks.filter((block) => !isKnown(block)).map(nameOf)).toEqual([]);
});

test.each(quotes.map((block) => [nameOf(block), block] as const))(
  "%s is the file it names",
  (_, { code }) => {
    const { path, isPart } = quotedPath(code)!;
    const file = readFileSync(join(root, path), "utf8");
    const quoted = code.slice(code.indexOf("\n") + 1);
    if (isPart) expect(withoutIndent(file)).toContain(withoutIndent(quoted));
    else expect(quoted.trim()).toBe(file.replace(`// ${path}\n`, "").trim());
  },
);

test.runIf(programs.length > 0)("every program type-checks", async () => {
  const config = { extends: "../../tsconfig.json", include: ["*.ts"] };
  writeFileSync(join(scratch, "tsconfig.json"), JSON.stringify(config));
  const tsc = join(root, "node_modules/.bin/tsc");
  const errors = await run(tsc, ["--project", scratch], { cwd: scratch }).then(
    () => "",
    (failed) => failed.stdout || String(failed),
  );
  expect(errors).toBe("");
});

test.each(runnable.map((block) => [nameOf(block), block] as const))("%s runs", async (_, block) => {
  const args = ["--conditions=@sock/source", join(scratch, fileOf(block))];
  await run(process.execPath, args, { cwd: docs, timeout: 10_000 });
});

function blocksOf(page: string): Block[] {
  const text = readFileSync(join(root, page), "utf8");
  return Array.from(
    text.matchAll(/^```((?:ts|typescript|js|javascript|mjs)\b.*)\n([\s\S]*?)^```$/gm),
    (match) => ({
      page,
      line: text.slice(0, match.index).split("\n").length,
      info: match[1]!.trim(),
      code: match[2]!,
    }),
  );
}

/** The file that a block's first line says it shows. */
function quotedPath(code: string): { path: string; isPart: boolean } | undefined {
  const match = /^\/\/ (from )?(\S+\/\S+\.\w+)$/m.exec(code.slice(0, code.indexOf("\n")));
  return match ? { path: match[2]!, isPart: match[1] !== undefined } : undefined;
}

function nameOf({ page, line }: Block): string {
  return `${page}:${line}`;
}

function fileOf({ page, line }: Block): string {
  return `${page.replaceAll("/", "-")}.${line}.ts`;
}

function withoutIndent(code: string): string {
  return code.replace(/^[ \t]+/gm, "").trim();
}

// Packs every published package, installs the tarballs in an empty folder, and uses them there: with the pinned
// Node and with the one this machine has. One line per check, then `N passed, N failed`. Run `build` before.
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

type Manifest = { name: string; private?: boolean; exports: Record<string, unknown> };

const root = join(import.meta.dirname, "..");
const bin = join(root, "node_modules/.bin");
const place = mkdtempSync(join(tmpdir(), "sock-packages-"));
let passed = 0;
let failed = 0;

try {
  checkAll();
} finally {
  rmSync(place, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function checkAll(): void {
  const manifests = publishedManifests();
  const tarballs = new Map<string, string>();
  for (const [folder, { name }] of manifests) {
    const tarball = pack(folder, name);
    if (tarball) tarballs.set(name, tarball);
  }
  for (const [name, tarball] of tarballs) {
    check(`publint ${name}`, join(bin, "publint"), ["run", "--strict", tarball]);
    check(`attw ${name}`, join(bin, "attw"), [tarball, "--profile", "esm-only", "--no-emoji"]);
  }

  if (!install(tarballs)) return;
  const specifiers = [...manifests.values()].flatMap(specifiersOf);
  checkDeclarations(specifiers);
  for (const node of nodes()) {
    for (const specifier of specifiers) checkImport(node, specifier);
    for (const file of readdirSync(join(root, "scripts/packed"))) {
      check(`${node.version} runs ${file}`, node.path, [file]);
    }
  }
}

function publishedManifests(): Map<string, Manifest> {
  const manifests = new Map<string, Manifest>();
  for (const name of readdirSync(join(root, "packages"))) {
    const folder = join(root, "packages", name);
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
    if (!manifest.private) manifests.set(folder, manifest);
  }
  return manifests;
}

function pack(folder: string, name: string): string | undefined {
  const output = check(`pack ${name}`, "pnpm", ["pack", "--json", "--pack-destination", place], folder);
  return output && join(place, (JSON.parse(output) as { filename: string }).filename.split("/").at(-1)!);
}

function install(tarballs: Map<string, string>): boolean {
  const dependencies = Object.fromEntries([...tarballs].map(([name, tarball]) => [name, `file:${tarball}`]));
  writeFileSync(
    join(place, "package.json"),
    JSON.stringify({ type: "module", dependencies, overrides: dependencies }),
  );
  // No @sock package may come from anywhere but its tarball: nothing listens there.
  writeFileSync(join(place, ".npmrc"), "@sock:registry=http://127.0.0.1:9/\n");
  cpSync(join(root, "scripts/packed"), place, { recursive: true });
  return check("install the tarballs", "npm", ["install", "--no-audit", "--no-fund"]) !== undefined;
}

/** The declarations as a strict user sees them, their insides included. */
function checkDeclarations(specifiers: string[]): void {
  writeFileSync(join(place, "types.ts"), specifiers.map((specifier) => `import "${specifier}";\n`).join(""));
  const types = ["--types", "node", "--typeRoots", join(root, "node_modules/@types")];
  const strict = ["--strict", "--exactOptionalPropertyTypes", "--skipLibCheck", "false"];
  const modern = ["--module", "nodenext", "--target", "es2023", "--noEmit"];
  check("declarations compile", join(bin, "tsc"), [
    "types.ts",
    "--ignoreConfig",
    ...types,
    ...strict,
    ...modern,
  ]);
}

function checkImport(node: { path: string; version: string }, specifier: string): void {
  const use = `
    import { createRequire } from "node:module";
    const imported = Object.keys(await import("${specifier}"));
    const required = Object.keys(createRequire(process.cwd() + "/x.js")("${specifier}"));
    for (const name of imported) if (!required.includes(name)) throw new Error("require() lacks " + name);`;
  check(`${node.version} imports and requires ${specifier}`, node.path, [
    "--input-type=module",
    "--eval",
    use,
  ]);
}

/** The pinned Node, and the first on the PATH that does not belong to this workspace. */
function nodes(): { path: string; version: string }[] {
  const own = (process.env.PATH ?? "").split(delimiter).filter((folder) => !folder.includes("node_modules"));
  const paths = [
    join(bin, "node"),
    ...own
      .map((folder) => join(folder, "node"))
      .filter(existsSync)
      .slice(0, 1),
  ];
  return paths.map((path) => ({
    path,
    version: `node ${spawnSync(path, ["--version"], { encoding: "utf8" }).stdout.trim()}`,
  }));
}

/** Runs a command and prints how it went. Its standard output, or `undefined` when it failed. */
function check(what: string, command: string, args: string[], cwd = place): string | undefined {
  mkdirSync(cwd, { recursive: true });
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    timeout: 120_000,
  });
  if (status === 0) {
    passed += 1;
    console.log(`ok   ${what}`);
    return stdout;
  }
  failed += 1;
  console.log(`FAIL ${what}\n${stdout}${stderr}${error ?? ""}`);
  return undefined;
}

function specifiersOf({ name, exports }: Manifest): string[] {
  return Object.keys(exports)
    .filter((path) => path !== "./package.json")
    .map((path) => name + path.slice(1));
}

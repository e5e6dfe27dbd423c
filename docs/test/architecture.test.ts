import { readdirSync, readFileSync } from "node:fs";
import { builtinModules, createRequire } from "node:module";
import { join, relative, resolve, sep } from "node:path";
import { describe, expect, test } from "vitest";

/** Which packages of this workspace each package may import. A new package gets its line here first. */
const mayImport: Record<string, string[]> = {
  codec: [],
  "codec-testkit": ["codec"],
  timer: [],
  core: ["codec", "timer"],
  "protocol-text": ["codec"],
  "protocol-frame": ["codec"],
  "protocol-http": ["codec"],
  "protocol-websocket": ["codec", "protocol-http"],
  cluster: ["core", "codec", "timer", "protocol-text"],
  "broker-nats": ["cluster"],
  "broker-redis": ["cluster"],
};

/** Modules of Node that one folder alone may import. */
const confined = {
  "node:net": "packages/core/src/transport/",
  "node:tls": "packages/core/src/transport/",
  "node:dgram": "packages/core/src/transport/",
  "node:child_process": "packages/cluster/src/process/",
};

/** Packages that someone else's dependencies may not reach. */
const free = /^(codec|timer|core|protocol-.*)$/;

type Manifest = {
  exports: Record<string, string | { "@sock/source": string }>;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
};

const root = resolve(import.meta.dirname, "../..");
const packages = readdirSync(join(root, "packages"));

describe.each(packages)("%s", (name) => {
  const folder = join(root, "packages", name);
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  const dependencies = { ...manifest.dependencies, ...manifest.peerDependencies };
  const imports = readdirSync(join(folder, "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => importsOf(join(folder, "src", file)));

  test("depends on what its place allows", () => {
    const allowed = mayImport[name]?.map((other) => `@sock/${other}`);
    const workspace = Object.keys(dependencies).filter((dependency) => dependency.startsWith("@sock/"));
    expect(allowed).toEqual(expect.arrayContaining(workspace));
  });

  test("imports only what it declares, and nothing from outside its sources", () => {
    const isDeclared = ({ file, from }: Import) => {
      if (from.startsWith(".")) return resolve(file, "..", from).startsWith(join(folder, "src") + sep);
      return from.startsWith("node:") || packageOf(from) in dependencies;
    };
    expect(imports.filter((found) => !isDeclared(found)).map(describeImport)).toEqual([]);
  });

  test("leaves sockets and processes to the folders that own them", () => {
    const isConfined = ({ file, from }: Import) => {
      const owner = confined[from as keyof typeof confined];
      return owner !== undefined && !relative(root, file).startsWith(owner);
    };
    expect(imports.filter(isConfined).map(describeImport)).toEqual([]);
  });

  test("leaves index.ts to its users", () => {
    const isIndex = ({ from }: Import) => from.startsWith(".") && from.endsWith("/index.ts");
    expect(imports.filter(isIndex).map(describeImport)).toEqual([]);
  });

  // `require()` of a module refuses a top-level await anywhere below it.
  test("can be required", () => {
    const require = createRequire(import.meta.url);
    for (const target of Object.values(manifest.exports)) {
      if (typeof target === "object") require(join(folder, target["@sock/source"]));
    }
  });

  if (free.test(name)) {
    test("has no dependency outside this workspace", () => {
      expect(Object.keys(dependencies).filter((dependency) => !dependency.startsWith("@sock/"))).toEqual([]);
    });
  }
});

type Import = { file: string; from: string };

function importsOf(file: string): Import[] {
  const code = readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  const found = code.matchAll(/(?:(?<!\.)\bfrom|\bimport\s*\(?|\brequire\s*\()\s*["']([^"']+)["']/g);
  return Array.from(found, ([, from = ""]) => ({
    file,
    from: builtinModules.includes(from) ? `node:${from}` : from,
  }));
}

/** `@sock/timer/manual` is a part of `@sock/timer`. */
function packageOf(specifier: string): string {
  const [scope = "", name] = specifier.split("/");
  return scope.startsWith("@") ? `${scope}/${name}` : scope;
}

function describeImport({ file, from }: Import): string {
  return `${relative(root, file)} imports ${from}`;
}

// `example <name> [argument…]` runs docs/examples/<name>.ts as if node had been started with it.
import { existsSync } from "node:fs";
import Module from "node:module";
import { fileURLToPath } from "node:url";

const [name] = process.argv.splice(2, 1);
const file = fileURLToPath(new URL(`../docs/examples/${name}.ts`, import.meta.url));

if (name && existsSync(file)) {
  process.argv[1] = file;
  Module.runMain();
} else {
  console.error(`no example ${name}: they are in docs/examples`);
  process.exitCode = 2;
}

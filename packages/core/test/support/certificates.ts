import { readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../certificates");

/** The path of a file that `certificates/make.sh` has made. */
export function certificateFile(name: string): string {
  return join(folder, name);
}

/** `"ca"`, `"localhost"`, … */
export function pem(name: string): string {
  return readFileSync(certificateFile(`${name}.pem`), "utf8");
}

/** A certificate with its key. */
export function certificate(name: string): { cert: string; key: string } {
  return { cert: pem(name), key: readFileSync(certificateFile(`${name}.key`), "utf8") };
}

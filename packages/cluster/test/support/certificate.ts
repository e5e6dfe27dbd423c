import { join } from "node:path";

const folder = join(import.meta.dirname, "../../../core/test/certificates");

/** The path of one of the engine's certificates for tests. */
export function certificate(name: string): string {
  return join(folder, name);
}

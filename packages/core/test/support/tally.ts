import { createHash } from "node:crypto";

/** Counts and hashes bytes, however they are cut. */
export class Tally {
  size = 0;
  readonly #hash = createHash("sha256");

  add(chunk: Uint8Array): void {
    this.size += chunk.length;
    this.#hash.update(chunk);
  }

  /** To be asked once. */
  digest(): string {
    return this.#hash.digest("hex");
  }
}

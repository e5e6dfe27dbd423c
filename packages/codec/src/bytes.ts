import { soonDropped } from "./soon-dropped.ts";

/** Text is sent as UTF-8. Several pieces are written back to back. */
export type Bytes = string | Uint8Array | readonly (string | Uint8Array)[];

/** How many bytes `bytes` takes on the wire. */
export function byteLength(bytes: Bytes): number {
  if (typeof bytes === "string") return Buffer.byteLength(bytes);
  if (bytes instanceof Uint8Array) return bytes.length;
  let total = 0;
  for (const piece of bytes) total += byteLength(piece);
  return total;
}

/** All pieces as one buffer. A lone `Uint8Array` is not copied: the result is a view of it. */
export function toBuffer(bytes: Bytes): Buffer {
  if (typeof bytes === "string") return soonDropped(Buffer.from(bytes));
  if (bytes instanceof Uint8Array) return asBuffer(bytes);
  return Buffer.concat(bytes.map(toBuffer));
}

/** The same memory, seen as a `Buffer`. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Whether `encode` answered with a stream, which is pulled piece by piece, instead of bytes. */
export function isStream(encoded: Bytes | AsyncIterable<Bytes>): encoded is AsyncIterable<Bytes> {
  return typeof encoded === "object" && Symbol.asyncIterator in encoded;
}

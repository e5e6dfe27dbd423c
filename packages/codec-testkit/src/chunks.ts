/**
 * Cuts `bytes` into chunks of the sizes given, again and again; without any, into one. That one is all of its memory;
 * the others stand in the midst of memory that is not theirs, as on a real connection.
 */
export function cut(bytes: Uint8Array, sizes: readonly number[] = []): Buffer[] {
  if (bytes.length === 0) return [];
  if (sizes.length === 0) return [Buffer.from(new Uint8Array(bytes).buffer)];
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = Math.max(1, sizes[chunks.length % sizes.length]!);
    chunks.push(amidst(bytes.subarray(at, at + size)));
    at += size;
  }
  return chunks;
}

/** Not zero, which might pass for an end, and no letter. */
const NOT_YOURS = 0xa5;

function amidst(bytes: Uint8Array): Buffer {
  const memory = Buffer.allocUnsafe(bytes.length + 2).fill(NOT_YOURS);
  memory.set(bytes, 1);
  return memory.subarray(1, -1);
}

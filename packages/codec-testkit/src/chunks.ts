/** Cuts `bytes` into chunks of the sizes given, again and again; without any, into one. Each is memory of its own. */
export function cut(bytes: Uint8Array, sizes: readonly number[] = []): Buffer[] {
  if (sizes.length === 0) return bytes.length === 0 ? [] : [Buffer.from(bytes)];
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = Math.max(1, sizes[chunks.length % sizes.length]!);
    chunks.push(Buffer.from(bytes.subarray(at, at + size)));
    at += size;
  }
  return chunks;
}
